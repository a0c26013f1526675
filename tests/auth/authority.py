"""A stand-in of an OAuth authority with the device flow, and of the control plane behind it, on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from reedbed.feeds.device_login import GRANT
from reedbed.feeds.login_settings import Login

TOKEN = "token-of-the-authority.canary-0123456789"
KEY = "key-of-the-control-plane.canary-0123456789"
DEVICE_CODE = "device-code.canary-0123456789"
SERVICES = "/safedep.services.controltower.v1"


class Authority:
    """Answers polls with what `answers` has, in order; when it is empty, with the token."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[str | int] = []  # an `error` of OAuth, or a bare status
        self.device: dict[str, Any] = {}  # changes of the first answer
        self.tenants = ["acme.safedep.io"]
        self.control_status = 200
        self.asked: list[dict[str, str]] = []  # the forms and headers of requests, in order

    @property
    def settings(self) -> Login:
        return Login(
            client_id="reedbed-test",
            device_code_url=f"{self.url}/device",
            token_url=f"{self.url}/token",
            control_url=self.url,
        )

    async def begin(self, request: web.Request) -> web.Response:
        form = await self._note(request)
        if form.get("client_id") != "reedbed-test":
            return web.json_response({"error": "invalid_client"}, status=401)
        answer = {
            "device_code": DEVICE_CODE,
            "user_code": "REED-BEDS",
            "verification_uri": f"{self.url}/activate",
            "verification_uri_complete": f"{self.url}/activate?user_code=REED-BEDS",
            "expires_in": 600,
            "interval": 1,
        }
        return web.json_response(answer | self.device)

    async def token(self, request: web.Request) -> web.Response:
        form = await self._note(request)
        if form.get("grant_type") != GRANT or form.get("device_code") != DEVICE_CODE:
            return web.json_response({"error": "invalid_grant"}, status=403)
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, int):
            return web.Response(status=answer)
        if answer:
            return web.json_response({"error": answer}, status=403)  # Auth0's status; the RFC's is 400
        return web.json_response({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})

    async def user(self, request: web.Request) -> web.Response:
        if self.control_status != 200:
            return web.json_response({"code": "unavailable"}, status=self.control_status)
        assert request.headers["Authorization"] == TOKEN
        return web.json_response({"access": [{"tenant": {"domain": each}} for each in self.tenants]})

    async def key(self, request: web.Request) -> web.Response:
        assert request.headers["X-Tenant-Id"] in self.tenants
        wanted = await request.json()
        assert wanted["expiryDays"] == 90
        return web.json_response({"key": KEY, "keyId": "1", "expiresAt": "2027-02-20T00:00:00Z"})

    async def _note(self, request: web.Request) -> dict[str, str]:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        return form


@asynccontextmanager
async def standing() -> AsyncIterator[Authority]:
    authority = Authority()
    app = web.Application()
    app.add_routes(
        [
            web.post("/device", authority.begin),
            web.post("/token", authority.token),
            web.post(f"{SERVICES}.UserService/GetUserInfo", authority.user),
            web.post(f"{SERVICES}.ApiKeyService/CreateApiKey", authority.key),
        ]
    )
    async with TestServer(app, host="127.0.0.1") as server:
        authority.url = str(server.make_url("")).rstrip("/")
        yield authority
