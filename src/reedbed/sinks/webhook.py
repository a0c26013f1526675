"""Signed webhooks, as standardwebhooks.com defines them: id, time and body are signed with HMAC-SHA256.

A receiver checks the signature, refuses what is older than five minutes, and remembers ids: then neither a
forged nor a replayed message has an effect. Redirects are never followed, and answers are not read.
"""

import base64
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp
import msgspec
import stamina
from yarl import URL

from reedbed.errors import Refused, SettingsError, Unreachable
from reedbed.model.secret import Secret

TIMEOUT_S = 15.0
ATTEMPTS = 3
"""At once; afterwards the message waits in the outbox."""

SHORTEST_SECRET = 24
LOOPBACK = ("127.0.0.1", "localhost", "::1")
AGAIN = frozenset({408, 425, 429})


class Message(msgspec.Struct, frozen=True):
    id: str  # stays the same however often it is sent
    body: bytes


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages go, and what they are signed with."""

    url: str
    secret: Secret
    ca_file: str = ""


def checked_url(url: str, *, allow_plain_http: bool) -> str:
    """Let an address through that messages may be sent to.

    Raises:
        SettingsError: it is not https (plain http to this machine itself, where that is allowed), or it
            holds a user name or password.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    plain = parts.scheme == "http" and allow_plain_http and host in LOOPBACK
    why = None
    if not host or (parts.scheme != "https" and not plain):
        why = "it is no https:// address; http:// goes to this machine itself alone, where you allow that"
    elif parts.username or parts.password:
        why = "it holds a user name or password, which would show in lists"
    if why:
        raise SettingsError("The webhook has no address that can be used", why=why, fix="Give another.")
    return url


def checked_secret(text: str) -> Secret:
    """Let a secret through that is long enough to sign with.

    Raises:
        SettingsError: it is too short.
    """
    if len(text) < SHORTEST_SECRET:
        raise SettingsError(
            "The webhook's secret can't be used",
            why=f"it has fewer than {SHORTEST_SECRET} characters",
            fix="Make one with: openssl rand -base64 32",
        )
    return Secret(text)


def key_of(secret: Secret) -> bytes:
    """Give the bytes that sign: of `whsec_…` what is in base64, else the text itself."""
    text = secret.reveal()
    if text.startswith("whsec_"):
        try:
            return base64.b64decode(text.removeprefix("whsec_"), validate=True)
        except ValueError:
            pass
    return text.encode()


def headers(message: Message, secret: Secret, *, at: datetime) -> dict[str, str]:
    """Sign a message for one moment: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""
    timestamp = str(int(at.timestamp()))
    signed = f"{message.id}.{timestamp}.".encode() + message.body
    signature = base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "reedbed",
        "webhook-id": message.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


@asynccontextmanager
async def session_to(receiver: Receiver) -> AsyncIterator[aiohttp.ClientSession]:
    """Hold a session open, without cookies, credentials or a proxy that nobody named.

    Raises:
        SettingsError: the certificate authority can't be read.
    """
    try:
        trust = ssl.create_default_context(cafile=receiver.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            "Could not read a webhook's certificate authority",
            why=str(error),
            fix="Name a readable PEM file.",
        ) from error
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust, limit=1),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield session


async def send(
    session: aiohttp.ClientSession, receiver: Receiver, message: Message, *, at: datetime, wait_s: float = 1.0
) -> int:
    """Send a message; give the status of the answer. Tries a few times while nobody takes it.

    Raises:
        Unreachable: nobody answered, or with 408, 425, 429 or 5xx.
        Refused: any other answer, redirects among them.
    """
    async for attempt in stamina.retry_context(
        on=_may_work_later,
        attempts=ATTEMPTS,
        timeout=None,
        wait_initial=wait_s,
        wait_jitter=wait_s,
        wait_max=10.0,
    ):
        with attempt:
            return await _once(session, receiver, message, at)
    raise AssertionError("the last attempt returns or raises")


def _may_work_later(error: Exception) -> bool:
    return isinstance(error, Unreachable) and error.retry_after_s is None


async def _once(session: aiohttp.ClientSession, receiver: Receiver, message: Message, at: datetime) -> int:
    where = shown(receiver.url)
    try:
        async with session.post(
            URL(receiver.url),
            data=message.body,
            headers=headers(message, receiver.secret, at=at),
            allow_redirects=False,
        ) as response:
            return _accepted(response.status, response.headers, where)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unreachable(
            f"Could not tell {where}",
            why=str(error) or type(error).__name__,
            fix="Nothing: it waits in the outbox, and is sent again.",
        ) from error


def _accepted(status: int, answered: Mapping[str, str], where: str) -> int:
    if 200 <= status < 300:
        return status
    what, why = f"Could not tell {where}", f"the answer was {status}"
    if status in AGAIN or status >= 500:
        told = answered.get("Retry-After", "")
        later = float(told[:6]) if told.isascii() and told.isdecimal() else None
        fix = "Nothing: it waits in the outbox, and is sent again."
        raise Unreachable(what, why=why, fix=fix, retry_after_s=later)
    if 300 <= status < 400:
        why += ", a redirect, which is never followed"
    raise Refused(what, why=why, fix="Give the address and secret that the receiver has.", status=status)


def shown(url: str) -> str:
    """An address for messages: its path or query may hold a secret of the receiver's."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
