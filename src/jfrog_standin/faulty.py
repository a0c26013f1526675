"""Plays the fault that was chosen for a request: the answer that comes late, broken, or not at all."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.faults import Fault, Params
from jfrog_standin.platform import platform_of
from jfrog_standin.system import ASLEEP_PATH, login_page

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FORGET_WRITE: web.RequestKey[bool] = web.RequestKey("forget_write")
"""Set on a request whose write of a custom issue is to be answered, and not made."""

LOOK_AGAIN_S = 0.1  # how often a hung request looks whether its client has left
BLOCK_BYTES = 2**20


async def play(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer one request with a fault."""
    match fault.kind:
        case "hung" | "drop_before" | "drop_after":
            return await _cut_off(fault, request, handler)
        case "status" | "login_page" | "redirect":
            return _instead(fault, request)
        case "gzip_bomb":
            return await _pour(request, _zeros_in_gzip(fault.params.megabytes), encoding="gzip")
        case "endless":
            return await _pour(request, _endless_json())
        case "slow":
            await asyncio.sleep(fault.params.delay_ms / 1_000)
        case "silent_drop":
            request[FORGET_WRITE] = True
    return _spoil(fault, request, await handler(request))


async def _cut_off(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """End the connection without an answer: before the handler, after it, or when the client gives up."""
    if fault.kind == "drop_after":
        await handler(request)
    if fault.kind == "hung":
        await _until_alone(request)
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


async def _until_alone(request: web.Request) -> None:
    stopping = platform_of(request).stopping
    while request.transport is not None and not stopping.is_set():
        try:
            await asyncio.wait_for(stopping.wait(), timeout=LOOK_AGAIN_S)
        except TimeoutError:
            continue


def _instead(fault: Fault, request: web.Request) -> web.StreamResponse:
    """Answer without asking the handler."""
    match fault.kind:
        case "login_page":
            return login_page()
        case "redirect":
            location = fault.params.location or platform_of(request).url + ASLEEP_PATH
            return web.Response(status=302, headers={"Location": location})
    return _status(fault.params, request.path)


def _status(params: Params, path: str) -> web.Response:
    service = errors.service_of(path)
    if params.status == 401:
        response = errors.unauthorized(service, "token").response()
    elif params.status == 403:
        response = errors.forbidden(service).response()
    else:
        response = errors.failure(service, params.status).response()
    if params.retry_after is not None:
        response.headers["Retry-After"] = str(params.retry_after)
    return response


def _spoil(fault: Fault, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Change what the handler answered; a streamed answer is left as it is."""
    if fault.kind == "clock_skew":
        moved = platform_of(request).clock.now() + timedelta(seconds=fault.params.seconds)
        response.headers["Date"] = format_datetime(moved, usegmt=True)
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    match fault.kind:
        case "truncated":
            response.body = response.body[: len(response.body) // 2]
        case "extra_fields" | "missing_fields" if response.content_type == "application/json":
            response.body = _drifted(fault, response.body)
    return response


def _drifted(fault: Fault, body: bytes) -> bytes:
    missing = frozenset(fault.params.fields)
    extra = {"x_standin_drift": {"since": "tomorrow"}} if fault.kind == "extra_fields" else {}

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: change(entry) for key, entry in value.items() if key not in missing} | extra
        return [change(entry) for entry in value] if isinstance(value, list) else value

    return msgspec.json.encode(change(msgspec.json.decode(body)))


async def _pour(request: web.Request, blocks: Iterator[bytes], *, encoding: str = "") -> web.StreamResponse:
    """Send blocks until the client has enough, the stand-in stops, or there are no more."""
    response = web.StreamResponse(headers={"Content-Encoding": encoding} if encoding else {})
    response.content_type = "application/json"
    stopping = platform_of(request).stopping
    try:
        await response.prepare(request)
        for block in blocks:
            if stopping.is_set():
                break
            await response.write(block)
            await asyncio.sleep(0)  # a client that reads fast must not keep the loop from others
    except ConnectionError:
        pass  # the client has closed: that is what a sensible one does
    return response


def _endless_json() -> Iterator[bytes]:
    yield b'{"data":"'
    while True:
        yield b"a" * BLOCK_BYTES


def _zeros_in_gzip(megabytes: int) -> Iterator[bytes]:
    """Compress one block once, and repeat it: after a full flush a block stands on its own."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    yield packer.compress(b"0" * BLOCK_BYTES) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"0" * BLOCK_BYTES) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(megabytes - 1):
        yield block
