"""Which findings an ignore rule of Xray covers. Pure.

Of a rule's filters each must hold, and of its objectives one. A rule that names watches or policies is about
their violations alone. A finding is covered when each place where it stands is: a rule about one tag does not
hide the others. A rule about what is not in here (builds, projects, release bundles) covers nothing.
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from reedbed.inventory.records.moments import moment
from reedbed.jfrog.component_id import component
from reedbed.jfrog.ignore_rules import IgnoreRule, Named
from reedbed.model.inventory import FindingType
from reedbed.store.inventory.violations import Broken

ANY = "any"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a finding stands."""

    repository: str
    storage: str  # the key under which its files are: of a remote its cache's
    path: str  # an image's below its repository, or a file's
    tag: str
    version: str  # of the component
    layer: str | None = None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, as rules look at it."""

    type: FindingType
    vulnerability: str
    issue: str
    component: str  # the purl
    places: tuple[Place, ...]
    broken: Broken | None = None  # of a violation


def cover(rules: Sequence[IgnoreRule], subject: Subject) -> list[IgnoreRule]:
    """Give the rules that together cover a finding; none: it stays open."""
    fitting = [
        rule for rule in rules if _is_live(rule) and _objective(rule, subject) and _watched(rule, subject)
    ]
    used: dict[str, IgnoreRule] = {}
    for place in subject.places:
        found = next((rule for rule in fitting if _at(rule, subject, place)), None)
        if found is None:
            return []
        used[found.id] = found
    return list(used.values())


def until(rules: Iterable[IgnoreRule]) -> str | None:
    """Give when the first of the rules ends, in ISO 8601; None: none of them does."""
    ends = [end for rule in rules if rule.expires_at and (end := moment(rule.expires_at))]
    return min(ends).isoformat() if ends else None


def _is_live(rule: IgnoreRule) -> bool:
    return not rule.is_expired and not rule.elsewhere


def _objective(rule: IgnoreRule, subject: Subject) -> bool:
    kind = subject.broken.kind.lower() if subject.broken else subject.type.value
    match kind:
        case "licence" | "license":
            return _names(rule.licenses, {subject.vulnerability})
        case "operational-risk" | "operational_risk":
            return bool(rule.operational_risk)
        case _:
            named = {subject.issue} - {""}
            return _names(rule.vulnerabilities, named) or _names(rule.cves, {subject.vulnerability})


def _watched(rule: IgnoreRule, subject: Subject) -> bool:
    if not (rule.watches or rule.policies):
        return True
    if subject.broken is None:
        return False
    watch = not rule.watches or _names(rule.watches, {subject.broken.watch})
    return watch and (not rule.policies or _names(rule.policies, subject.broken.policies))


def _names(wanted: Collection[str], there: Collection[str]) -> bool:
    folded = {name.upper() for name in there}
    return bool(there) and any(name.lower() == ANY or name.upper() in folded for name in wanted)


def _at(rule: IgnoreRule, subject: Subject, place: Place) -> bool:
    layers = {layer.removeprefix("sha256:") for layer in rule.docker_layers}
    return (
        (not rule.components or any(_is_component(each, subject, place) for each in rule.components))
        and (not rule.artifacts or any(_is_artifact(each, place) for each in rule.artifacts))
        and (not layers or (place.layer or "").removeprefix("sha256:") in layers)
    )


def _is_component(named: Named, subject: Subject, place: Place) -> bool:
    if named.version not in {"", ANY, place.version}:
        return False
    plain = subject.component.rpartition("/")[2]
    return named.name in {ANY, plain} or component(f"{named.name}:{place.version}").purl == subject.component


def _is_artifact(named: Named, place: Place) -> bool:
    """By the image's name or the file's, the tag, and the folder in its repository where one is given."""
    last = place.path.rpartition("/")[2]
    if named.name not in {ANY, "", place.path, last} or named.version not in {"", ANY, place.tag}:
        return False
    folder = named.path.removeprefix("default/").strip("/")
    if folder in {"", ANY}:
        return True
    keys = {place.repository, place.storage}
    above = place.path.rpartition("/")[0]
    there = {place.path, f"{place.path}/{place.tag}", above}
    return any(folder == f"{key}/{each}".strip("/") for key in keys for each in there)
