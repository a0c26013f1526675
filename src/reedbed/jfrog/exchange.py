"""One call and its answer: what is sent, and how what comes back is read. Pure; `session.py` talks."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from reedbed.jfrog.causes import Cause, Failure
from reedbed.model.secret import Secret
from reedbed.model.text import one_line

LONGEST_WAIT_S = 120.0
"""More than that no Retry-After is honoured: the caller's own schedule is the better place to wait."""

LONGEST_MESSAGE = 300
MAX_BYTES = 16 * 1024 * 1024

T = TypeVar("T")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request to one platform.

    `route` is a path with names in braces, which `at` fills in, percent-encoded (a name `path` keeps its
    slashes). `doing` completes “Could not …”; `needs` completes “Give the token's user …”.

    Raises:
        ValueError: a name would lead out of the route (`..`).
    """

    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE"]
    route: str  # "/xray/api/v2/events/{id}": also the name that metrics know the call by
    doing: str
    needs: str = "permission for that"
    at: dict[str, str] = {}
    query: dict[str, str] = {}
    send: bytes | None = None
    headers: dict[str, str] = {}
    reads: Literal["json", "text", "raw"] = "json"
    max_bytes: int = MAX_BYTES  # of the answer, after decompression
    repeatable: bool = True  # whether doing it twice is as good as once

    def __post_init__(self) -> None:
        for value in self.at.values():
            if any(segment in {".", ".."} for segment in value.split("/")):
                raise ValueError(f"{value!r} would lead out of {self.route}")

    @property
    def path(self) -> str:
        """The encoded path with its query."""
        encoded = {name: quote(value, safe="/" if name == "path" else "") for name, value in self.at.items()}
        path = self.route.format_map(encoded)
        return f"{path}?{urlencode(self.query)}" if self.query else path


def json_body(value: Any) -> bytes:
    return msgspec.json.encode(value)


JSON = {"Content-Type": "application/json"}


def without_nul(body: bytes) -> bytes:
    """Replace the one character that JSON can hold and no database takes as text."""
    return body.replace(rb"\u0000", rb"\ufffd")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    headers: Mapping[str, str]  # looked up in any casing
    body: bytes
    received_at: datetime


def failure_of(call: Call, answer: Answer) -> Failure | None:
    """Say what an answer means by its status and form; None: it may be read."""
    if 300 <= answer.status < 400:
        return _redirected(answer)
    if answer.status < 300:
        if call.reads != "raw" and _is_html(answer):
            seen = f"the answer to {call.method} {call.route} is an HTML page, not JFrog's"
            return Failure(cause=Cause.LOGIN_PAGE, seen=seen, status=answer.status)
        return None
    return Failure(
        cause=_cause(answer),
        seen=f"JFrog answered {answer.status}: {message_of(answer) or 'without a word'}",
        status=answer.status,
        retry_after_s=retry_after_s(answer),
        from_service=_complaint(answer) is not None,
    )


def _cause(answer: Answer) -> Cause:
    if answer.status >= 500:
        return Cause.SERVER_ERROR
    if _is_half(answer):
        return Cause.TRUNCATED  # not even what it denies is certain
    if answer.status == 401 and "expired" in message_of(answer).lower():
        return (
            Cause.TOKEN_EXPIRED
        )  # “Token failed verification: expired”: Artifactory; “Invalid token, expired”: Access
    return _BY_STATUS.get(answer.status, Cause.REJECTED)


_BY_STATUS = {
    401: Cause.UNAUTHORISED,
    403: Cause.FORBIDDEN,
    404: Cause.NOT_FOUND,
    407: Cause.PROXY,
    408: Cause.TIMEOUT,  # what AQL says when a query took too long
    429: Cause.BUSY,
}


def _is_half(answer: Answer) -> bool:
    if not answer.body or "json" not in answer.headers.get("Content-Type", ""):
        return False
    try:
        msgspec.json.decode(answer.body, type=msgspec.Raw)
    except (ValueError, RecursionError) as error:
        return _is_cut_off(answer.body, error)
    return False


def _redirected(answer: Answer) -> Failure:
    """No redirect is followed: a token must not travel, and a POST must not become a GET.

    A stopped SaaS trial redirects to …/reactivate-server… (github.com/jfrog/xray-client-java, SystemTests).
    """
    target = answer.headers.get("Location", "")
    if "reactivate-server" in target:
        seen = "the instance is asleep: it answers with a redirect to its reactivation page"
        return Failure(cause=Cause.ASLEEP, seen=seen, status=answer.status)
    seen = f"JFrog answered {answer.status}, a redirect to {_shown(target)}"
    return Failure(cause=Cause.REDIRECT, seen=seen, status=answer.status, location=Secret(target))


def _shown(target: str) -> str:
    """Show where a redirect leads without its query, which may hold a secret."""
    try:
        parts = urlsplit(target)
        where = f"{parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else parts.path
    except ValueError:
        where = ""
    return one_line(where, limit=120) or "nowhere"


def _is_html(answer: Answer) -> bool:
    if "html" in answer.headers.get("Content-Type", "").lower():
        return True
    start = answer.body[:200].lstrip().lower()
    return start.startswith((b"<!doctype", b"<html"))


class _Entry(msgspec.Struct):
    message: str = ""


class _Complaint(msgspec.Struct):
    """The error bodies of all services in one: Xray's `error`, and `errors` of Artifactory and Access."""

    error: str = ""
    message: str = ""
    errors: list[_Entry] = []


def message_of(answer: Answer) -> str:
    """Give the sentence in an error body as one bounded line; empty where there is none."""
    if _is_html(answer):
        title = re.search(rb"<title[^>]*>([^<]{1,200})", answer.body[:10_000], re.IGNORECASE)
        page = f"an HTML page, “{title[1].decode(errors='replace').strip()}”" if title else "an HTML page"
        return one_line(page, limit=LONGEST_MESSAGE)
    said = _complaint(answer)
    if said is None:
        said = answer.body[: 4 * LONGEST_MESSAGE].decode(errors="replace")
    return one_line(said, limit=LONGEST_MESSAGE)


def _complaint(answer: Answer) -> str | None:
    """Give the sentence of a JSON error body; None: the body is something else."""
    try:
        said = msgspec.json.decode(answer.body, type=_Complaint)
    except (ValueError, RecursionError):
        return None
    return said.error or said.message or next((e.message for e in said.errors if e.message), None)


def retry_after_s(answer: Answer) -> float | None:
    """Read Retry-After, in seconds or as a date, capped; None: absent or unreadable.

    JFrog documents it nowhere; a proxy in front may send it.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (aware - answer.received_at).total_seconds()), LONGEST_WAIT_S)


def read(call: Call, answer: Answer, returns: type[T]) -> T | Failure:
    """Decode the body of an answer that `failure_of` let pass."""
    try:
        return msgspec.json.decode(answer.body, type=returns)
    except (ValueError, RecursionError) as error:
        return Failure(
            cause=Cause.TRUNCATED if _is_cut_off(answer.body, error) else Cause.NOT_AS_DOCUMENTED,
            seen=f"the answer to {call.method} {call.route} can't be read: {one_line(str(error), limit=200)}",
            status=answer.status,
        )


def _is_cut_off(body: bytes, error: Exception) -> bool:
    """Artifactory streams: an answer that failed halfway has status 200 and ends too early."""
    return not body.strip() or "truncated" in str(error)
