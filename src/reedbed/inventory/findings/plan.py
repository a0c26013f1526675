"""Deciding what becomes of the findings of one scope. Values in, values out.

A scope is an image path in a repository, whatever its tags: `docker-local/team/app`. A finding belongs to a
scope; its occurrences are the images of the scope that have it. `observe` takes in what was seen, at any
time; what is over is asked of `ending`, and only at the end of a run that listed everything.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from reedbed.model.fixes import lowest
from reedbed.model.inventory import Applicability, Coverage, FindingType, Severity, Status

Place = tuple[str, str]
"""An asset's id, and a version of the component in it."""

Admits = Callable[[Severity, Applicability | None], bool]
"""Whether the filters let a finding in; one that is left out stays as it is, and is not fixed."""


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
    last_run: str  # the newest that saw it
    standing: Mapping[Place, Occurrence]  # what is not gone
    applicability: Applicability | None = None
    fix_version: str | None = None
    images: int = 0


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a finding."""

    finding: str
    kind: str
    detail: dict[str, object] = {}


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as it is to be."""

    finding: str
    facts: Facts
    status: Status
    in_scope: bool
    new: bool
    reopened: bool  # it was fixed until now
    returned: bool  # it was fixed or retired until now
    applicability: Applicability | None  # the worst of its current occurrences
    fix_version: str | None  # the lowest that mends all of its current occurrences
    images: int  # current ones that have it
    last_run: str  # the newest that saw it


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What `observe` calls for. Carried out, the same call asks for nothing but `seen` and `confirmed`."""

    rekeyed: tuple[tuple[str, str], ...] = ()  # (id before, id now): to be done before all else
    updates: tuple[Update, ...] = ()
    appeared: tuple[tuple[str, str, Occurrence], ...] = ()  # finding, asset, what; new or changed
    gone: tuple[tuple[str, str, str], ...] = ()  # finding, asset, version
    seen: tuple[str, ...] = ()  # findings that an answer of this run has, changed or not
    confirmed: tuple[str, ...] = ()  # those of them that a conclusive answer has
    events: tuple[Event, ...] = ()


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

Standing = dict[Place, Occurrence]
EVENT_PLACES = 20
"""So many of the images that an event is about are named in it."""


def everything(severity: Severity, applicability: Applicability | None) -> bool:
    """Let every finding in."""
    return True


def observe(
    kept: Sequence[Kept], images: Sequence[Image], *, run: str, admits: Admits = everything
) -> Changes:
    """Take in what this run's answers say of a scope, whose images are all named.

    What an answer has is there, even if the answer is not conclusive. What it has not is gone from that image
    only if it is. An image that was not looked at keeps what it had; one that is there no more has nothing.
    Only a current image opens a finding, or opens it again: what nothing leads to any more is no news.
    """
    before, rekeyed = _rekeyed({each.finding: each for each in kept}, images)
    facts = {finding: each.facts for finding, each in before.items()}
    standing = {finding: dict(each.standing) for finding, each in before.items()}
    appeared, places = _take_in(images, facts, standing)
    gone = _take_out(images, standing, places)
    seen = _seen(image for image in images if _is_current(image))
    known = {image.asset: image for image in images}
    updates, events = [], [_renamed(before[new], kept_as) for kept_as, new in rekeyed]
    for finding, held in standing.items():
        was = before.get(finding)
        update = _update(finding, facts[finding], held, was, known, run=run, seen=finding in seen)
        if not admits(update.facts.severity, update.applicability):
            update = msgspec.structs.replace(update, in_scope=False)
        events += _events(update, was, held)
        if was is None or _differs(update, was, held):
            updates.append(update)
    return Changes(
        rekeyed=tuple(rekeyed),
        updates=tuple(updates),
        appeared=tuple(appeared),
        gone=tuple(gone),
        seen=tuple(seen),
        confirmed=tuple(_seen(each for each in images if _is_current(each) and each.coverage.conclusive)),
        events=tuple(events),
    )


def _rekeyed(kept: dict[str, Kept], images: Iterable[Image]) -> tuple[dict[str, Kept], list[tuple[str, str]]]:
    """Let a finding that has Xray's number for a key go on under the CVE that its issue was given since.

    Of several CVEs the first takes the finding over. An issue that still is seen under its number stays.
    """
    answered = {each.finding: each.facts for image in images for each in image.answer or ()}
    heirs: dict[tuple[str, str], str] = {}
    for finding, facts in sorted(answered.items(), key=lambda item: item[1].vulnerability):
        if facts.type is FindingType.VULNERABILITY and facts.issue and facts.vulnerability != facts.issue:
            heirs.setdefault((facts.issue, facts.component), finding)
    pairs = [
        (old, heirs[each.facts.issue, each.facts.component])
        for old, each in kept.items()
        if each.facts.vulnerability == each.facts.issue
        and old not in answered
        and (each.facts.issue, each.facts.component) in heirs
    ]
    after = dict(kept)
    for old, new in pairs:
        after[new] = _merged(after.pop(old), after.get(new), new)
    return after, pairs


def _merged(old: Kept, new: Kept | None, finding: str) -> Kept:
    """Join a finding with the one under its new key, where there was one already."""
    if new is None:
        return msgspec.structs.replace(old, finding=finding)
    status = new.status if new.status.open else old.status
    return msgspec.structs.replace(new, status=status, standing={**old.standing, **new.standing})


def _renamed(now: Kept, before: str) -> Event:
    return Event(finding=now.finding, kind="identity-changed", detail={"from": now.facts.issue, "id": before})


def _take_in(
    images: Iterable[Image], facts: dict[str, Facts], standing: dict[str, Standing]
) -> tuple[list[tuple[str, str, Occurrence]], dict[str, set[Place]]]:
    """Add what answers have; give what is new, and where each finding was seen."""
    appeared: list[tuple[str, str, Occurrence]] = []
    seen: dict[str, set[Place]] = {}
    for image in sorted(images, key=_is_current, reverse=True):
        for each in image.answer or ():
            if each.finding not in standing and not _is_current(image):
                continue
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
    images: Iterable[Image], standing: dict[str, Standing], seen: Mapping[str, set[Place]]
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


def _seen(images: Iterable[Image]) -> dict[str, None]:
    """The findings that some images' answers have, each once, in order."""
    return {each.finding: None for image in images for each in image.answer or ()}


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
    """Sum a finding up; what stands in no current image keeps what was last known of it."""
    current = [(asset, held[asset, version]) for asset, version in held if _counts(asset, known)]
    last = before if before and not current else None
    return Update(
        finding=finding,
        facts=facts,
        status=_status(before, run=run, seen=seen),
        in_scope=not held or any(asset in known and known[asset].in_scope for asset, _ in held),
        new=before is None,
        reopened=seen and before is not None and before.status is Status.FIXED,
        returned=seen and before is not None and not before.status.open,
        applicability=last.applicability if last else worst(each.applicability for _, each in current),
        fix_version=last.fix_version
        if last
        else fix_version(facts.package_type, [each for _, each in current]),
        images=len({asset for asset, _ in current}),
        last_run=run if seen or before is None else before.last_run,
    )


def _counts(asset: str, known: Mapping[str, Image]) -> bool:
    return asset in known and _is_current(known[asset])


def _is_current(image: Image) -> bool:
    return image.present and image.current and image.in_scope


def _status(before: Kept | None, *, run: str, seen: bool) -> Status:
    if before is None:
        return Status.NEW
    if not seen:
        return before.status
    match before.status:
        case Status.FIXED:
            return Status.REOPENED
        case Status.NEW | Status.REOPENED if before.last_run == run:  # broken off, it counts as one
            return before.status
        case _:  # what was retired was never fixed: it is simply back
            return Status.ACTIVE


def _differs(update: Update, before: Kept, held: Standing) -> bool:
    names = ("facts", "status", "in_scope", "applicability", "fix_version", "images")
    return held != before.standing or any(getattr(update, name) != getattr(before, name) for name in names)


def _events(update: Update, before: Kept | None, held: Standing) -> list[Event]:
    if before is None:
        return [Event(finding=update.finding, kind="detected")]
    events = _moves(update.finding, before.standing.keys(), held.keys())
    if update.reopened:
        events.append(Event(finding=update.finding, kind="reopened"))
    elif update.returned:
        events.append(Event(finding=update.finding, kind="returned"))
    if update.facts.severity != before.facts.severity:
        change: dict[str, object] = {"from": before.facts.severity.word, "to": update.facts.severity.word}
        events.append(Event(finding=update.finding, kind="severity-changed", detail=change))
    if update.in_scope != before.in_scope:
        events.append(Event(finding=update.finding, kind="in-scope" if update.in_scope else "out-of-scope"))
    return events


def _moves(finding: str, before: Collection[Place], now: Collection[Place]) -> list[Event]:
    """Say in which images a finding is now, and in which it is no more."""
    moved = (("occurrence-added", set(now) - set(before)), ("occurrence-removed", set(before) - set(now)))
    return [
        Event(
            finding=finding,
            kind=kind,
            detail={"count": len(places), "places": sorted(places)[:EVENT_PLACES]},
        )
        for kind, places in moved
        if places
    ]


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
