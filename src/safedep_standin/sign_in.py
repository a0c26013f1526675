"""How a person logs in at SafeDep: an authority with OAuth's device flow, and the control plane behind it.

Sources: RFC 8628, sections 3.2 and 3.5; auth0.com for the status of its errors; github.com/safedep/cli,
internal/auth, for the messages of the control plane.
"""

import json
from typing import Any

from aiohttp import web

from safedep_standin.account import CLIENT_ID, KEY, TENANT
from safedep_standin.connect import error

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN = "token-of-the-authority.canary-0123456789"
DEVICE_CODE = "device-code.canary-0123456789"
SERVICES = "/safedep.services.controltower.v1"


class SignIn:
    """Answers polls with what `answers` has, in order; when it is empty, with the token."""

    def __init__(self) -> None:
        self.url = ""  # once it is served
        self.answers: list[str | int] = []  # an `error` of OAuth, or a bare status
        self.device: dict[str, Any] = {}  # changes of the first answer
        self.tenants = [TENANT]
        self.control_status = 200  # another one is all that the control plane then answers
        self.asked: list[dict[str, str]] = []  # the forms sent to the authority, in order

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/oauth/device/code", self._begin),
            web.post("/oauth/token", self._token),
            web.post(f"{SERVICES}.UserService/GetUserInfo", self._user),
            web.post(f"{SERVICES}.ApiKeyService/CreateApiKey", self._key),
        ]

    async def _begin(self, request: web.Request) -> web.Response:
        form = await self._note(request)
        if form.get("client_id") != CLIENT_ID:
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

    async def _token(self, request: web.Request) -> web.Response:
        form = await self._note(request)
        if form.get("grant_type") != GRANT or form.get("device_code") != DEVICE_CODE:
            return web.json_response({"error": "invalid_grant"}, status=403)
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, int):
            return web.Response(status=answer)
        if answer:
            return web.json_response({"error": answer}, status=403)  # Auth0's status; the RFC's is 400
        return web.json_response({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})

    async def _note(self, request: web.Request) -> dict[str, str]:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        return form

    async def _user(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        return web.json_response({"access": [{"tenant": {"domain": each}} for each in self.tenants]})

    async def _key(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if request.headers.get("X-Tenant-Id") not in self.tenants:
            return error("permission_denied", "not a member of this tenant")
        wanted = json.loads(await request.read())
        if not wanted.get("name") or wanted.get("expiryDays") != 90:
            return error("invalid_argument", "a key has a name, and here it lasts 90 days")
        return web.json_response({"key": KEY, "keyId": "1", "expiresAt": "2027-02-20T00:00:00Z"})

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self.control_status != 200:
            return web.json_response({"code": "unavailable"}, status=self.control_status)
        if request.headers.get("Authorization") != TOKEN:  # as it is: no `Bearer` before it
            return error("unauthenticated", "invalid token")
        return None
