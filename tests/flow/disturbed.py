"""What may go wrong between Reedbed and JFrog, and the change that has to survive it."""

import random
from collections.abc import Sequence
from itertools import product

import msgspec

from flow.thread import Thread
from jfrog.platforms import TIMEOUT_S
from jfrog_standin.faults import Fault, Kind, Params

CHANGES = ("read", "create", "update", "delete", "repositories", "search")
"""The routes of a run that brings a platform to what the feeds say."""

ROUTES = {
    "read": ("GET", "/xray/api/v2/events/*"),
    "create": ("POST", "/xray/api/v1/events"),
    "update": ("PUT", "/xray/api/v1/events/*"),
    "delete": ("DELETE", "/xray/api/v1/events/*"),
    "repositories": ("GET", "/artifactory/api/repositories"),
    "search": ("POST", "/artifactory/api/search/aql"),
    "look": ("GET", "/artifactory/api/storage/*"),
    "mark": ("PUT", "/artifactory/api/storage/*"),
    "unmark": ("DELETE", "/artifactory/api/storage/*"),
    "move": ("POST", "/artifactory/api/move/*"),
    "impacted": ("GET", "/xray/api/v2/search/impactedResources"),
}
"""The requests that Reedbed makes, by what they are for."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One way of going wrong, and a word that a message about it has."""

    kind: Kind
    params: Params = Params()
    says: str = ""  # empty: it is harmless, and need not be noticed


def _status(status: int, says: str, retry_after: int | None = None) -> Trouble:
    return Trouble(kind="status", params=Params(status=status, retry_after=retry_after), says=says)


def _without(*fields: str) -> Trouble:
    return Trouble(kind="missing_fields", params=Params(fields=fields), says="otherwise than|can't be read")


TOO_MUCH = "larger than|did not answer within"
"""Whichever comes first on a busy machine: the most bytes, or the time for all of them."""

TROUBLES = {
    "401": _status(401, "401"),
    "403": _status(403, "403"),
    "404": _status(404, "404|still shows it|in silence|already exists"),
    "429": _status(429, "429"),
    "429-retry-after": _status(429, "429", retry_after=1),
    "500": _status(500, "500"),
    "503": _status(503, "503"),
    "slow": Trouble(kind="slow", params=Params(delay_ms=20)),
    "hung": Trouble(kind="hung", says="did not answer within"),
    "drop-before": Trouble(kind="drop_before", says="broke|ended too early"),
    "drop-after": Trouble(kind="drop_after", says="broke|ended too early"),
    "truncated": Trouble(kind="truncated", says="can't be read|answered 404"),
    "login-page": Trouble(kind="login_page", says="HTML page"),
    "asleep": Trouble(kind="redirect", says="asleep"),
    "redirect": Trouble(
        kind="redirect", params=Params(location="https://elsewhere.example.com/sso?secret=1"), says="redirect"
    ),
    "gzip-bomb": Trouble(kind="gzip_bomb", params=Params(megabytes=256), says=TOO_MUCH),
    "endless": Trouble(kind="endless", says=TOO_MUCH),
    "silent-drop": Trouble(kind="silent_drop", says="in silence|still shows it|otherwise than"),
    "clock-skew": Trouble(kind="clock_skew", params=Params(seconds=86_400.0)),
    "extra-fields": Trouble(kind="extra_fields"),
    "no-components": _without("components", "results", "result", "key"),
    "no-versions": _without(
        "vulnerable_versions",
        "vulnerable_ranges",
        "repo",
        "packageType",
        "properties",
        "impacted_pkg_version",
    ),
    "no-numbers": _without("provider", "severity", "downloads", "type", "checksums"),
    "no-statistics": _without("stats", "summary", "issue_kind"),
}

STRIKES = {"always": {}, "every-second": {"every": 2}, "first": {"count": 1}}
"""Which of the matching requests go wrong."""

ENDLESS = frozenset({"hung", "gzip-bomb", "endless"})
LONG = ENDLESS | {"429-retry-after"}
"""Troubles that take their time."""

GIVEN_UP_AFTER_S = 0.4

Case = tuple[str, str, str]
"""Route, trouble, strikes."""


def cases(*routes: str) -> list[Case]:
    """Give every way in which some routes may go wrong."""
    written = {"create", "update", "delete"}  # of a custom issue; the stand-in forgets nothing else
    every = product(routes, TROUBLES, STRIKES)
    return [case for case in every if case[1] != "silent-drop" or case[0] in written]


ALL = cases(*CHANGES)


def sample(seed: int, among: Sequence[Case] = ALL) -> list[Case]:
    """Take few cases that hold every trouble, and every route with every way of striking."""
    shuffled = list(among)
    random.Random(seed).shuffle(shuffled)
    taken: list[Case] = []
    seen: set[tuple[str, str]] = set()
    for route, trouble, strikes in shuffled:
        pairs = {(trouble, ""), (route, strikes)}
        if pairs - seen:
            taken.append((route, trouble, strikes))
            seen |= pairs
    return taken


def few(seed: int, among: Sequence[Case], many: int = 8) -> list[Case]:
    """Take some that are quick; the run that pushes is tried with every trouble."""
    return [case for case in sample(seed, among) if case[1] not in LONG][:many]


def fault(case: Case) -> Fault:
    route, trouble, strikes = case
    method, path = ROUTES[route]
    wrong = TROUBLES[trouble]
    return Fault(kind=wrong.kind, params=wrong.params, method=method, path=path, **STRIKES[strikes])


def timeout_s(case: Case) -> float:
    """Give up soon only what never ends: a message that the machine is busy would name another cause."""
    return GIVEN_UP_AFTER_S if case[1] in ENDLESS else TIMEOUT_S


def says(case: Case) -> str:
    return TROUBLES[case[1]].says


# The change


BEFORE = {"kept": {"[1.0.0]"}, "widened": {"[1.0.0]"}, "withdrawn": {"[1.0.0]"}}
AFTER = {
    "kept": {"[1.0.0]"},
    "widened": {"[1.0.0]", "[2.0.0]"},
    "new": {"[1.0.0]"},
    "newer": {"[1.0.0]"},
    "wide": {"(,)"},
}
HELD = "used"
WIDE = ({"type": "SEMVER", "events": [{"introduced": "0"}]},)


async def before(thread: Thread) -> None:
    """Bring the stand-in to `BEFORE`; people download the one release of `used`."""
    await thread.download(thread.npm(HELD, "1.0.0"))
    for name in BEFORE:
        thread.publish(f"MAL-{name}", name, versions=["1.0.0"])
    await thread.run()


def say_more(thread: Thread) -> None:
    """Let the feed say what brings `BEFORE` to `AFTER`: every kind of change, and one to be held."""
    thread.publish("MAL-widened", "widened", versions=["1.0.0", "2.0.0"], day=2)
    thread.withdraw("MAL-withdrawn", "withdrawn", day=2)
    thread.publish("MAL-new", "new", versions=["1.0.0"])
    thread.publish("MAL-newer", "newer", versions=["1.0.0"])
    thread.publish("MAL-wide", "wide", ranges=WIDE)
    thread.publish("MAL-used", HELD, ranges=WIDE)
