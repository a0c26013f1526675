"""What Reedbed wants in Xray, what it wrote there, and the changes between the two."""

from datetime import datetime
from enum import StrEnum

import msgspec

from reedbed.model.purl import Purl
from reedbed.model.versions import Versions


class Source(msgspec.Struct, frozen=True, order=True):
    """Who says so: the feed, its record, and where a person can read more."""

    feed: str
    id: str
    url: str | None = None


class Flagged(msgspec.Struct, frozen=True, kw_only=True):
    """A package that at least one source holds to be malicious: all sources merged into one."""

    package: Purl
    spellings: tuple[str, ...]  # sorted; the package's name as each source wrote it
    versions: Versions
    sources: tuple[Source, ...]  # sorted
    summary: str


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """A custom issue that we wrote into one platform's Xray: a row of the ledger."""

    flagged: Flagged
    issue_id: str
    fingerprint: str
    pushed_at: datetime
    verified_at: datetime | None  # when a read-back last showed it as it was written
    malicious: bool | None = None  # what Xray's own flag said then


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class HoldRule(StrEnum):
    """Why a change waits for a person."""

    ALLOW_LIST = "allow-list"  # the operator named this package as one never to block unasked
    IN_USE = "in-use"  # it would block releases that nobody named, of a package that people download
    MANY_BLOCKS = "many-blocks"  # more new blocks in one run than the operator expects
    MANY_UNBLOCKS = "many-unblocks"  # more packages freed in one run than the operator expects


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One step that brings a platform's Xray to what the feeds say: at most one a package waits at a time."""

    action: Action
    flagged: Flagged  # as it is to be; for a deletion, as it was pushed
    fingerprint: str  # of the issue as it is to be; for a deletion, as it was pushed
    unblocks: bool  # whether some release that is blocked now will not be
    held: tuple[HoldRule, ...] = ()
