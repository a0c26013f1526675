"""A pond whose every stream is read, a day on which each has something new, and all that is in its store."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, select

from flow.disturbed import TROUBLES, Trouble
from inventory.pond import Flaw, Pond
from inventory.streams_of import have_it_watched, part, post, put_scan
from jfrog_standin.artifactory import packages
from jfrog_standin.faults import Params
from jfrog_standin.xray.scan import License, Risk
from reedbed.inventory.connection.scope import Scope
from reedbed.model.inventory import Lifecycle, Status, Stream, Triage
from reedbed.store.inventory.assets import ASSET_TAGS, ASSETS, SOFTWARE
from reedbed.store.inventory.findings import FINDINGS, VIOLATIONS

EVERYTHING = Scope(hold_share=1.0, streams=tuple(Stream))

ROUTES = {
    "search": ("POST", "/artifactory/api/search/aql"),
    "configurations": ("GET", "/artifactory/api/repositories/configurations"),
    "storage": ("GET", "/artifactory/api/storageinfo"),
    "summary": ("POST", "/xray/api/v*/summary/artifact"),
    "export": ("POST", "/xray/api/v2/component/exportDetails"),
    "rules": ("GET", "/xray/api/v1/ignore_rules"),
    "watches": ("GET", "/xray/api/v2/watches"),
    "violations": ("POST", "/xray/api/v1/violations"),
}
"""What the streams ask for that somebody opts into; some of it images ask for too."""

OWN = {
    "export": {Stream.COMPONENTS},
    "rules": {Stream.IGNORE_RULES, Stream.VIOLATIONS},  # what a rule hides is in no list of violations
    "violations": {Stream.VIOLATIONS},
    "configurations": set[Stream](),
    "storage": set[Stream](),
}
"""The streams that a route is read for, and no others."""


def _without(*fields: str) -> Trouble:
    return Trouble(kind="missing_fields", params=Params(fields=fields))


MORE_TROUBLES = {
    "no-rows": _without("violations", "total_violations", "data", "total_count", "artifacts", "errors"),
    "no-totals": _without("total_violations", "total_count", "range"),
    "no-names": _without("name", "general_data"),
    "no-places": _without("impacted_artifacts", "path", "sha256"),
    "no-filters": _without("ignore_filters"),
    "no-ids": _without("id", "issue_id", "watch_name"),
}
"""Fields of these routes alone that an answer may come without."""

TROUBLES_OF_STREAMS: Mapping[str, Trouble] = {**TROUBLES, **MORE_TROUBLES}

OLD, NEW = License(name="GPL-3.0-only"), License(name="AGPL-3.0-only")
ENDS = datetime(2027, 6, 1, tzinfo=UTC).isoformat()
RULES = "/xray/api/v1/ignore_rules"


async def first_day(place: Pond) -> None:
    place.scope = EVERYTHING
    told = {"projectKey": "pond", "environments": ["PROD"]}
    place.add_repository("a-local", configuration=told)
    place.add_repository("b-local")
    place.add_repository("npm-local", package_type="npm")
    one = place.push("a-local", "team/app", "1.0", "app-1")
    put_scan(
        place, one, Flaw(1), Flaw(2), components=(part("old", OLD), part("quiet")), risks=(_risk("old"),)
    )
    place.push("a-local", "team/web", "1.0", "web-1", Flaw(2), Flaw(3))
    place.push("b-local", "gone", "1", "gone-1", Flaw(4))
    _label(place, "a-local", "team/app/1.0/manifest.json", team=("pond",), tier=("1",))
    storage = place.standin.platform.artifactory
    for version in ("1.0.0", "2.0.0"):
        packages.add_npm(storage, "npm-local", "reed", version)
    _scan_package(place, "1.0.0", Flaw(7, package="reed"))
    _scan_package(place, "2.0.0", Flaw(8, package="reed", version="2.0.0"))
    await have_it_watched(place)
    await _ignore(place, "CVE-2026-0002")


async def next_day(place: Pond) -> None:
    """In each stream something came, something went, and something stayed."""
    two = place.push("a-local", "team/app", "1.0", "app-2")
    put_scan(
        place, two, Flaw(1), Flaw(5), components=(part("fresh", NEW), part("quiet")), risks=(_risk("fresh"),)
    )
    place.find(place.digest_of("web-1"), Flaw(2))
    place.delete("b-local", "gone", "1")
    _label(place, "a-local", "team/app/1.0/manifest.json", team=("lake",), tier=("1",))
    packages.add_npm(place.standin.platform.artifactory, "npm-local", "reed", "3.0.0")
    assert place.standin.platform.artifactory.delete("npm-local", _tarball("1.0.0"))
    _scan_package(place, "3.0.0", Flaw(9, package="reed", version="3.0.0"))
    await _ignore(place, "CVE-2026-0001")


def _risk(name: str) -> Risk:
    return Risk(component_id=f"npm://{name}:1.0.0", risk="High", risk_reason="no release for years")


def _tarball(version: str) -> str:
    return f"reed/-/reed-{version}.tgz"


def _scan_package(place: Pond, version: str, *flaws: Flaw) -> None:
    item = place.standin.platform.artifactory.get("npm-local", _tarball(version))
    assert item
    assert item.checksums
    put_scan(place, item.checksums.sha256, *flaws, components=(part("reed", OLD),))


def _label(place: Pond, repository: str, file: str, **properties: tuple[str, ...]) -> None:
    storage = place.standin.platform.artifactory
    item = storage.get(repository, file)
    assert item
    storage.set_properties(item, properties)


async def _ignore(place: Pond, *cves: str) -> None:
    rule = {"notes": "not reachable", "expires_at": ENDS, "ignore_filters": {"cves": [*cves]}}
    await post(place, RULES, rule)


# What is in the store


class Found(msgspec.Struct, frozen=True):
    """What has become of a finding. Whether this is the first run that sees it is not told."""

    called: str  # the CVE, or what Xray calls it
    status: Status
    triage: Triage
    images: int
    reopened: int


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """All that the streams brought, but dates and runs."""

    findings: Mapping[tuple[str, ...], Found]  # by type, scope, component and id
    lifecycles: Mapping[str, Lifecycle]  # by what an asset is called natively
    software: frozenset[tuple[str, ...]]
    tags: frozenset[tuple[str, ...]]
    violations: frozenset[tuple[str, ...]]

    def retired(self) -> set[str]:
        return {native for native, lifecycle in self.lifecycles.items() if lifecycle is Lifecycle.RETIRED}

    def over(self) -> set[tuple[str, ...]]:
        return {key for key, found in self.findings.items() if not found.status.open}

    def suppressed(self) -> set[tuple[str, ...]]:
        return {key for key, found in self.findings.items() if found.triage is Triage.SUPPRESSED}


async def held(place: Pond) -> Held:
    return await place.db.read(_held)


def _held(connection: Connection) -> Held:
    named = {row.id: row.native for row in connection.execute(select(ASSETS.c.id, ASSETS.c.native))}
    assets = connection.execute(select(ASSETS.c.native, ASSETS.c.lifecycle)).all()
    software = connection.execute(select(SOFTWARE.c.asset, SOFTWARE.c.name, SOFTWARE.c.version)).all()
    tags = connection.execute(select(ASSET_TAGS)).all()
    broken = connection.execute(select(VIOLATIONS)).all()
    return Held(
        findings={
            (row.type, f"{row.repository}/{row.path}", row.component, row.id): Found(
                row.vulnerability,
                Status.ACTIVE if row.status is Status.NEW else row.status,
                row.triage,
                row.images,
                row.reopened,
            )
            for row in connection.execute(select(FINDINGS))
        },
        lifecycles={row.native: row.lifecycle for row in assets},
        software=frozenset((named[row.asset], row.name, row.version) for row in software),
        tags=frozenset((named[row.asset], row.place, row.origin, row.key, row.value) for row in tags),
        violations=frozenset((row.finding, row.watch, *row.policies) for row in broken),
    )
