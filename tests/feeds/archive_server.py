"""A small server of an OSV archive on this machine, with faults that can be switched on by path."""

import asyncio
import csv
import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from aiohttp.test_utils import TestServer

from jfrog_standin.osv_records import Record, encoded, write_zip

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ArchiveServer:
    """Files by path, each with an ETag; `asked` lists the paths in the order of the requests."""

    def __init__(self) -> None:
        self.url = ""
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.asked: list[str] = []

    def publish(self, ecosystem: str, records: Iterable[Record], *, archive: bool = True) -> None:
        """Put records into one ecosystem, replacing what the list and the archive hold."""
        known = list(records)
        for each in known:
            self.files[f"{ecosystem}/{each['id']}.json"] = encoded(each)
        self.publish_list(ecosystem, ((each["modified"], each["id"]) for each in known))
        if archive:
            self.files[f"{ecosystem}/all.zip"] = zipped(known)

    def publish_list(self, ecosystem: str, rows: Iterable[tuple[str, str]]) -> None:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        self.files[f"{ecosystem}/modified_id.csv"] = text.getvalue().encode()

    def fail(self, path: str, fault: Fault, *, times: int = 1) -> None:
        self.faults.setdefault(path, []).extend([fault] * times)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.asked.append(path)
        if self.faults.get(path):
            return await self.faults[path].pop(0)(request)
        if path not in self.files:
            return web.Response(status=404)
        etag = f'"{hashlib.sha256(self.files[path]).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=self.files[path], headers={"ETag": etag})


@asynccontextmanager
async def archive_server() -> AsyncIterator[ArchiveServer]:
    archive = ArchiveServer()
    app = web.Application()
    app.router.add_get("/osv/{path:.*}", archive.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        archive.url = f"http://127.0.0.1:{server.port}/osv"
        yield archive


def zipped(records: Iterable[Record]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "all.zip"
        write_zip(path, records)
        return path.read_bytes()


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): text for name, text in headers.items()}


def status(code: int, **headers: str) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers=_named(headers))

    return fault


def body(data: bytes, **headers: str) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        return web.Response(body=data, headers=_named(headers))

    return fault


async def endless(request: web.Request) -> web.StreamResponse:
    """A body that goes on until the reader has enough of it."""
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(b" " * 65_536)
    except ConnectionError:
        return response


async def cut_off(request: web.Request) -> web.StreamResponse:
    """Half of the body that the length promised."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"id": "MAL-')
    assert request.transport
    request.transport.close()
    return response


def hung_until(gone: asyncio.Event) -> Fault:
    """No answer before the event."""

    async def fault(request: web.Request) -> web.StreamResponse:
        await gone.wait()
        return web.Response()

    return fault
