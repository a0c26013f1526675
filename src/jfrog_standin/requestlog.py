"""What was asked, by whom, with which token, so that a test can prove what was not asked."""

from collections import Counter, deque
from datetime import datetime

import msgspec

KEPT = 100_000


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One request. It holds no header, query or body, so no secret can be in it."""

    at: datetime  # UTC, on the platform's clock
    subject: str  # "jfac@01…/users/alice", "alice", "anonymous", or "" for credentials that were not taken
    token_id: str | None
    method: str
    route: str  # the template: "/xray/api/v1/events/{id}"
    path: str
    status: int  # 0: the connection was dropped
    took_ms: float
    fault: str = ""  # the kind of the fault that was played, if any


class RequestLog:
    """The last requests in order, and counts of all of them."""

    def __init__(self, kept: int = KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._counts[entry.method, entry.route] += 1

    def entries(
        self, *, method: str = "", route: str = "", path: str = "", subject: str = "", token_id: str = ""
    ) -> list[Entry]:
        """List the requests that fit all that is given, oldest first; `path` is the start of one."""
        return [
            entry
            for entry in self._entries
            if (not method or entry.method == method)
            and (not route or entry.route == route)
            and entry.path.startswith(path)
            and (not subject or entry.subject.rpartition("/")[2] == subject.rpartition("/")[2])
            and (not token_id or entry.token_id == token_id)
        ]

    def counts(self) -> dict[str, int]:
        """Count all requests by route: {"POST /xray/api/v1/events": 20}."""
        return {f"{method} {route}": count for (method, route), count in sorted(self._counts.items())}

    def clear(self) -> None:
        self._entries.clear()
        self._counts.clear()
