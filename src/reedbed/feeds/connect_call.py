"""Calling a method of a Connect service: JSON over HTTP/1.1, one POST a call.

Sources: connectrpc.com/docs/protocol (unary requests, error codes); docs.safedep.io,
reference/api-introduction, for the two headers and the errors that SafeDep answers with.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from reedbed.errors import ReedbedError, Refused, Unreachable, Unreadable
from reedbed.feeds.safedep_access import SafeDepCredentials, how_to_log_in
from reedbed.feeds.settings import ServiceSettings
from reedbed.feeds.site import (
    CHUNK,
    LONGEST_TRANSFER_S,
    patiently,
    retry_after_s,
    shown,
    unreachable,
)
from reedbed.model.text import one_line, visible

LARGEST_ERROR = 1 << 16
MEGABYTE = 1 << 20

LATER = frozenset({"resource_exhausted", "unavailable", "deadline_exceeded", "aborted", "canceled"})
NOT_THERE = frozenset({"unimplemented", "not_found"})
AUTH_FAILED = ("api key auth failed", "does not belong to tenant")
"""How SafeDep words some failures of authentication that it answers as `internal`.

Source: github.com/safedep/cli, source_feed.go, isFeedAuthError."""


class _Error(msgspec.Struct, frozen=True):
    """The body of an answer that is not 2xx."""

    code: Any = None
    message: Any = None


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """What a service answered instead of a result."""

    status: int
    code: str = ""  # Connect's word; empty where the body is none of Connect's
    message: str = ""  # one line that is safe to show

    def __str__(self) -> str:
        said = ", ".join(filter(None, (self.code, self.message)))
        return f"the answer was {self.status}" + (f": {said}" if said else "")


class Method:
    """One method of a service, called as a tenant over an open session."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        settings: ServiceSettings,
        credentials: SafeDepCredentials,
        *,
        path: str,
        entitlement: str,
    ) -> None:
        """`path` is `<service>/<method>`; `entitlement` says what a tenant must have to call it."""
        self._session = session
        self._settings = settings
        self._credentials = credentials
        self._url = URL(settings.source.rstrip("/")) / path
        self._entitlement = entitlement

    def __str__(self) -> str:
        return shown(self._url)

    async def call(self, message: Any) -> bytes:
        """Send a message and give the answer's bytes; tries again after 429, 5xx and silence.

        Raises:
            Unreachable: no answer, or not to its end, after all attempts.
            Refused: the key or the tenant's plan doesn't allow it, or the message was not taken.
            Unreadable: the answer is too large, or a web page.
        """
        body = msgspec.json.encode(message)
        return await patiently(self._settings, lambda: self._once(body))

    async def _once(self, body: bytes) -> bytes:
        try:
            async with (
                asyncio.timeout(LONGEST_TRANSFER_S),
                self._session.post(
                    self._url,
                    data=body,
                    headers=self._headers(),
                    allow_redirects=False,  # a redirect would carry the key away
                    proxy=self._settings.proxy or None,
                ) as response,
            ):
                return await self._taken(response)
        except ReedbedError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(self._url, error) from error

    def _headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "Connect-Protocol-Version": "1",
            "authorization": self._credentials.api_key.reveal(),  # as it is: no scheme goes before it
            "x-tenant-id": self._credentials.tenant,
        }

    async def _taken(self, response: aiohttp.ClientResponse) -> bytes:
        if 300 <= response.status < 400:
            raise self._redirects(response)
        if response.status != 200:
            raise self._error(await self._failed(response), response.headers)
        if response.content_type == "text/html":
            raise self._unreadable("a web page came instead, perhaps to sign in")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise self._unreadable("it comes compressed, which was not asked for")
        largest = self._settings.max_page_mb * MEGABYTE
        taken = await _at_most(response, largest)
        if len(taken) > largest:
            raise self._unreadable(f"it is larger than {largest} bytes: max_page_mb of the feed")
        return taken

    async def _failed(self, response: aiohttp.ClientResponse) -> Failed:
        body = await _at_most(response, LARGEST_ERROR)
        try:
            read = msgspec.json.decode(body, type=_Error)
        except (ValueError, RecursionError):
            read = _Error()
        return Failed(
            status=response.status, code=self._safe(read.code, 40), message=self._safe(read.message, 200)
        )

    def _safe(self, text: object, limit: int) -> str:
        """Make what a server said fit to show, the key not in it should it send that back."""
        if not isinstance(text, str):
            return ""
        return one_line(visible(text.replace(self._credentials.api_key.reveal(), "[key]")), limit=limit)

    def _error(self, failed: Failed, headers: Mapping[str, str]) -> ReedbedError:
        what, why = f"Could not fetch {shown(self._url)}", str(failed)
        if failed.code == "unauthenticated" or failed.status == 401 or _auth_failed(failed):
            return Refused(what, why=why, fix=self._fix_of_key(), status=failed.status)
        if failed.code == "permission_denied" or failed.status == 403:
            return Refused(what, why=why, fix=self._entitlement, status=failed.status)
        if failed.code in NOT_THERE or failed.status in {404, 501}:
            fix = "Set the feed's source to the address of SafeDep's data plane."
            return Refused(what, why=why, fix=fix, status=failed.status)
        if failed.code in LATER or failed.status in {408, 425, 429} or failed.status >= 500:
            fix = "Nothing: the next run tries again."
            return Unreachable(what, why=why, fix=fix, retry_after_s=retry_after_s(headers))
        fix = "Check this machine's clock and the feed's settings; else the service has changed."
        return Refused(what, why=why, fix=fix, status=failed.status)

    def _fix_of_key(self) -> str:
        wrong = f"The API key is wrong, has expired, or is not of the tenant {self._credentials.tenant}"
        return f"{wrong}: {how_to_log_in(self._settings.profile)}."

    def _redirects(self, response: aiohttp.ClientResponse) -> Refused:
        return Refused(
            f"Could not fetch {shown(self._url)}",
            why=f"it redirects ({response.status}), and a redirect is not followed with a key",
            fix="Set the feed's source to where the service really is.",
            status=response.status,
        )

    def _unreadable(self, why: str) -> Unreadable:
        return Unreadable(
            f"Could not read the answer of {shown(self._url)}",
            why=why,
            fix="Check that the feed's source is SafeDep's data plane, and the proxy between here and there.",
        )


def _auth_failed(failed: Failed) -> bool:
    said = failed.message.lower()
    return any(words in said for words in AUTH_FAILED)


async def _at_most(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read a body to its end, or to just past `limit` bytes."""
    taken = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        taken += chunk
        if len(taken) > limit:
            break
    return bytes(taken)
