"""A pond with a history, a day on which much happens to it, and what may go wrong while that is read."""

import random
from itertools import product

from flow.disturbed import LONG, STRIKES, TROUBLES
from inventory.pond import Flaw, Key, Pond, View
from jfrog_standin.faults import Fault

ROUTES = {
    "repositories": ("GET", "/artifactory/api/repositories"),
    "search": ("POST", "/artifactory/api/search/aql"),
    "manifest": ("GET", "/artifactory/api/docker/*/manifests/*"),
    "config": ("GET", "/artifactory/api/docker/*/blobs/*"),
    "summary": ("POST", "/xray/api/v*/summary/artifact"),
    "status": ("POST", "/xray/api/v1/artifact/status"),
    "indexed": ("GET", "/xray/api/v1/binMgr/default/repos"),
    "scans": ("GET", "/xray/api/v1/artifacts"),
}
"""What a sync asks for."""

READS = {
    "POST /artifactory/api/search/aql",
    "POST /xray/api/v{version}/summary/artifact",
    "POST /xray/api/v1/artifact/status",
}
"""Requests that are no GET, and change nothing."""

Case = tuple[str, str, str]
"""Route, trouble, strikes."""

ALL: list[Case] = [case for case in product(ROUTES, TROUBLES, STRIKES) if case[1] != "silent-drop"]
TIMEOUT_S = 0.6


def sample(seed: int) -> list[Case]:
    """Take few quick cases that hold every route, every trouble and every way of striking."""
    shuffled = [case for case in ALL if case[1] not in LONG]
    random.Random(seed).shuffle(shuffled)
    taken: list[Case] = []
    seen: set[tuple[str, str]] = set()
    for route, trouble, strikes in shuffled:
        pairs = {(trouble, ""), (route, ""), (strikes, "")}
        if pairs - seen:
            taken.append((route, trouble, strikes))
            seen |= pairs
    return taken


def fault(case: Case) -> Fault:
    route, trouble, strikes = case
    method, path = ROUTES[route]
    of = TROUBLES[trouble]
    return Fault(kind=of.kind, method=method, path=path, params=of.params, **STRIKES[strikes])


def first_day(place: Pond) -> None:
    for key in ("a-local", "b-local"):
        place.add_repository(key)
    place.add_repository("c-local", xray_index=False)
    place.push("a-local", "team/app", "1.0", "app-1", Flaw(1), Flaw(2), Flaw(3, package="lodash"))
    place.push("a-local", "team/app", "2.0", "app-2", Flaw(1, version="2.0.0"))
    place.push("a-local", "team/web", "1.0", "web-1", Flaw(2), Flaw(4))
    place.push("b-local", "base", "1", "base-1", Flaw(5), Flaw(6))
    place.push("b-local", "base", "2", "base-2", Flaw(5))
    place.push("b-local", "gone", "1", "gone-1", Flaw(7))
    place.push("c-local", "unseen", "1", "unseen-1")
    place.push_index("b-local", "multi", "1", {"multi-amd": [Flaw(8)], "multi-arm": [Flaw(8), Flaw(9)]})


def next_day(place: Pond) -> None:
    """An upgrade, a withdrawn advisory, a deletion, new CVEs, a lost scan, a moved index."""
    place.push("a-local", "team/app", "1.0", "app-1b", Flaw(1, version="2.0.0"), Flaw(10))
    place.find(place.digest_of("web-1"), Flaw(2), Flaw(11))
    place.find(place.digest_of("base-2"), Flaw(5), status="EXPIRED")
    place.delete("b-local", "gone", "1")
    place.push_index("b-local", "multi", "1", {"multi-amd2": [Flaw(8)], "multi-arm2": [Flaw(12)]})


def over(found: dict[Key, View]) -> set[Key]:
    return {key for key, each in found.items() if not each.status.open}
