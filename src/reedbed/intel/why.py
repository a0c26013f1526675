"""Why a release is blocked, or is not: all that is known of it, gathered across the flows."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.errors import ReedbedError
from reedbed.intel.explain import not_admitted
from reedbed.intel.flagging import flagged_of, meant
from reedbed.intel.merge import Admission, merge
from reedbed.intel.prepare import ties_of
from reedbed.intel.relevance import EVERYTHING, Relevance, grounds
from reedbed.intel.status import Known, known_of
from reedbed.jfrog import enforcement
from reedbed.jfrog.blocking import Cover, cover
from reedbed.jfrog.custom_issue import enforceable, issue_id
from reedbed.jfrog.layouts import REPOSITORY_TYPES
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.xray import Xray
from reedbed.model.advisory import Standing
from reedbed.model.ledger import Action, HoldRule
from reedbed.model.purl import Purl
from reedbed.model.versions import holds
from reedbed.store import exemptions, findings, platforms
from reedbed.store.exemptions import Exemption
from reedbed.store.findings import Finding, Status

FINDINGS_SHOWN = 100


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What one record of a feed says of the package."""

    feed: str
    id: str
    says: str  # "malicious", "suspicious", "withdrawn"
    confidence: str
    versions: str  # in bracket notation
    meant: bool | None  # whether this very release is among them; None: not known, or none was asked about
    blocks: str | None  # None: it does; else why it does not
    summary: str
    url: str | None
    modified: datetime


class There(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand on one platform, as the store knows it."""

    platform: str
    issue: str | None = None  # the custom issue's id
    pushed_at: datetime | None = None
    seen_at: datetime | None = None  # when a read-back last showed it
    meant: bool | None = None  # whether the issue holds this release
    waits: Action | None = None  # a change that is not carried out yet
    held: tuple[HoldRule, ...] = ()
    failed: str | None = None  # how it went when it was last tried
    left_out: bool = False  # flagged, and not pushed: neither recent, nor in Artifactory, nor backfilled


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """All that the store knows of a package, and of one release of it if one was asked about."""

    package: str
    version: str | None
    flagged: bool  # by any feed, or by what the ledger remembers
    meant: bool | None
    said: Sequence[Said]
    unblocked: Sequence[Exemption]  # by a person, for a while
    platforms: Sequence[There]
    findings: Sequence[Finding]
    advice: Sequence[str]

    @property
    def known(self) -> bool:
        return bool(self.said or self.findings or any(each.issue for each in self.platforms))


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform itself answers now."""

    platform: str
    issue: bool | None = None  # whether Xray holds the custom issue; None: not known
    covers: tuple[Cover, ...] = ()  # of the repositories of this package type
    not_known: str | None = None  # why it could not be found out


def why(
    connection: Connection,
    package: Purl,
    version: str | None,
    *,
    admission: Admission,
    relevance: Relevance = EVERYTHING,
    now: datetime,
) -> Why:
    """Gather what is known of a package; nothing here asks JFrog or a feed."""
    key = str(package)
    known = known_of(connection, key)
    names = [each.name for each in platforms.list_all(connection)]
    united = [flagged_of(connection, name, [key], admission).get(package) for name in names]
    flagged = next(filter(None, united), None) or merge(known.statements, admission)
    freed = exemptions.of_packages(connection, [key]).get(key, [])
    blocks = enforceable(package.type) and merge(known.statements, admission) is not None and not freed

    def matters(name: str) -> bool:
        ties = ties_of(connection, name, [key], {key} if name in known.pushed else set())
        return bool(grounds(known.statements, ties[key], admission=admission, relevance=relevance, now=now))

    there = [_there(name, known, version, left_out=blocks and not matters(name)) for name in names]
    found = findings.page(connection, package=key, limit=FINDINGS_SHOWN)
    asked = meant(flagged, version) if flagged and version else None
    return Why(
        package=key,
        version=version,
        flagged=flagged is not None,
        meant=asked,
        said=[_said(each, version, admission) for each in known.statements],
        unblocked=freed,
        platforms=there,
        findings=found,
        advice=list(_advice(package, flagged is not None, asked, there, found)),
    )


def _said(each: Standing, version: str | None, admission: Admission) -> Said:
    advisory = each.advisory
    stops = "it was withdrawn" if each.withdrawn else None
    if not each.withdrawn and not admission.admits(advisory):
        stops = not_admitted(advisory)
    return Said(
        feed=advisory.feed,
        id=advisory.id,
        says="withdrawn" if each.withdrawn else advisory.verdict,
        confidence=advisory.confidence,
        versions=str(advisory.versions),
        meant=holds(advisory.versions, version, advisory.package.type) if version else None,
        blocks=stops,
        summary=advisory.summary,
        url=advisory.url,
        modified=advisory.modified,
    )


def _there(platform: str, known: Known, version: str | None, *, left_out: bool) -> There:
    pushed, waiting = known.pushed.get(platform), known.waiting.get(platform)
    return There(
        platform=platform,
        issue=pushed.issue_id if pushed else None,
        pushed_at=pushed.pushed_at if pushed else None,
        seen_at=pushed.verified_at if pushed else None,
        meant=meant(pushed.flagged, version) if pushed and version else None,
        waits=waiting.change.action if waiting else None,
        held=waiting.change.held if waiting else (),
        failed=waiting.reason if waiting else None,
        left_out=left_out,
    )


def _advice(
    package: Purl,
    flagged: bool,
    asked: bool | None,
    there: Iterable[There],
    found: Iterable[Finding],
) -> Iterable[str]:
    """Say what to do next. Pure."""
    if flagged and asked is False:
        yield "This release is not among the flagged versions; if it is refused, --live shows by what."
    elif flagged:
        yield "Take a release that is not flagged, and treat machines that ran a flagged one as broken into."
        yield "On developers' machines run: reedbed intel cached --remove"
    if flagged and not enforceable(package.type):
        yield f"Xray knows no {package.type} packages: nothing blocks it there."
    for each in there:
        if each.held:
            yield f"Decide about what is held: reedbed intel release {each.platform} {package}"
        elif each.left_out:
            command = f"reedbed intel backfill {each.platform} --package {package} --reason …"
            yield f"Push it all the same: {command}"
        elif each.waits:
            yield f"The next run on {each.platform} carries out what waits."
    for finding in found:
        if finding.status is Status.OPEN:
            yield f"Quarantine the file: reedbed intel quarantine {finding.platform} {finding.id} --reason …"


async def live(jfrog: JFrog, package: Purl) -> Live:
    """Ask a platform whether it holds the custom issue, and which policies block where; changes nothing."""
    name = jfrog.platform.name
    if not enforceable(package.type):
        return Live(platform=name, not_known=f"Xray knows no {package.type} packages")
    try:
        issue = await Xray(jfrog).issue(issue_id(package))
        state = await enforcement.survey(jfrog)
    except ReedbedError as error:
        return Live(platform=name, not_known=str(error))
    words = REPOSITORY_TYPES.get(package.type, frozenset())
    keys = sorted(
        repo.key
        for repo in state.repositories
        if repo.packageType.lower() in words and repo.type.upper() != "VIRTUAL"
    )
    covers = [_either(cover(state, key, "malicious"), cover(state, key, "severity")) for key in keys]
    return Live(platform=name, issue=issue is not None, covers=tuple(covers))


def _either(by_flag: Cover, by_severity: Cover) -> Cover:
    """Unite what blocks by Xray's malicious flag with what blocks by severity."""
    both = dict.fromkeys((*by_flag.blocked_by, *by_severity.blocked_by))
    return msgspec.structs.replace(by_flag, blocked_by=tuple(both))
