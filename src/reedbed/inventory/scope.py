"""What a connection reads: the streams, and the filters. Pure."""

from fnmatch import fnmatchcase

import msgspec

from reedbed.model.inventory import Stream

DEFAULT_STREAMS = (Stream.REPOSITORIES, Stream.IMAGES, Stream.VULNERABILITIES)

DEFAULT_MAPS = {
    Stream.REPOSITORIES: "JFrog Repository Asset@1",
    Stream.IMAGES: "JFrog Docker Image Asset@1",
    Stream.VULNERABILITIES: "JFrog Docker Image Vulnerability@1",
}


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is let in; patterns know `*` and `?`. Naming nothing lets everything in that is not excluded."""

    repositories: tuple[str, ...] = ()  # keys, a remote's without "-cache"
    not_repositories: tuple[str, ...] = ()
    images: tuple[str, ...] = ()  # paths below the repository
    not_images: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()

    def repository(self, key: str) -> bool:
        return _admits(key, self.repositories, self.not_repositories)

    def image(self, path: str) -> bool:
        return _admits(path, self.images, self.not_images)

    def tag(self, tag: str) -> bool:
        return _admits(tag, self.tags, self.not_tags)


def _admits(text: str, only: tuple[str, ...], but: tuple[str, ...]) -> bool:
    named = not only or any(fnmatchcase(text, pattern) for pattern in only)
    return named and not any(fnmatchcase(text, pattern) for pattern in but)


class Scope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data that a connection reads."""

    streams: tuple[Stream, ...] = DEFAULT_STREAMS
    filters: Filters = Filters()
    maps: dict[Stream, str] = msgspec.field(default_factory=DEFAULT_MAPS.copy)  # "name@version"
    hold_share: float = 0.2  # of the open findings: closing more at once waits for a person
    refresh_h: float = 24.0  # every current image is read again at least so often
