"""Thirty days of a feed in the shape of the public one: how much comes each day, and what becomes of it.

The public archive of 2026 grows by 31 to 125 records a day, nine in ten about npm packages, half of them
about all versions. On some days a registry is flooded: thousands come at once. Records are restated (another
version is found, a range too wide is narrowed), touched without a change, and, few of them, withdrawn.
"""

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bench.growing import ecosystem_of
from jfrog_standin.osv_records import Record, record, span, stamp

ECOSYSTEMS = ("npm", "PyPI")
PYPI_SHARE = 0.08
DAYS = 30
FLOODS = {5: 1_000, 12: 4_000, 21: 2_000}  # day → records more
TOUCHED = {17: 1_500}  # day → records whose time moves, and nothing else
WIDE_SHARE = 0.55
SAME_PACKAGE_SHARE = 0.02


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed publishes in a day: new records, and records in place of former ones."""

    at: datetime  # when it is read, after all that it holds
    records: tuple[Record, ...]


def month(*, ends: datetime, scale: float = 1.0, seed: int = 0) -> Iterator[Day]:
    """Give the thirty days until `ends`; `scale` makes them smaller for tests. The same every time."""
    writer = _Writer(random.Random(seed))
    for number in range(1, DAYS + 1):
        at = ends - timedelta(days=DAYS - number)
        yield Day(at=at, records=tuple(writer.day(number, at - timedelta(hours=1), scale)))


class _Writer:
    """Knows what it has published."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._live: dict[str, Record] = {}
        self._made = 0

    def day(self, number: int, at: datetime, scale: float) -> list[Record]:
        """Write a day's records, each once."""
        draw, todays = self._draw, dict[str, Record]()
        former = sorted(self._live)
        for known in self._some(former, round(TOUCHED.get(number, 0) * scale)):
            todays[known] = {**self._live[known], "modified": stamp(at)}
        for known in self._some(former, round(draw.randint(5, 20) * scale) or 1):
            todays[known] = self._restated(self._live[known], at)
        for known in self._some(former, round(draw.randint(0, 4) * scale) or number % 2):
            todays[known] = _withdrawn(self._live[known], at)
        for _ in range(round((draw.randint(31, 125) + FLOODS.get(number, 0)) * scale) or 1):
            made = self._new(at)
            todays[made["id"]] = made
        self._live.update(todays)
        for each in todays.values():
            if "withdrawn" in each:
                del self._live[each["id"]]
        return list(todays.values())

    def _some(self, former: list[str], count: int) -> list[str]:
        return self._draw.sample(former, min(count, len(former)))

    def _new(self, at: datetime) -> Record:
        self._made += 1
        draw = self._draw
        again = draw.random() < SAME_PACKAGE_SHARE
        about = draw.randint(1, self._made) if again else self._made
        ecosystem = "PyPI" if about % 100 < PYPI_SHARE * 100 else "npm"
        return record(
            f"MAL-2026-{self._made}",
            f"month-{about}",
            ecosystem=ecosystem,
            modified=at,
            **self._affected(f"month-{about}", ecosystem),
        )

    def _affected(self, name: str, ecosystem: str) -> Record:
        """Say all versions of a package, or some."""
        package = {"ecosystem": ecosystem, "name": name}
        if self._draw.random() < WIDE_SHARE:
            order = "SEMVER" if ecosystem == "npm" else "ECOSYSTEM"
            return {"affected": [{"package": package, "ranges": [span("introduced 0", kind=order)]}]}
        return {"affected": [{"package": package, "versions": self._versions()}]}

    def _versions(self) -> list[str]:
        draw = self._draw
        return [f"{draw.randint(1, 9)}.{draw.randint(0, 20)}.{patch}" for patch in range(draw.randint(1, 4))]

    def _restated(self, former: Record, at: datetime) -> Record:
        """Add a version to a record that names some; narrow one that means all of them."""
        package, versions = former["affected"][0]["package"], former["affected"][0].get("versions", [])
        affected = [{"package": package, "versions": [*versions, f"10.0.{len(versions)}"]}]
        return {**former, "modified": stamp(at), "affected": affected}


def _withdrawn(former: Record, at: datetime) -> Record:
    return {**former, "modified": stamp(at), "withdrawn": stamp(at)}


Standing = dict[tuple[str, str], frozenset[str]]
"""(JFrog's package type, package) → what its issue must hold, in Xray's notation."""


def standing(days: Iterable[Day]) -> Standing:
    """Say what a platform must hold after some days: worked out from the records alone, and naively."""
    last = {each["id"]: each for day in days for each in day.records}
    said: dict[tuple[str, str], set[str]] = {}
    for each in last.values():
        if "withdrawn" not in each:
            affected = each["affected"][0]
            key = (ecosystem_of(each).lower(), affected["package"]["name"])
            said.setdefault(key, set()).update(_clauses(affected))
    return {key: frozenset({"(,)"} if "(,)" in clauses else clauses) for key, clauses in said.items()}


def held(issues: Iterable[dict[str, Any]]) -> Standing:
    """Say what a platform holds, from its issues."""
    return {
        (each["package_type"], component["id"]): frozenset(component["vulnerable_versions"])
        for each in issues
        for component in each["components"]
    }


def _clauses(affected: Record) -> Iterator[str]:
    yield from (f"[{version}]" for version in affected.get("versions", ()))
    if "ranges" in affected:
        yield "(,)"
