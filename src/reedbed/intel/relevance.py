"""Deciding which flagged packages are worth a custom issue unasked. Values in, values out.

Public feeds name some 240,000 packages, most of them gone from where they came from for years: an issue for
each would be three quarters of a million requests. docs/adr/0019-relevance.md tells why it is these grounds.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from reedbed.intel.merge import Admission
from reedbed.model.advisory import Standing
from reedbed.model.relevance import Ground

REQUESTS_AN_ISSUE = 3
"""Look, write, read back."""


class Relevance(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as recent."""

    window_days: int = 0  # since when, back from now; 0: everything is
    whole: frozenset[str] = frozenset()  # feeds of which everything is, for they carry no old backlog

    def since(self, now: datetime) -> datetime | None:
        """From which moment on a statement is recent; None: every one is."""
        return now - timedelta(days=self.window_days) if self.window_days else None


EVERYTHING = Relevance()


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What pushing some packages takes."""

    packages: int
    requests: int
    seconds: float  # at the platform's pace, if it answers at once


def grounds(
    standings: Sequence[Standing],
    ties: Iterable[Ground],
    *,
    admission: Admission,
    relevance: Relevance,
    now: datetime,
) -> frozenset[Ground]:
    """Say why a package matters to a platform; with no ground it is not pushed.

    `ties` are the grounds that are not a matter of age. What is of the future, by a clock that is ahead of
    ours, is recent.
    """
    fresh = {Ground.RECENT} if _is_recent(standings, admission, relevance, now) else set()
    return frozenset({*ties, *fresh})


def _is_recent(
    standings: Iterable[Standing], admission: Admission, relevance: Relevance, now: datetime
) -> bool:
    since = relevance.since(now)
    flagging = (s.advisory for s in standings if not s.withdrawn and admission.admits(s.advisory))
    return any(
        since is None or advisory.modified >= since or advisory.feed in relevance.whole
        for advisory in flagging
    )


def cost(packages: int, *, per_second: float) -> Cost:
    """Say what pushing so many packages takes, at so many requests a second."""
    requests = packages * REQUESTS_AN_ISSUE
    return Cost(packages=packages, requests=requests, seconds=requests / per_second)
