"""Violations of Xray's watches as findings of their own, beside those that they are about. Acts.

A violation is one of a watch, an issue and a component in a scope. Its place is an asset that is known; what
is about an artifact that is not (a build, a repository that the filters leave out) is counted, and not kept.
Every run that is no delta reads all of them, and only then is gone what none of the lists has.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec
from sqlalchemy import Connection

from reedbed.errors import Refused
from reedbed.inventory.connection.filters import lets_in_finding
from reedbed.inventory.findings.plan import Facts, Observed, Occurrence
from reedbed.inventory.findings.reconcile import Counts, kept_of, reconcile
from reedbed.inventory.records.moments import moment
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.streams.outcome import Outcome
from reedbed.jfrog import violations as jfrog
from reedbed.jfrog.artifactory import storages
from reedbed.jfrog.component_id import component
from reedbed.jfrog.images import BY_DIGEST
from reedbed.jfrog.violations import EVER, Violation
from reedbed.jfrog.wire import Repo
from reedbed.model.identity import asset_id, finding_id
from reedbed.model.inventory import AssetClass, Coverage, FindingType, Stream
from reedbed.model.ratings import severity
from reedbed.store.inventory import assets, scopes, streams
from reedbed.store.inventory import violations as store
from reedbed.store.inventory.scopes import Scope
from reedbed.store.inventory.violations import Broken

OVERLAP = timedelta(minutes=5)
TYPES = frozenset({FindingType.VIOLATION})
LONGEST = 300


class _Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A violation at one artifact, whose asset is known."""

    scope: Scope
    asset: str
    seen: Observed
    broken: Broken


class _Tally(msgspec.Struct, kw_only=True):
    seen: set[tuple[str, str]] = msgspec.field(default_factory=set)  # (finding, asset)
    findings: Counts = Counts()
    rows: int = 0
    elsewhere: int = 0  # artifacts that are no asset
    unclear: int = 0  # rows that do not say what they are known by, or where they are
    newest: str = ""

    def add(self, more: "_Tally") -> None:
        self.seen |= more.seen
        self.findings += more.findings
        self.rows += more.rows
        self.elsewhere += more.elsewhere
        self.unclear += more.unclear
        self.newest = max(self.newest, more.newest)


async def read(run: Sync, repositories: Sequence[Repo], *, rules_known: bool) -> Outcome:
    """Read the violations that are new, or all; take in what is there, and what is there no more.

    What a rule hides is in no list either: where the rules were to be read, and were not, nothing is gone.

    Raises:
        Unreachable, Refused, Unreadable: not all was read. What was is kept, and nothing is taken for gone.
    """
    known = await run.db.read(streams.mark, run.connection, Stream.VIOLATIONS)
    watermark = moment(known.watermark)
    whole = run.mode is not Mode.DELTA or watermark is None
    since = EVER if whole or watermark is None else watermark - OVERLAP
    tally = _Tally()
    for watch in await _watches(run):
        async for rows in jfrog.violations(run.jfrog, watch=watch, since=since):
            tally.add(await run.db.write(_take_in, run, storages(repositories), rows))
    proves = whole and rules_known and not tally.unclear
    gone = await run.db.write(_take_out, run, tally) if proves else 0
    mark = max(filter(None, (tally.newest, known.watermark)), default=None)
    await run.db.write(
        streams.save_mark,
        msgspec.structs.replace(
            known,
            watermark=mark,
            complete_run=run.id if proves else known.complete_run,
            complete_at=run.now() if proves else known.complete_at,
        ),
    )
    counts = {"violations": tally.rows, "elsewhere": tally.elsewhere, "gone": gone}
    counts |= msgspec.structs.asdict(tally.findings)
    complete = proves and run.mode is not Mode.DELTA
    return Outcome(complete=complete, gaps=tally.unclear, counts=counts, watermark=mark)


async def _watches(run: Sync) -> Sequence[str | None]:
    """Name the watches to ask for one by one; who may not list them asks for all at once."""
    try:
        return await jfrog.watches(run.jfrog)
    except Refused as refused:
        await run.tell("info", "watches-not-listed", refused.why, stream=Stream.VIOLATIONS)
        return [None]


def _take_in(connection: Connection, run: Sync, keys: Mapping[str, str], rows: Iterable[Violation]) -> _Tally:
    """Take in a page, by which repository has which files. What it does not have proves nothing yet."""
    tally = _Tally()
    now, answers = run.now(), dict[Scope, dict[str, dict[str, Observed]]]()
    broken: dict[str, Broken] = {}
    for row in rows:
        tally.rows += 1
        created = moment(row.created)
        tally.newest = max(tally.newest, created.isoformat() if created else "")
        if not row.whole:
            tally.unclear += 1
            continue
        for placed in _placed(connection, run, keys, row, tally):
            here = answers.setdefault(placed.scope, {}).setdefault(placed.asset, {})
            here[placed.seen.finding] = _joined(here.get(placed.seen.finding), placed.seen)
            broken[placed.broken.finding] = placed.broken
            tally.seen.add((placed.seen.finding, placed.asset))
    for scope, found in sorted(answers.items()):
        seen = {asset: tuple(by_finding.values()) for asset, by_finding in found.items()}
        tally.findings += reconcile(
            connection, scope, seen, types=TYPES, coverage=Coverage.PARTIAL,
            run=run.id, began=run.started_at, now=now, admits=partial(lets_in_finding, run.scope.filters),
        )  # fmt: skip
    store.save(connection, broken.values())
    return tally


def _joined(before: Observed | None, now: Observed) -> Observed:
    """Two versions of a component in one asset are one finding."""
    versions = {each.version: each for each in (*(before.occurrences if before else ()), *now.occurrences)}
    return msgspec.structs.replace(now, occurrences=tuple(versions[key] for key in sorted(versions)))


def _take_out(connection: Connection, run: Sync, tally: _Tally) -> int:
    """End what stands and was in none of the lists, once all of them were read; give how many."""
    now, gone = run.now(), 0
    for scope, stood in sorted(store.standing(connection, run.connection).items()):
        left = stood - tally.seen
        if not left:
            continue
        gone += len(left)
        answers = _still(connection, scope, tally)
        reconcile(
            connection, scope, answers, types=TYPES, coverage=Coverage.SCANNED,
            run=run.id, began=run.started_at, now=now, admits=partial(lets_in_finding, run.scope.filters),
        )  # fmt: skip
    return gone


def _still(connection: Connection, scope: Scope, tally: _Tally) -> dict[str, tuple[Observed, ...]]:
    """What a scope's assets have by all the lists: what is kept, as far as it was seen."""
    answers: dict[str, dict[str, list[Occurrence]]] = {}
    kept, hidden = kept_of(connection, scope, TYPES), scopes.suppressed(connection, scope)
    for each in kept:
        for (asset, _), occurrence in each.standing.items():
            found = answers.setdefault(asset, {})
            if each.finding in hidden or (each.finding, asset) in tally.seen:
                found.setdefault(each.finding, []).append(occurrence)
    facts = {each.finding: each.facts for each in kept}
    return {
        asset: tuple(
            Observed(finding=finding, facts=facts[finding], occurrences=tuple(occurrences))
            for finding, occurrences in found.items()
        )
        for asset, found in answers.items()
    }


def _placed(
    connection: Connection, run: Sync, keys: Mapping[str, str], row: Violation, tally: _Tally
) -> Iterable[_Placed]:
    for artifact in row.impacted_artifacts or ():
        at = _asset_at(connection, run, keys, artifact)
        if at is None:
            tally.elsewhere += 1
            continue
        for component_id in row.infected_components or (artifact,):
            yield _violation(run, row, component_id, *at)


def _asset_at(
    connection: Connection, run: Sync, keys: Mapping[str, str], artifact: str
) -> tuple[Scope, str] | None:
    """Find an artifact: `default/docker-local/team/app/1.0/`, or `default/npm-local/a/-/a-1.tgz`."""
    _, _, place = artifact.strip("/").partition("/")
    at, _, path = place.partition("/")
    repository = keys.get(at)
    if repository is None:  # not read, or there no more
        return None
    package = asset_id(run.connection, AssetClass.PACKAGE, f"{repository}/{path}")
    if assets.known(connection, [package]):
        return Scope(run.connection, repository, path), package
    folder = path.removesuffix("/manifest.json").removesuffix("/list.manifest.json")
    image, _, last = folder.rpartition("/")
    if BY_DIGEST.fullmatch(last):
        by_digest = asset_id(run.connection, AssetClass.IMAGE, f"sha256:{last[-64:]}")
        known = assets.known(connection, [by_digest])
        return (Scope(run.connection, repository, image), by_digest) if known else None
    found = store.assets_at(connection, run.connection, repository, [(image, last)])
    return (Scope(run.connection, repository, image), found[image, last]) if found else None


def _violation(run: Sync, row: Violation, component_id: str, scope: Scope, asset: str) -> _Placed:
    part = component(component_id)
    key, where = f"{row.watch_name}/{row.issue_id}", f"{scope.repository}/{scope.path}"
    finding = finding_id(run.connection, where, FindingType.VIOLATION, key, part.purl)
    cves = row.cves
    facts = Facts(
        type=FindingType.VIOLATION,
        vulnerability=cves[0] if len(cves) == 1 else row.issue_id,
        component=part.purl,
        package_type=part.type,
        issue=row.issue_id,
        severity=severity(row.severity),
        source_severity=row.severity,
        title=f"{row.watch_name}: {row.summary or row.issue_id} in {part.name}"[:LONGEST],
        published_at=None,
    )
    policies = tuple(sorted({each.policy for each in row.matched_policies or () if each.policy}))
    return _Placed(
        scope=scope,
        asset=asset,
        seen=Observed(finding=finding, facts=facts, occurrences=(Occurrence(version=part.version),)),
        broken=Broken(
            finding=finding, watch=row.watch_name, policies=policies, kind=row.type, created_at=_at(row)
        ),
    )


def _at(row: Violation) -> datetime | None:
    return moment(row.created)
