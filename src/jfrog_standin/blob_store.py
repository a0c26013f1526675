"""A store in the cloud that a platform keeps its blobs in: a second listener, with signed addresses alone.

As S3 does it gives a file to whoever has the address, for a while, and refuses a request that comes with
credentials beside the signature (“Only one auth mechanism allowed”). Source: Amazon S3, presigned URLs and
error responses; docs.jfrog.com, S3 filestore with direct download.
"""

import hashlib
import hmac
import secrets
import ssl
from collections.abc import Callable, Mapping

import msgspec
from aiohttp import web

GONE = b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'
DENIED = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'
TWICE = b"""<?xml version="1.0"?>
<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>"""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that the store had; its headers by their names in lower case."""

    path: str
    status: int
    headers: Mapping[str, str]


class BlobStore:
    """The store, and what was asked of it."""

    def __init__(self, find: Callable[[str], bytes | None]) -> None:
        self.url = ""  # known when it listens
        self.asked: list[Asked] = []
        self._find = find
        self._key = secrets.token_bytes(32)
        self._runner: web.AppRunner | None = None

    def address(self, sha256: str) -> str:
        """Give the address under which a file can be fetched."""
        return f"{self.url}/filestore/{sha256}?X-Amz-Expires=30&X-Amz-Signature={self._signature(sha256)}"

    async def start(self, host: str, context: ssl.SSLContext | None) -> None:
        app = web.Application()
        app.add_routes([web.get("/filestore/{sha256:[0-9a-f]{64}}", self._give)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, 0, ssl_context=context).start()
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if context else 'http'}://{shown}:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _give(self, request: web.Request) -> web.Response:
        status, body = self._answer(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(path=request.path, status=status, headers=headers))
        shown = "application/octet-stream" if status == 200 else "application/xml"
        return web.Response(status=status, body=body, content_type=shown)

    def _answer(self, request: web.Request) -> tuple[int, bytes]:
        sha256 = request.match_info["sha256"]
        if "Authorization" in request.headers:
            return 400, TWICE
        if not hmac.compare_digest(request.query.get("X-Amz-Signature", ""), self._signature(sha256)):
            return 403, DENIED
        body = self._find(sha256)
        return (404, GONE) if body is None else (200, body)

    def _signature(self, sha256: str) -> str:
        return hmac.new(self._key, sha256.encode(), hashlib.sha256).hexdigest()
