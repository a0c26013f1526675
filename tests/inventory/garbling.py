"""A proxy before a stand-in that spoils answers by lot: wrong types, huge numbers, depth, doubled keys."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web

WRONG = (
    "null",
    "true",
    "-1",
    "1e308",
    "9" * 400,
    "1.5",
    '""',
    '"\\u0000"',
    '"\\ud800"',
    "\"=cmd|' /C calc'!A0\"",
    '"\\u001b[2J\\u202e"',
    '"\'; DROP TABLE assets; --"',
    json.dumps("x" * 100_000),
    "[]",
    "{}",
    "[[]]",
    '{"":{"":[null]}}',
    "[" * 500 + "]" * 500,
)
"""JSON that may stand where something else was."""

BROKEN = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"results":[{}]}',
    b"1" * 5_000,
)
"""Whole answers."""

DROPPED = frozenset({"content-length", "content-encoding", "transfer-encoding", "connection"})


def garbled(body: bytes, draw: random.Random) -> bytes:
    """Spoil an answer a little, or as a whole."""
    if draw.random() < 0.1:
        return draw.choice(BROKEN)
    return _written(json.loads(body), draw, draw.choice((0.005, 0.05))).encode()


def _written(value: Any, draw: random.Random, share: float) -> str:
    if draw.random() < share:
        return draw.choice(WRONG)
    if isinstance(value, list):
        return f"[{','.join(_written(each, draw, share) for each in value)}]"
    if isinstance(value, dict):
        return "{" + ",".join(_fields(value, draw, share)) + "}"
    return json.dumps(value)


def _fields(value: dict[str, Any], draw: random.Random, share: float) -> list[str]:
    """Leave some out, and have some twice."""
    fields = [f"{json.dumps(name)}:{_written(each, draw, share)}" for name, each in value.items()]
    kept = [each for each in fields if draw.random() >= share]
    return [*kept, *(each for each in fields if draw.random() < share)]


@asynccontextmanager
async def garbling(url: str, seed: int, *, share: float = 0.3) -> AsyncIterator[str]:
    """Stand before a platform and spoil a share of its JSON; gives the address."""
    draw = random.Random(seed)

    async def pass_on(request: web.Request) -> web.Response:
        async with client.request(
            request.method, f"{url}{request.raw_path}", data=await request.read(), headers=request.headers
        ) as answer:
            body, headers = await answer.read(), answer.headers
            if answer.content_type == "application/json" and body and draw.random() < share:
                body = garbled(body, draw)
            kept = {name: value for name, value in headers.items() if name.lower() not in DROPPED}
            return web.Response(status=answer.status, body=body, headers=kept)

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", pass_on)
    runner = web.AppRunner(app, access_log=None)
    async with ClientSession(timeout=ClientTimeout(total=60), auto_decompress=True) as client:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
