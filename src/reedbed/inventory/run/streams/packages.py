"""Packages that are no images: files of npm, PyPI, Maven and other repositories, and what Xray found. Acts.

A file is an asset and a scope of its own, named by its path, so that a release that is mended elsewhere stays
what it is until it is deleted.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec
from sqlalchemy import Connection

from reedbed.errors import ReedbedError
from reedbed.inventory.connection.filters import lets_in_finding
from reedbed.inventory.findings.of_summary import spoken_of, told
from reedbed.inventory.findings.plan import Observed
from reedbed.inventory.findings.reconcile import Counts, reconcile
from reedbed.inventory.records.installed import software_of
from reedbed.inventory.records.landing import landing_of, landing_of_scan, text_of
from reedbed.inventory.records.moments import moment
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.due import OVERLAP
from reedbed.inventory.run.streams.outcome import Outcome
from reedbed.jfrog.artifactory import Artifactory, storage_keys
from reedbed.jfrog.package_files import PackageFile, holds_packages, package_files
from reedbed.jfrog.summary import Answer, Findings
from reedbed.jfrog.wire import Repo
from reedbed.model.identity import asset_id
from reedbed.model.inventory import AssetClass, Coverage, FindingType, Stream
from reedbed.model.records import ImageRecord, ScanRecord, StoredChecksums, StoredManifest
from reedbed.store.inventory import assets, filed, landed, packages, placements, software, streams
from reedbed.store.inventory.assets import Asset, Look
from reedbed.store.inventory.filed import Filed
from reedbed.store.inventory.landed import Landing
from reedbed.store.inventory.placements import Placement
from reedbed.store.inventory.scopes import Scope
from reedbed.store.inventory.software import Installed

PAGE, BATCH = 1_000, 100
PACKAGE, SCAN = "package", "package-vulnerability"
VULNERABILITY = frozenset({FindingType.VULNERABILITY})


class _Tally(msgspec.Struct, kw_only=True):
    listed: int = 0
    read: int = 0
    gaps: int = 0
    newest: datetime | None = None
    refused: list[str] = []
    findings: Counts = Counts()


async def read(run: Sync, repositories: Sequence[Repo]) -> Outcome:
    """List the packages, ask Xray about those that are due, and bring it in.

    Raises:
        Refused: Xray does not take the token.
        Unreachable: the store does not answer.
    """
    known = await run.db.read(streams.mark, run.connection, Stream.PACKAGES)
    watermark = moment(known.watermark)
    since = watermark - OVERLAP if watermark and run.mode is Mode.DELTA else None
    tally = _Tally()
    some = [repo for repo in repositories if holds_packages(repo)]
    for repo in some:
        for key in storage_keys([repo]):
            await _list(run, repo, key, since, tally)
    stale = run.now() - timedelta(hours=run.scope.refresh_h)
    before = run.started_at if run.mode is Mode.FULL else stale
    await run.db.write(packages.want, run.connection, run=run.id, before=before)
    findings = Findings(run.jfrog)
    for repo in some:
        await _read(run, repo.key, findings, tally)
    whole = since is None and not tally.refused
    retired = await run.db.write(packages.retire_unplaced, run.connection) if whole else 0
    mark = max(filter(None, (tally.newest, watermark)), default=None)
    if not tally.refused:
        later = mark.isoformat() if mark else None
        await run.db.write(streams.save_mark, msgspec.structs.replace(known, watermark=later))
    counts = {"listed": tally.listed, "packages": tally.read, "retired": retired}
    return Outcome(
        complete=whole and run.mode is not Mode.DELTA and not run.leaving(),
        gaps=tally.gaps + len(tally.refused),
        counts=counts | msgspec.structs.asdict(tally.findings),
        watermark=mark.isoformat() if mark else None,
    )


# Listing


async def _list(run: Sync, repo: Repo, at: str, since: datetime | None, tally: _Tally) -> None:
    """List the files of a repository; `at` is where they are."""
    page: list[PackageFile] = []
    package_type = repo.packageType.lower()
    try:
        async for each in package_files(Artifactory(run.jfrog), at, package_type, updated_after=since):
            page.append(each)
            if len(page) >= PAGE:
                await _keep(run, repo, page, tally)
                page = []
        await _keep(run, repo, page, tally)
    except ReedbedError as error:
        tally.refused.append(repo.key)
        await run.tell("error", "not-listed", error.why, stream=Stream.PACKAGES, item=repo.key)
        return
    if since is None:
        await run.db.write(placements.end_unseen, run.connection, repo.key, run=run.id, now=run.now())


async def _keep(run: Sync, repo: Repo, page: Sequence[PackageFile], tally: _Tally) -> None:
    await run.db.write(_save, run, repo, page)
    tally.listed += len(page)
    updates = [tally.newest, *(moment(each.updated) for each in page)]
    tally.newest = max(filter(None, updates), default=None)


def _save(connection: Connection, run: Sync, repo: Repo, page: Sequence[PackageFile]) -> None:
    now = run.now()
    rows = [_asset(run, repo, each) for each in page]
    packages.want_changed(connection, {row.id: row.manifest_digest or "" for row in rows}, run=run.id)
    assets.save(connection, run.connection, rows, run=run.id, now=now)
    places = [
        Placement(
            repository=row.repository or "",
            path=row.path or "",
            tag=row.tag or "",
            asset=row.id,
            listed=msgspec.structs.asdict(each),
            in_scope=True,
            uploaded_at=row.uploaded_at,
            uploaded_by=each.created_by,
        )
        for row, each in zip(rows, page, strict=True)
    ]
    placements.save(connection, run.connection, places, run=run.id, now=now)


def _asset(run: Sync, repo: Repo, file: PackageFile) -> Asset:
    native = f"{repo.key}/{file.file}"
    return Asset(
        id=asset_id(run.connection, AssetClass.PACKAGE, native),
        asset_class=AssetClass.PACKAGE,
        native=native,
        vendor_id=f"{run.origin.host}/{native}",
        name=native,
        registry=run.origin.host,
        repository=repo.key,
        path=file.file,
        tag=file.version or file.file.rpartition("/")[2],
        manifest_digest=file.digest,
        size_bytes=file.size,
        uploaded_at=moment(file.created),
        package_type=repo.packageType.lower(),
    )


# Reading


async def _read(run: Sync, repository: str, findings: Findings, tally: _Tally) -> None:
    after: Filed | None = None
    page = filed.page
    while some := await run.db.read(page, run.connection, repository, after=after, limit=BATCH, due=run.id):
        if run.leaving():
            return
        answers = await findings.read([each.digest or "" for each in some])
        pairs = list(zip(some, answers, strict=True))
        tally.findings += await run.db.write(_bring_in, run, pairs)
        tally.read += len(some)
        tally.gaps += sum(not answer.coverage.conclusive for answer in answers)
        after = some[-1]


class _Brought(msgspec.Struct, kw_only=True):
    """What some packages become in the store."""

    texts: dict[str, bytes] = {}
    landings: list[Landing] = []
    answers: dict[str, tuple[Observed, ...]] = {}  # by asset
    software: dict[str, list[Installed]] = {}


def _bring_in(connection: Connection, run: Sync, some: Sequence[tuple[Filed, Answer]]) -> Counts:
    now, name, types = run.now(), run.connection, spoken_of(run.scope.streams) | VULNERABILITY
    looks = [
        Look(asset=file.asset, coverage=answer.coverage, reason=answer.reason, scanned_at=None)
        for file, answer in some
    ]
    assets.note_looks(connection, looks, now=now)
    brought = _Brought()
    for file, answer in some:
        if answer.coverage in (Coverage.SCANNED, Coverage.PARTIAL):
            _take_in(run, file, answer, types, brought)
    counts = Counts()
    admits = partial(lets_in_finding, run.scope.filters)
    for file, _ in some:
        scope, here = Scope(name, file.repository, file.path), brought.answers.get(file.asset)
        answers = {file.asset: here} if here is not None else {}
        counts += reconcile(
            connection, scope, answers, types=types, run=run.id, began=run.started_at, now=now, admits=admits
        )
    landed.save_texts(connection, brought.texts)
    landed.land(connection, name, brought.landings, run=run.id, now=now)
    software.add(connection, brought.software)
    packages.note_read(connection, [file.asset for file, _ in some])
    return counts


def _take_in(
    run: Sync, file: Filed, answer: Answer, types: frozenset[FindingType], brought: _Brought
) -> None:
    record, native = _record(run, file), f"{file.repository}/{file.path}"
    texts = [text_of(each) for each in answer.vulnerabilities]
    brought.texts |= dict(texts)
    digests = [digest for digest, _ in texts]
    scan = ScanRecord(
        image=record,
        vulnerabilities=answer.vulnerabilities,
        licenses=answer.licenses,
        operational_risks=answer.operational_risks,
    )
    brought.landings.append(landing_of(PACKAGE, native, record))
    brought.landings.append(landing_of_scan(native, scan, digests, model=SCAN))
    scope = Scope(run.connection, file.repository, file.path)
    brought.answers[file.asset] = told(answer, digests, scope=scope, types=types)
    if Stream.COMPONENTS in run.scope.streams:
        found = software_of(answer.vulnerabilities, answer.licenses)
        brought.software[file.asset] = [msgspec.structs.asdict(each) for each in found]


def _record(run: Sync, file: Filed) -> ImageRecord:
    """A package in the words of the source models, which know images: its file stands for the manifest's."""
    digest = (file.digest or "").removeprefix("sha256:")
    return ImageRecord(
        image_name=file.path,
        image_registry=run.origin.host,
        image_repository=file.repository,
        image_tag=file.tag,
        eval_external_id=file.asset,
        eval_vendor_asset_id=f"{run.origin.host}/{file.repository}/{file.path}",
        storage_manifest=StoredManifest(
            repo=file.repository, path=file.file, checksums=StoredChecksums(sha256=digest)
        ),
    )
