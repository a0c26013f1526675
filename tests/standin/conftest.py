"""A stand-in in this process, and a client that only asks and shows what came back."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from jfrog_standin.server import Running, running
from jfrog_standin.settings import StandIn, Switches

AS_ADMIN = "admin"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Client:
    """Asks one stand-in; as its administrator unless told otherwise."""

    def __init__(self, session: aiohttp.ClientSession, standin: Running) -> None:
        self._session = session
        self._standin = standin

    async def __call__(
        self,
        method: str,
        path: str,
        *,
        token: str | None = AS_ADMIN,
        basic: tuple[str, str] | None = None,
        headers: dict[str, str] | None = None,
        json: Any = None,
        data: bytes | dict[str, str] | None = None,
    ) -> Answer:
        """Ask once. Its administrator's token is the default; `token` None sends no credentials."""
        sent = dict(headers or {})
        if basic is not None:
            sent["Authorization"] = aiohttp.encode_basic_auth(*basic)
        elif token is not None:
            sent["Authorization"] = f"Bearer {self._standin.admin_token if token == AS_ADMIN else token}"
        body = data if json is None else msgspec.json.encode(json)
        if json is not None:
            sent["Content-Type"] = "application/json"
        async with self._session.request(
            method,
            self._standin.url + path,
            headers=sent,
            data=body,
            ssl=self._standin.ssl or True,
            allow_redirects=False,
        ) as response:
            return Answer(status=response.status, headers=dict(response.headers), body=await response.read())

    async def control(self, method: str, path: str, json: Any = None) -> Answer:
        return await self(method, f"/standin/api{path}", token=self._standin.control_token, json=json)


@pytest.fixture
async def standin() -> AsyncIterator[Running]:
    async with running() as started:
        yield started


@pytest.fixture
async def upstream() -> AsyncIterator[Running]:
    """Another stand-in, in clear, empty and open to everybody, for remotes to fetch from."""
    async with running(StandIn(certificate=None, switches=Switches(anonymous=True))) as started:
        yield started


@pytest.fixture
async def ask(standin: Running) -> AsyncIterator[Client]:
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield Client(session, standin)
