"""What filters let in, and what that comes to. Pure. What is left out is not fixed, only not looked at."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from reedbed.inventory.connection import current
from reedbed.inventory.connection.current import Tag
from reedbed.inventory.connection.scope import Filters
from reedbed.model.inventory import Applicability, Severity


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """What filters ask of a repository."""

    key: str  # a remote's without "-cache"
    type: str  # in any casing
    package_type: str


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What filters ask of a tag, or of an image that is there by its digest (`tag` None)."""

    repository: str
    path: str
    tag: str | None
    uploaded_at: datetime | None


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """So many open findings of one kind that an image path has."""

    repository: str
    path: str
    severity: Severity
    applicability: Applicability | None
    number: int


def lets_in_repository(filters: Filters, repository: Repository) -> bool:
    projects = filters.projects
    return (
        filters.repository(repository.key)
        and _named(repository.type, filters.types)
        and _named(repository.package_type, filters.package_types)
        and (not projects or any(repository.key.startswith(f"{project}-") for project in projects))
    )


def lets_in(filters: Filters, place: Place, *, now: datetime) -> bool:
    """Whether filters let a tag in, but for how many newer ones there are, and its properties."""
    return (
        filters.image(place.path)
        and (place.tag is None or filters.tag(place.tag))
        and not _is_old(filters, place.uploaded_at, now)
    )


def lets_in_finding(filters: Filters, severity: Severity, applicability: Applicability | None) -> bool:
    """What nobody knows the severity of may be the worst: it is let in."""
    mild = filters.severity is not None and Severity.UNKNOWN < severity < filters.severity
    return not mild and applicability not in filters.not_applicability


def newest(filters: Filters, places: Iterable[Place]) -> set[Place]:
    """Give of the tags of each image those that are new enough by their number, and all that has no tag."""
    some = set(places)
    tags = {_tag(place): place for place in some if place.tag is not None}
    kept = current.newest(filters.newest_tags, tags)
    return {place for place in some if place.tag is None} | {tags[each] for each in kept}


def _tag(place: Place) -> Tag:
    return Tag(
        repository=place.repository, path=place.path, tag=place.tag or "", uploaded_at=place.uploaded_at
    )


def _named(word: str, only: Sequence[str]) -> bool:
    return not only or word.lower() in {each.lower() for each in only}


def _is_old(filters: Filters, uploaded_at: datetime | None, now: datetime) -> bool:
    if filters.within_days is None or uploaded_at is None:
        return False
    return now - uploaded_at > timedelta(days=filters.within_days)


# What it comes to


class Share(msgspec.Struct, frozen=True):
    """How many are let in, and how many are left out."""

    let_in: int = 0
    left_out: int = 0


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What filters would come to, by what is known of the platform."""

    repositories: Share
    tags: Share
    images: Share  # paths that have a tag
    findings: Share
    not_counted: tuple[str, ...] = ()  # filters that only Artifactory can tell about


def preview(
    filters: Filters,
    repositories: Sequence[Repository],
    places: Sequence[Place],
    weights: Sequence[Weight],
    *,
    now: datetime,
) -> Preview:
    """Count what filters would let in of what the store, or a listing, has."""
    keys = {each.key for each in repositories if lets_in_repository(filters, each)}
    tagged = [place for place in places if place.tag is not None]
    some = [place for place in tagged if place.repository in keys and lets_in(filters, place, now=now)]
    kept = newest(filters, some)
    paths = {(place.repository, place.path) for place in kept}
    findings = Counter[bool]()
    for each in weights:
        wanted = lets_in_finding(filters, each.severity, each.applicability)
        findings[wanted and (each.repository, each.path) in paths] += each.number
    everywhere = {(place.repository, place.path) for place in tagged}
    return Preview(
        repositories=Share(len(keys), len(repositories) - len(keys)),
        tags=Share(len(kept), len(tagged) - len(kept)),
        images=Share(len(paths), len(everywhere - paths)),
        findings=Share(findings[True], findings[False]),
        not_counted=tuple(f"property {key}={value}" for key, value in filters.properties.items()),
    )


WORDS: Mapping[str, str] = {
    "repositories": "repositories",
    "not_repositories": "not repositories",
    "types": "repository types",
    "package_types": "package types",
    "projects": "projects",
    "images": "images",
    "not_images": "not images",
    "tags": "tags",
    "not_tags": "not tags",
    "newest_tags": "newest tags",
    "within_days": "uploaded within days",
    "properties": "properties",
    "severity": "severity at least",
    "not_applicability": "not applicability",
}


def written(filters: Filters) -> list[str]:
    """Say in words what is filtered."""
    return [f"{word} {_shown(value)}" for name, word in WORDS.items() if (value := getattr(filters, name))]


def _shown(value: object) -> str:
    match value:
        case Severity():
            return value.word
        case dict():
            return ", ".join(f"{key}={each}" for key, each in value.items())
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return f"{value:g}" if isinstance(value, float) else str(value)
