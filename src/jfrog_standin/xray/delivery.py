"""Sends alerts to webhooks: a few times at most, and to this machine alone unless a switch allows more.

Switches make deliveries come late, again, in another order, and with forged ones among them.
"""

import asyncio
import ipaddress
from collections import deque
from collections.abc import Callable

import aiohttp
import msgspec
from yarl import URL

from jfrog_standin.settings import Switches
from jfrog_standin.xray.webhook import Webhook

TRIES = 3  # how often a real Xray tries is not documented, only that delivery is not guaranteed
WAIT_S = 0.1  # before the second try; twice that before the third
LOOK_AFTER_S = 0.05
OVERTAKEN_S = 0.2  # so much later comes what another delivery overtakes
MOST_KEPT = 1_000
TIMEOUT = aiohttp.ClientTimeout(total=10)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one alert."""

    webhook: str
    tries: int
    status: int | None  # of the last answer; None: nobody answered, or nobody was asked
    refused: str = ""  # why nobody was asked
    forged: bool = False  # sent by somebody who does not know the secret


class Deliveries:
    """The alerts on their way, and what became of the last thousand. Open until `close`."""

    def __init__(self, *, switches: Callable[[], Switches]) -> None:
        self.ended: deque[Delivery] = deque(maxlen=MOST_KEPT)
        self._switches = switches
        self._begun = 0
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def soon(self, look: Callable[[], None]) -> None:
        """Call a function in a moment, once for all that ask until then."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_AFTER_S, self._due, look)

    def _due(self, look: Callable[[], None]) -> None:
        self._timer = None
        look()

    def send(self, webhook: Webhook, body: bytes, *, user_agent: str) -> None:
        """Begin to deliver; does not wait."""
        task = asyncio.create_task(self._deliver(webhook, body, user_agent))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    @property
    def is_idle(self) -> bool:
        """Is nothing under way?"""
        return not self._under_way and self._timer is None

    async def close(self) -> None:
        """Give up what is under way."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, webhook: Webhook, body: bytes, user_agent: str) -> None:
        switches = self._switches()
        if not (switches.webhooks_beyond_loopback or is_loopback(URL(webhook.url).host or "")):
            why = "the switch webhooks_beyond_loopback is off"
            self.ended.append(Delivery(webhook=webhook.name, tries=0, status=None, refused=why))
            return
        await self._wait(switches)
        if switches.deliveries_forged:
            status = await self._post(_forged(webhook), body + b" ", user_agent)
            self.ended.append(Delivery(webhook=webhook.name, tries=1, status=status, forged=True))
        for _ in range(1 + switches.deliveries_again):
            self.ended.append(await self._try(webhook, body, user_agent))

    async def _wait(self, switches: Switches) -> None:
        self._begun += 1
        overtaken = switches.deliveries_shuffled and self._begun % 2
        await asyncio.sleep(switches.deliveries_late_ms / 1000 + (OVERTAKEN_S if overtaken else 0))

    async def _try(self, webhook: Webhook, body: bytes, user_agent: str) -> Delivery:
        status = None
        for tried in range(1, TRIES + 1):
            status = await self._post(webhook, body, user_agent)
            if tried == TRIES or not _is_worth_another(status):
                break
            await asyncio.sleep(WAIT_S * tried)
        return Delivery(webhook=webhook.name, tries=tried, status=status)

    async def _post(self, webhook: Webhook, body: bytes, user_agent: str) -> int | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT, trust_env=False)
        try:
            async with self._session.post(
                webhook.url, data=body, headers=_headers(webhook, user_agent), allow_redirects=False
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError):  # ValueError: what no header can hold
            return None


def _headers(webhook: Webhook, user_agent: str) -> dict[str, str]:
    headers = {"User-Agent": user_agent, "Content-Type": "application/json", **(webhook.headers or {})}
    if webhook.user_name:
        headers["Authorization"] = aiohttp.encode_basic_auth(webhook.user_name, webhook.password)
    return headers


def _forged(webhook: Webhook) -> Webhook:
    """Guess at what proves who sends."""
    guessed = dict.fromkeys(webhook.headers or {}, "guessed")
    return msgspec.structs.replace(webhook, headers=guessed, password="guessed")


def _is_worth_another(status: int | None) -> bool:
    return status is None or status == 429 or status >= 500


def is_loopback(host: str) -> bool:
    """Is a host this machine by its very name? No name is resolved."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
