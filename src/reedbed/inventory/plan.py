"""Deciding what becomes of the findings of one scope. Values in, values out.

A scope is an image path in a repository, whatever its tags: `docker-local/team/app`. A finding belongs to a
scope; its occurrences are the images of the scope that have it. `observe` takes in what was seen, at any
time; `close` says what is over, and is asked only at the end of a run that listed everything.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from reedbed.model.fixes import lowest
from reedbed.model.inventory import Applicability, Coverage, FindingType, Severity, Status


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a finding now; when it changes, the finding stays the same one."""

    type: FindingType
    vulnerability: str
    component: str
    package_type: str
    issue: str
    severity: Severity
    source_severity: str
    title: str
    cvss3_score: float | None = None
    published_at: datetime | None = None
    text: str = ""  # the digest of the advisory's landed text
    mapped: dict[str, object] = {}  # what maps make of the rest


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the component in one image."""

    version: str  # "" where it is not known
    fixed_versions: tuple[str, ...] = ()
    applicability: Applicability | None = None
    paths: tuple[str, ...] = ()
    layer: str | None = None


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """A finding in one image, as an answer has it."""

    finding: str  # the id
    facts: Facts
    occurrences: tuple[Occurrence, ...]


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image of the scope, as far as it is known at this moment of the run."""

    asset: str  # the id
    current: bool  # the connection's policy counts it: by default a tag points to it
    present: bool = True  # Artifactory holds it; False only after a complete list without it
    in_scope: bool = True  # the filters let it in
    coverage: Coverage = Coverage.UNKNOWN  # of the newest look
    answer: tuple[Observed, ...] | None = None  # what that look gave, where it was in this run


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as the store has it."""

    finding: str
    facts: Facts
    status: Status
    in_scope: bool
    last_run: str
    standing: Mapping[tuple[str, str], Occurrence]  # (asset, version) → what is not gone
    reopened: int = 0


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a finding."""

    finding: str
    kind: str
    detail: dict[str, object] = {}


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as it is to be; `reopened` says that it was fixed until now."""

    finding: str
    facts: Facts
    status: Status
    in_scope: bool
    new: bool
    reopened: bool
    applicability: Applicability | None  # the worst of its current occurrences
    fix_version: str | None  # the lowest that mends all of its current occurrences
    images: int  # current ones that have it


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What `observe` calls for. Carried out, the same call asks for nothing but `seen`."""

    updates: tuple[Update, ...] = ()
    appeared: tuple[tuple[str, str, Occurrence], ...] = ()  # finding, asset, what; new or changed
    gone: tuple[tuple[str, str, str], ...] = ()  # finding, asset, version
    seen: tuple[str, ...] = ()  # findings that an answer of this run has, changed or not
    events: tuple[Event, ...] = ()


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that is over: `fixed` or `retired`."""

    finding: str
    status: Status
    because: str


WORST_FIRST = (
    Applicability.APPLICABLE,
    Applicability.UNDETERMINED,
    Applicability.NOT_COVERED,
    Applicability.RESCAN_REQUIRED,
    Applicability.UPGRADE_REQUIRED,
    Applicability.NOT_SCANNED,
    Applicability.UNSUPPORTED,
    Applicability.NOT_APPLICABLE,
)
_BADNESS = {word: place for place, word in enumerate(WORST_FIRST)}

Standing = dict[tuple[str, str], Occurrence]


def observe(kept: Sequence[Kept], images: Sequence[Image], *, run: str) -> Changes:
    """Take in what this run's answers say of a scope, whose images are all named.

    What an answer has is there, even if the answer is not conclusive. What it has not is gone from that image
    only if it is. An image that was not looked at keeps what it had; one that is there no more has nothing.
    """
    by_id = {each.finding: each for each in kept}
    facts, standing = {each.finding: each.facts for each in kept}, {}
    for each in kept:
        standing[each.finding] = dict(each.standing)
    appeared, seen = _take_in(images, facts, standing)
    gone = _take_out(images, standing, seen)
    known = {image.asset: image for image in images}
    updates, events = [], []
    for finding, held in standing.items():
        before = by_id.get(finding)
        update = _update(finding, facts[finding], held, before, known, run=run, seen=finding in seen)
        events += _events(update, before)
        if before is None or _differs(update, before, held):
            updates.append(update)
    return Changes(
        updates=tuple(updates),
        appeared=tuple(appeared),
        gone=tuple(gone),
        seen=tuple(seen),
        events=tuple(events),
    )


def _take_in(
    images: Iterable[Image], facts: dict[str, Facts], standing: dict[str, Standing]
) -> tuple[list[tuple[str, str, Occurrence]], dict[str, set[tuple[str, str]]]]:
    """Add what answers have; give what is new, and where each finding was seen."""
    appeared: list[tuple[str, str, Occurrence]] = []
    seen: dict[str, set[tuple[str, str]]] = {}
    for image in images:
        for each in image.answer or ():
            facts[each.finding] = each.facts
            held = standing.setdefault(each.finding, {})
            places = seen.setdefault(each.finding, set())
            for occurrence in each.occurrences:
                place = (image.asset, occurrence.version)
                places.add(place)
                if held.get(place) != occurrence:
                    held[place] = occurrence
                    appeared.append((each.finding, image.asset, occurrence))
    return appeared, seen


def _take_out(
    images: Iterable[Image], standing: dict[str, Standing], seen: Mapping[str, set[tuple[str, str]]]
) -> list[tuple[str, str, str]]:
    """Drop what conclusive answers have not, and what images had that are there no more."""
    silent = {image.asset for image in images if image.answer is not None and image.coverage.conclusive}
    absent = {image.asset for image in images if not image.present}
    gone = []
    for finding, held in standing.items():
        places = seen.get(finding, set())
        for place in [p for p in held if p[0] in absent or (p[0] in silent and p not in places)]:
            del held[place]
            gone.append((finding, *place))
    return gone


def _update(
    finding: str,
    facts: Facts,
    held: Standing,
    before: Kept | None,
    known: Mapping[str, Image],
    *,
    run: str,
    seen: bool,
) -> Update:
    current = [(asset, held[asset, version]) for asset, version in held if _counts(asset, known)]
    reopened = seen and before is not None and before.status is Status.FIXED
    return Update(
        finding=finding,
        facts=facts,
        status=_status(before, run=run, seen=seen),
        in_scope=not held or any(asset in known and known[asset].in_scope for asset, _ in held),
        new=before is None,
        reopened=reopened,
        applicability=worst(occurrence.applicability for _, occurrence in current),
        fix_version=fix_version(facts.package_type, [occurrence for _, occurrence in current]),
        images=len({asset for asset, _ in current}),
    )


def _counts(asset: str, known: Mapping[str, Image]) -> bool:
    return asset in known and known[asset].current and known[asset].in_scope


def _status(before: Kept | None, *, run: str, seen: bool) -> Status:
    if before is None:
        return Status.NEW
    if not seen or before.last_run == run:  # a run that was broken off counts as one
        return before.status
    match before.status:
        case Status.FIXED:
            return Status.REOPENED
        case _:  # what was retired was never fixed: it is simply back
            return Status.ACTIVE


def _differs(update: Update, before: Kept, held: Standing) -> bool:
    same = (update.facts, update.status, update.in_scope) == (before.facts, before.status, before.in_scope)
    return not same or held != before.standing


def _events(update: Update, before: Kept | None) -> list[Event]:
    if before is None:
        return [Event(finding=update.finding, kind="detected")]
    events = []
    if update.reopened:
        events.append(Event(finding=update.finding, kind="reopened"))
    if update.status is Status.ACTIVE and before.status is Status.RETIRED:
        events.append(Event(finding=update.finding, kind="returned"))
    if update.facts.severity != before.facts.severity:
        change: dict[str, object] = {"from": before.facts.severity.word, "to": update.facts.severity.word}
        events.append(Event(finding=update.finding, kind="severity-changed", detail=change))
    if update.in_scope != before.in_scope:
        events.append(Event(finding=update.finding, kind="in-scope" if update.in_scope else "out-of-scope"))
    return events


def close(kept: Sequence[Kept], images: Sequence[Image]) -> list[Closing]:
    """Say which open findings of a scope are over, after a run that listed all of its images.

    Fixed: every current image was conclusively scanned, and none has it. Retired: no image is left.
    What the filters leave out proves nothing: a finding that stands there stays as it is.
    """
    current = [image for image in images if image.present and image.current and image.in_scope]
    if any(not image.coverage.conclusive for image in current):
        return []
    counting = {image.asset for image in current}
    holding = counting | {image.asset for image in images if image.present and not image.in_scope}
    over = [
        each
        for each in kept
        if each.status.open and each.in_scope and not any(asset in holding for asset, _ in each.standing)
    ]
    if not current:
        return [Closing(finding=e.finding, status=Status.RETIRED, because="no image is left") for e in over]
    versions = _versions(kept, counting)
    return [Closing(finding=e.finding, status=Status.FIXED, because=_because(e, versions)) for e in over]


def _versions(kept: Iterable[Kept], counting: set[str]) -> dict[str, set[str]]:
    """The versions of components that current images are known to have, by other findings."""
    versions: dict[str, set[str]] = {}
    for each in kept:
        for asset, version in each.standing:
            if asset in counting and version:
                versions.setdefault(each.facts.component, set()).add(version)
    return versions


def _because(each: Kept, versions: Mapping[str, set[str]]) -> str:
    """Say why a finding is no more; where it stands in images yet, those are not current any more."""
    if now := versions.get(each.facts.component):
        return f"the component is in version {', '.join(sorted(now))} now"
    if each.standing:
        return "the images that had it were replaced"
    return "the component was removed, or the advisory was taken back"


def worst(words: Iterable[Applicability | None]) -> Applicability | None:
    """Give the applicability that asks for most; None: nothing is said."""
    return min((word for word in words if word), key=_BADNESS.__getitem__, default=None)


def fix_version(package_type: str, occurrences: Sequence[Occurrence]) -> str | None:
    """Give the lowest version that mends every occurrence; None: there is none, or its order is not known.

    Each occurrence names the versions that mend it, on as many release lines as are kept up.
    """
    offered = [set(each.fixed_versions) for each in occurrences]
    common = set.intersection(*offered) if offered else set()
    if len(common) <= 1:
        return next(iter(common), None)
    return lowest(package_type, common)


def too_many(closings: int, open_before: int, *, share: float) -> bool:
    """Say whether so many findings would close at once that a person should look first."""
    return closings > 1 and closings > share * open_before
