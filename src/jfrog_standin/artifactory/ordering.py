"""Files of a storage in an order, kept sorted until something changes, so that a page costs what is on it.

Sorting 300,000 files takes a second. A client that reads them by pages of a thousand asks 300 times.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

import msgspec

from jfrog_standin.artifactory.storage import Item, Storage

Value = str | int | datetime | None
Read = Callable[[Item], Value]

BLOB = "sha256__"  # with which the names of configs and layers begin
MOST_KEPT = 128  # of all repositories together: a query over all of them needs one for each


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Where the first field of an order lies at most: outside of it nothing can be wanted."""

    least: Value = None
    most: Value = None


EVERYTHING = Span()


class Orders:
    """The sorted files and folders of one storage; threads may use it, for what is kept is replaced whole."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._kept: dict[tuple[str, tuple[str, ...]], tuple[int, Sequence[Item]]] = {}
        self._keeping = Lock()
        self._digests: dict[str, tuple[int, dict[str, str]]] = {}  # key → (revision, digest → path)

    def all(self, storage_key: str, fields: Sequence[tuple[str, Read]]) -> Sequence[Item]:
        """Everything under a key, sorted by some fields, each given by its name and what reads it."""
        order = (storage_key, tuple(name for name, _ in fields))
        revision = self.storage.revision(storage_key)
        known = self._kept.get(order)
        if known is not None and known[0] == revision:
            return known[1]
        items = sorted(self.storage.items(storage_key), key=key_of(fields))
        with self._keeping:
            while len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[order] = (revision, items)
        return items

    def within(
        self, storage_key: str, fields: Sequence[tuple[str, Read]], span: Span, *, descending: bool
    ) -> Iterator[Item]:
        """What lies in a span of the first field, in order or the other way round."""
        items, first = self.all(storage_key, fields), key_of(fields[:1])
        start = 0 if span.least is None else bisect_left(items, _key(span.least), key=first)
        end = len(items) if span.most is None else bisect_right(items, _key(span.most), key=first)
        places = range(end - 1, start - 1, -1) if descending else range(start, end)
        return (items[place] for place in places)

    def with_digest(self, digest: str) -> Iterator[Item]:
        """The first file of each key with a SHA-256 or SHA-1; blobs of images are left out: they are many."""
        for storage_key in self.storage.storage_keys():
            path = self._paths(storage_key).get(digest)
            item = self.storage.get(storage_key, path) if path is not None else None
            if item is not None:
                yield item

    def _paths(self, storage_key: str) -> dict[str, str]:
        revision = self.storage.revision(storage_key)
        known = self._digests.get(storage_key)
        if known is not None and known[0] == revision:
            return known[1]
        paths: dict[str, str] = {}
        for item in self.storage.items(storage_key):
            if item.checksums is not None and not item.name.startswith(BLOB):
                for digest in (item.checksums.sha256, item.checksums.sha1):
                    paths[digest] = min(item.path, paths.get(digest, item.path))
        self._digests[storage_key] = (revision, paths)
        return paths


def key_of(fields: Sequence[tuple[str, Read]]) -> Callable[[Item], tuple[Any, ...]]:
    """What items are sorted by; nothing is before something."""
    reads = [read for _, read in fields]
    return lambda item: tuple(part for read in reads for part in _key(read(item)))


def _key(value: Value) -> tuple[Any, ...]:
    return (value is not None, value)
