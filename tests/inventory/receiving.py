"""A receiver of webhooks that checks signatures as it is told to: by id, time and HMAC-SHA256."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from reedbed.model.secret import Secret

SECRET = Secret("a secret that nobody else has")


class Desk:
    """Takes messages, once each; answers as it is set to."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []  # ids, in the order that they came
        self.taken: dict[str, Any] = {}  # id → message

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(e["type"], e["finding"]["vulnerability"]) for m in self.taken.values() for e in m["data"]]

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        id_, timestamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        signed = f"{id_}.{timestamp}.".encode() + body
        right = hmac.digest(SECRET.reveal().encode(), signed, hashlib.sha256)
        version, _, signature = request.headers["webhook-signature"].partition(",")
        if version != "v1" or not hmac.compare_digest(base64.b64decode(signature), right):
            return web.Response(status=401)
        self.asked.append(id_)
        if self.status < 300:
            self.taken.setdefault(id_, json.loads(body))
        return web.Response(status=self.status, headers=self.headers)


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    """Listen on a port of this machine."""
    receiver = Desk()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/in", receiver.take)
    app.router.add_post("/elsewhere", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/in"
    try:
        yield receiver
    finally:
        await runner.cleanup()
