"""SafeDep's control plane, for the one thing that a login needs of it: an API key for the feed.

The feed refuses a login by OAuth alone and wants an API key. Calls are Connect: POST with JSON. Sources:
github.com/safedep/cli internal/auth for the messages; that these services take JSON too is what SafeDep's web
application does. So an answer of another form is no failure of the login: the person then makes the key.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import aiohttp
import msgspec

from reedbed.errors import Refused, Unreachable, Unreadable
from reedbed.feeds.login_settings import Login
from reedbed.model.secret import Secret

T = TypeVar("T")

SERVICES = "safedep.services.controltower.v1"
LARGEST_ANSWER = 1 << 20
CHUNK = 1 << 14


class _Tenant(msgspec.Struct, frozen=True):
    domain: str = ""


class _Access(msgspec.Struct, frozen=True):
    tenant: _Tenant = _Tenant()


class _User(msgspec.Struct, frozen=True):
    access: tuple[_Access, ...] = ()


class _Key(msgspec.Struct, frozen=True, rename="camel"):
    key: str
    expires_at: datetime | None = None


class MadeKey(msgspec.Struct, frozen=True):
    """An API key that was made just now."""

    key: Secret
    expires_at: datetime | None


class ControlPlane:
    """Asks in the name of the person who has logged in."""

    def __init__(self, http: aiohttp.ClientSession, settings: Login, token: Secret) -> None:
        self._http = http
        self._settings = settings
        self._token = token

    async def tenants(self) -> list[str]:
        """List the tenants that the person belongs to.

        Raises:
            Unreachable, Refused, Unreadable: as any call.
        """
        body = await self._call("UserService/GetUserInfo", {})
        user = _decoded(body, _User)
        return [each.tenant.domain for each in user.access if each.tenant.domain]

    async def make_key(self, tenant: str, *, name: str) -> MadeKey:
        """Make an API key of this tenant that lasts `key_days`.

        Raises:
            Unreachable, Refused, Unreadable: as any call.
        """
        wanted = {"name": name, "expiryDays": self._settings.key_days}
        made = _decoded(await self._call("ApiKeyService/CreateApiKey", wanted, tenant=tenant), _Key)
        return MadeKey(key=Secret(made.key), expires_at=made.expires_at)

    async def _call(self, method: str, message: Mapping[str, object], *, tenant: str = "") -> bytes:
        # The token stands as it is in the header: SafeDep's services want no `Bearer` before it.
        headers = {"Authorization": self._token.reveal()} | ({"X-Tenant-Id": tenant} if tenant else {})
        url = f"{self._settings.control_url.rstrip('/')}/{SERVICES}.{method}"
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_s)
        try:
            async with self._http.post(
                url, json=message, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                body = await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(
                "The control plane does not answer",
                why=str(error) or type(error).__name__,
                fix="Check safedep.control_url, and the network between here and there.",
            ) from error
        if response.status != 200:
            raise Refused(
                "The control plane refuses",
                why=f"it answered {response.status} to {method}",
                fix="Make the API key in SafeDep's console.",
                status=response.status,
            )
        return body


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_chunked(CHUNK):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise _unreadable()
    return body


def _decoded(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError:
        raise _unreadable() from None  # the cause could quote the key


def _unreadable() -> Unreadable:
    return Unreadable(
        "The control plane's answer can't be read",
        why="it is not of the documented form",
        fix="Make the API key in SafeDep's console.",
    )
