"""What a connection reads: the streams, and the filters. Pure."""

from collections.abc import Iterable

import msgspec

from reedbed.inventory.connection.current import Current
from reedbed.inventory.connection.patterns import admits, admits_tag, check, check_tags
from reedbed.inventory.records.tagging import TagRules
from reedbed.model.inventory import Applicability, Severity, Stream

DEFAULT_STREAMS = (Stream.REPOSITORIES, Stream.IMAGES, Stream.VULNERABILITIES)

OF_IMAGES = frozenset(
    (Stream.VULNERABILITIES, Stream.COMPONENTS, Stream.TAGS, Stream.LICENCES, Stream.OPERATIONAL_RISK)
)


def with_needed(streams: Iterable[Stream]) -> tuple[Stream, ...]:
    """Add the streams that others need, in the order in which they are read: images, and repositories."""
    wanted = {Stream.REPOSITORIES, *streams}
    if not wanted.isdisjoint(OF_IMAGES):
        wanted.add(Stream.IMAGES)
    return tuple(stream for stream in Stream if stream in wanted)


DEFAULT_MAPS = {
    Stream.REPOSITORIES: "JFrog Repository Asset@1",
    Stream.IMAGES: "JFrog Docker Image Asset@1",
    Stream.VULNERABILITIES: "JFrog Docker Image Vulnerability@1",
}


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is let in; patterns know `*` and `?`. Naming nothing lets everything in that is not excluded.

    Raises:
        ValueError: a pattern is too long, there are too many, or a limit is none.
    """

    repositories: tuple[str, ...] = ()  # keys, a remote's without "-cache"
    not_repositories: tuple[str, ...] = ()
    types: tuple[str, ...] = ()  # local, remote, federated, virtual
    package_types: tuple[str, ...] = ()  # docker, oci, npm, …
    projects: tuple[str, ...] = ()  # keys of projects: JFrog puts them before their repositories' names
    images: tuple[str, ...] = ()  # paths below the repository
    not_images: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # these may also be "re:" and a regular expression for the whole tag
    not_tags: tuple[str, ...] = ()
    newest_tags: int | None = None  # so many of each image, by when they were uploaded
    within_days: float | None = None  # uploaded no longer ago
    properties: dict[str, str] = {}  # all of them, on the manifest's file; asked of Artifactory
    severity: Severity | None = None  # the least; what is not known is let in
    not_applicability: tuple[Applicability, ...] = ()

    def __post_init__(self) -> None:
        for patterns in (self.repositories, self.not_repositories, self.images, self.not_images):
            check(patterns)
        check(self.projects)
        check_tags(self.tags)
        check_tags(self.not_tags)
        if self.newest_tags is not None and self.newest_tags < 1:
            raise ValueError("of each image at least one tag is let in")
        if self.within_days is not None and not self.within_days > 0:
            raise ValueError("an age is more than no days")
        if len(self.properties) > MOST_PROPERTIES:
            raise ValueError(f"there may be {MOST_PROPERTIES} properties")

    def repository(self, key: str) -> bool:
        return admits(key, self.repositories, self.not_repositories)

    def image(self, path: str) -> bool:
        return admits(path, self.images, self.not_images)

    def tag(self, tag: str) -> bool:
        return admits_tag(tag, self.tags, self.not_tags)


MOST_PROPERTIES = 10


class Scope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data that a connection reads."""

    streams: tuple[Stream, ...] = DEFAULT_STREAMS
    filters: Filters = Filters()
    current: Current = Current()  # which of the tags that are let in count
    maps: dict[Stream, str] = msgspec.field(default_factory=DEFAULT_MAPS.copy)  # "name@version"
    hold_share: float = 0.2  # of the open findings: closing more at once waits for a person
    refresh_h: float = 24.0  # every current image is read again at least so often
    tags: TagRules = TagRules()  # which properties and labels become tags
