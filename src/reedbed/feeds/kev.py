"""KEV: vulnerabilities that are known to be exploited, as the catalogue of CISA lists them (JSON)."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from reedbed.errors import Unreadable
from reedbed.feeds.epss import CVE

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    cve: str = msgspec.field(name="cveID")
    date_added: Day
    due_date: Day | None = None


class Catalogue(msgspec.Struct, frozen=True, rename="camel"):
    vulnerabilities: tuple[Entry, ...]
    date_released: str = ""  # 2026-11-21T15:00:00Z
    count: int | None = None

    @property
    def day(self) -> str | None:
        found = re.match(r"\d{4}-\d\d-\d\d", self.date_released)
        return found[0] if found else None


def read(body: bytes) -> Catalogue:
    """Read a catalogue.

    Raises:
        Unreadable: it is none, or it was cut off.
    """
    try:
        catalogue = msgspec.json.decode(body, type=Catalogue)
        _check(catalogue)
    except (ValueError, RecursionError) as error:
        raise Unreadable(
            "Could not read known exploited vulnerabilities",
            why=str(error)[:300],
            fix="Give the catalogue's JSON as it is published. Nothing was changed.",
        ) from error
    return catalogue


def _check(catalogue: Catalogue) -> None:
    entries = catalogue.vulnerabilities
    if catalogue.count is not None and catalogue.count != len(entries):
        raise ValueError(f"it says that it has {catalogue.count} entries, and has {len(entries)}")
    if wrong := next((each.cve for each in entries if not CVE.fullmatch(each.cve)), None):
        raise ValueError(f"{wrong[:80]!r} is no CVE")
