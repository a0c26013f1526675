"""What is in files, kept once per content. A body that can be made again is made when it is asked for."""

import hashlib
from collections import Counter
from collections.abc import Callable

import msgspec


class Full(Exception):
    """There is no room for another body."""


class Checksums(msgspec.Struct, frozen=True, kw_only=True):
    """Lower-case hexadecimal digests of one body."""

    sha1: str
    sha256: str
    md5: str


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A body that is not held: what it is known by, and what makes it, the same bytes each time."""

    checksums: Checksums
    size: int  # bytes
    make: Callable[[], bytes]

    @property
    def digest(self) -> str:
        """As registries write it: "sha256:…"."""
        return f"sha256:{self.checksums.sha256}"


def held(body: bytes) -> Content:
    """Content that is nothing but its bytes."""
    return Content(checksums=digest(body), size=len(body), make=lambda: body)


def made(make: Callable[[], bytes]) -> Content:
    """Content that is made once now, to be measured, and again whenever somebody asks for it."""
    body = make()
    return Content(checksums=digest(body), size=len(body), make=make)


def digest(body: bytes) -> Checksums:
    """The three digests that Artifactory keeps of a file."""
    return Checksums(
        sha1=hashlib.sha1(body, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(body).hexdigest(),
        md5=hashlib.md5(body, usedforsecurity=False).hexdigest(),
    )


class Bodies:
    """The bodies of one storage, by their SHA-256, each for as long as a file has it."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._bodies: dict[str, bytes | Content] = {}
        self._uses: Counter[str] = Counter()
        self._sha256_of_sha1: dict[str, str] = {}

    def keep(self, body: bytes | Content) -> Checksums:
        """Count one file more with this body, and hold the body unless it can be made.

        Raises:
            Full: it would be held, and there is no room.
        """
        checksums = digest(body) if isinstance(body, bytes) else body.checksums
        if checksums.sha256 not in self._bodies:
            if self._held_bytes + _held_size(body) > self._max_bytes:
                raise Full
            self._bodies[checksums.sha256] = body
            self._sha256_of_sha1[checksums.sha1] = checksums.sha256
            self._held_bytes += _held_size(body)
        self._uses[checksums.sha256] += 1
        return checksums

    def release(self, checksums: Checksums) -> None:
        """Count one file less; the last one's body goes with it."""
        self._uses[checksums.sha256] -= 1
        if not self._uses[checksums.sha256]:
            del self._uses[checksums.sha256]
            del self._sha256_of_sha1[checksums.sha1]
            self._held_bytes -= _held_size(self._bodies.pop(checksums.sha256))

    def get(self, *, sha256: str = "", sha1: str = "") -> bytes | None:
        """A body by one of its digests, in either case of letters."""
        body = self._bodies.get(sha256.lower() or self._sha256_of_sha1.get(sha1.lower(), ""))
        return body.make() if isinstance(body, Content) else body


def _held_size(body: bytes | Content) -> int:
    return len(body) if isinstance(body, bytes) else 0
