"""Logging a person in on a machine without a browser: the device flow of OAuth, RFC 8628."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import msgspec

from reedbed.errors import Refused, Unreachable, Unreadable
from reedbed.feeds.login_settings import Login
from reedbed.model.secret import Secret
from reedbed.model.text import one_line

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER_S = 5.0
"""What `slow_down` adds to the interval, for good (RFC 8628, section 3.5)."""
LONGEST_INTERVAL_S = 60.0
LONGEST_FLOW_S = 1_800.0
LARGEST_ANSWER = 1 << 16
CHUNK = 1 << 14


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """The authority's answer to the first request: what the person needs, and what the program polls with."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str = ""
    expires_in: float
    interval: float = 5.0

    def __repr__(self) -> str:  # whoever has the code gets the token
        return f"Device(user_code={self.user_code!r})"


class _Token(msgspec.Struct, frozen=True):
    access_token: str


class _No(msgspec.Struct, frozen=True):
    error: str
    error_description: str = ""


Answered = tuple[int, bytes]


class DeviceLogin:
    """One login, over a session of the caller's. The clock and the pauses are the caller's too."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        settings: Login,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._settings = settings
        self._pause = pause
        self._clock = clock

    async def begin(self) -> Device:
        """Ask for a code that the person enters in a browser.

        Raises:
            Unreachable: the authority does not answer.
            Refused: it does not know the client id, or not this flow.
            Unreadable: its answer is not that of RFC 8628, section 3.2.
        """
        form = {"client_id": self._settings.client_id, "scope": self._settings.scope}
        if self._settings.audience:
            form["audience"] = self._settings.audience
        status, body = await self._post(self._settings.device_code_url, form)
        if status != 200:
            raise _refused(status, _no(status, body))
        try:
            return msgspec.json.decode(body, type=Device)
        except msgspec.MsgspecError:
            raise _unreadable() from None  # the cause would quote the code

    async def token(self, device: Device) -> Secret:
        """Wait until the person has agreed, and give the access token. Makes one request an interval.

        Raises:
            Unreachable: the authority did not answer before the code ended.
            Refused: the person said no, or the code ended.
            Unreadable: an answer is not that of RFC 8628, section 3.5.
        """
        until = self._clock() + min(device.expires_in, LONGEST_FLOW_S)
        interval_s = _bounded(device.interval)
        silence: Unreachable | None = None
        while self._clock() + interval_s < until:
            await self._pause(interval_s)
            try:
                answer = await self._poll(device)
                silence = None
            except Unreachable as error:
                silence, answer = error, min(interval_s, LONGEST_INTERVAL_S - interval_s)
            if isinstance(answer, Secret):
                return answer
            interval_s += answer
        raise silence or _expired()

    async def _poll(self, device: Device) -> Secret | float:
        """Give the token, or by how many seconds to ask more seldom."""
        form = {"grant_type": GRANT, "device_code": device.device_code, "client_id": self._settings.client_id}
        status, body = await self._post(self._settings.token_url, form)
        if status == 200:
            return _token(body)
        no = _no(status, body)
        match no.error:
            case "authorization_pending":
                return 0.0
            case "slow_down":
                return SLOWER_S
            case "expired_token":
                raise _expired()
            case "access_denied":
                raise _denied()
            case _:
                raise _refused(status, no)

    async def _post(self, url: str, form: Mapping[str, str]) -> Answered:
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_s)
        try:
            async with self._http.post(url, data=form, timeout=timeout, allow_redirects=False) as response:
                body = b""
                async for chunk in response.content.iter_chunked(CHUNK):
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        raise _unreadable()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unreachable(str(error) or type(error).__name__) from error
        if response.status == 429 or response.status >= 500:
            raise _unreachable(f"it answered {response.status}")
        return response.status, body


def _bounded(interval_s: float) -> float:
    return min(max(interval_s, 1.0), LONGEST_INTERVAL_S)


def _token(body: bytes) -> Secret:
    try:
        return Secret(msgspec.json.decode(body, type=_Token).access_token)
    except msgspec.MsgspecError:
        raise _unreadable() from None  # the cause would quote the token


def _no(status: int, body: bytes) -> _No:
    try:
        return msgspec.json.decode(body, type=_No)
    except msgspec.MsgspecError as error:
        raise _unreadable(status) from error


def _unreachable(why: str) -> Unreachable:
    return Unreachable(
        "Could not log in: the authority does not answer",
        why=why,
        fix="Check safedep.device_code_url and safedep.token_url, and the network between here and there.",
    )


def _unreadable(status: int = 200) -> Unreadable:
    return Unreadable(
        "Could not log in: the authority's answer is not that of the device flow",
        why=f"it answered {status} with something else than RFC 8628 says",
        fix="Check safedep.device_code_url and safedep.token_url.",
    )


def _refused(status: int, no: _No) -> Refused:
    return Refused(
        "Could not log in: the authority refuses",
        why=one_line(f"{no.error} {no.error_description}".strip(), limit=300),
        fix="Check safedep.client_id: the authority must know it, and allow it the device flow.",
        status=status,
    )


def _expired() -> Refused:
    return Refused(
        "Could not log in: nobody agreed in time",
        why="the code has ended",
        fix="Run `reedbed auth login` again, and enter the new code.",
    )


def _denied() -> Refused:
    return Refused(
        "Could not log in: it was denied",
        why="the person at the browser said no",
        fix="Run `reedbed auth login` again, or use --api-key.",
    )


def address_to_open(device: Device) -> str:
    """Give the address to show to the person, complete where the authority gives one.

    Raises:
        Unreadable: it is not one that a person should open.
    """
    url = device.verification_uri_complete or device.verification_uri
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise _unreadable()
    return url
