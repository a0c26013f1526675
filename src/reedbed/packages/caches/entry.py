"""What a look into one client's cache gives."""

import msgspec

from reedbed.model.purl import Purl


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One release in one client's cache."""

    tool: str  # "npm"
    package: Purl
    version: str
    where: str  # npm's key of it, or the path of its main file or folder
    files: tuple[str, ...] = ()
    """What removing it deletes, by which a look knows it first; none for npm, which does it itself."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """One client's cache, as far as it could be read."""

    tool: str
    folder: str | None = None  # None: this machine has none
    entries: tuple[Entry, ...] = ()
    not_read: tuple[str, ...] = ()  # what else is there, and why it is not known which releases those are
