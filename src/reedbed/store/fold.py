"""What becomes of the statements that are kept when new ones come: pure, whatever order they come in.

Of each record's statements about one package the youngest counts, and it lives unless its feed has taken the
record back at that moment or later. Nothing else ends a statement: no silence, no form that cannot be used,
no move of the record to another package.
"""

import hashlib
from collections import Counter
from datetime import datetime

import msgspec

from reedbed.model.advisory import Advisory, Statement, Unusable, Withdrawal
from reedbed.store.columns import storable, storable_key

LONGEST_PURL_BYTES = 1_600
"""With a feed and a record it must fit into an index row of PostgreSQL, which ends at about 2,700 bytes."""

Key = tuple[str, str]
"""A record's id and a purl: with the feed, what names a statement."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What came of some statements; `seen` is the sum of the others."""

    seen: int = 0
    new: int = 0
    changed: int = 0  # a record that came back after its withdrawal included
    withdrawn: int = 0  # records, whether or not anything was known of them
    unusable: int = 0
    unchanged: int = 0
    stale: int = 0  # older than what is kept, or than the record's withdrawal

    def __add__(self, other: "Counts") -> "Counts":
        fields = self.__struct_fields__
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in fields})


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What deciding about a newer statement takes."""

    digest: str
    modified: datetime
    live: bool
    revision: int
    changed_at: datetime


class Fold:
    """Takes statements of one feed in; knows afterwards what is to be written."""

    def __init__(
        self, *, revision: int, now: datetime, kept: dict[Key, Kept], ended: dict[str, datetime]
    ) -> None:
        self._revision = revision
        self._now = now
        self._kept = kept
        self._ended = ended
        self._packages: dict[str, list[str]] = {}
        for record, package in kept:
            self._packages.setdefault(record, []).append(package)
        self.rows: dict[Key, tuple[Advisory, Kept]] = {}
        self.withdrawn: dict[str, datetime] = {}
        self.usable: set[str] = set()  # records whose newest form is in use
        self.reasons: dict[str, list[str]] = {}
        self._outcomes: Counter[str] = Counter()

    def add(self, statement: Statement) -> None:
        self._outcomes[self._outcome(statement)] += 1

    @property
    def counts(self) -> Counts:
        return Counts(seen=self._outcomes.total(), **self._outcomes)

    def _outcome(self, statement: Statement) -> str:
        match statement:
            case Advisory():
                return self._state(clean(statement))
            case Withdrawal():
                return self._withdraw(storable_key(statement.id), statement.modified)
            case Unusable():
                return self._note(storable_key(statement.id), statement.reason)

    def _state(self, advisory: Advisory) -> str:
        package = str(advisory.package)
        if len(package.encode()) > LONGEST_PURL_BYTES:
            return self._note(advisory.id, f"the package URL is longer than {LONGEST_PURL_BYTES} bytes")
        key = (advisory.id, package)
        before = self._kept.get(key)
        if before and advisory.modified < before.modified:
            return "stale"
        self.usable.add(advisory.id)
        now = self._judged(advisory, before)
        if now == before:
            return "unchanged" if now.live else "stale"
        self._keep(key, advisory, now)
        if not now.live:
            return "stale"
        if before is None:
            return "new"
        return "unchanged" if now.revision == before.revision else "changed"

    def _judged(self, advisory: Advisory, before: Kept | None) -> Kept:
        ended = self._ended.get(advisory.id)
        digest, live = digest_of(advisory), ended is None or advisory.modified > ended
        same = before is not None and (before.digest, before.live) == (digest, live)
        return Kept(
            digest=digest,
            modified=advisory.modified,
            live=live,
            revision=before.revision if before and same else self._revision,
            changed_at=before.changed_at if before and same else self._now,
        )

    def _keep(self, key: Key, advisory: Advisory, now: Kept) -> None:
        if key not in self._kept:
            self._packages.setdefault(key[0], []).append(key[1])
        self._kept[key] = now
        self.rows[key] = (advisory, now)

    def _withdraw(self, record: str, modified: datetime) -> str:
        ended = self._ended.get(record)
        if ended and modified < ended:
            return "stale"
        self.usable.add(record)
        if ended == modified:
            return "unchanged"
        self._ended[record] = self.withdrawn[record] = modified
        for package in self._packages.get(record, ()):
            self._end((record, package), modified)
        return "withdrawn"

    def _end(self, key: Key, modified: datetime) -> None:
        before = self._kept[key]
        if not before.live or before.modified > modified:
            return
        ended = msgspec.structs.replace(before, live=False, revision=self._revision, changed_at=self._now)
        self._kept[key] = ended
        if key in self.rows:  # else the row is in the table already, and is marked there
            self.rows[key] = (self.rows[key][0], ended)

    def _note(self, record: str, reason: str) -> str:
        self.reasons.setdefault(record, []).append(storable(reason))
        return "unusable"


def clean(advisory: Advisory) -> Advisory:
    """Make what strangers wrote storable; what is not in question stays as it is."""
    return msgspec.structs.replace(
        advisory,
        id=storable_key(advisory.id),
        spelling=storable(advisory.spelling),
        summary=storable(advisory.summary),
        url=None if advisory.url is None else storable(advisory.url),
        notes=tuple(map(storable, advisory.notes)),
    )


def digest_of(advisory: Advisory) -> str:
    """Name all that a statement says but the time: feeds touch records without changing them."""
    said = (
        advisory.spelling,
        advisory.versions,
        advisory.summary,
        advisory.url,
        advisory.verdict,
        advisory.confidence,
        advisory.notes,
    )
    return hashlib.blake2b(msgspec.json.encode(said), digest_size=16).hexdigest()
