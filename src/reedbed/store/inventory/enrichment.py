"""EPSS scores and lists of what is known to be exploited: imported whole, joined when findings are read."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Integer, String, Table, Text, delete, func, select, update

from reedbed.store.columns import KEY, METADATA, Utc
from reedbed.store.dialects import merge
from reedbed.store.inventory.findings import EPSS, FINDINGS, KEV
from reedbed.store.rows import structs

ENRICHMENTS = Table(
    "enrichments",
    METADATA,
    Column("name", KEY, primary_key=True),  # "epss", or "kev:" and whose list it is
    Column("origin", Text, nullable=False),  # the file or address, as it was given
    Column("as_of", String, nullable=False),  # the day that it says it is of
    Column("count", Integer, nullable=False),
    Column("etag", Text),
    Column("imported_at", Utc, nullable=False),
)


class Enrichment(msgspec.Struct, frozen=True, kw_only=True):
    """What was imported last."""

    name: str
    origin: str
    as_of: str
    count: int
    etag: str | None
    imported_at: datetime


class Likelihood(msgspec.Struct, frozen=True):
    """What EPSS says of one CVE."""

    cve: str
    score: float  # the probability of exploitation in the next 30 days
    percentile: float


class Exploited(msgspec.Struct, frozen=True):
    """An entry of a list of known exploited vulnerabilities."""

    cve: str
    added: str  # a day
    due: str | None


def list_all(connection: Connection) -> list[Enrichment]:
    """List what was imported, by name."""
    return structs(connection, select(ENRICHMENTS).order_by(ENRICHMENTS.c.name), Enrichment)


def last(connection: Connection, name: str) -> Enrichment | None:
    found = structs(connection, select(ENRICHMENTS).where(ENRICHMENTS.c.name == name), Enrichment)
    return found[0] if found else None


def note(connection: Connection, of: Enrichment) -> None:
    """Note an import that has ended well."""
    merge(connection, ENRICHMENTS, [msgspec.structs.asdict(of)])


def save_epss(connection: Connection, some: Sequence[Likelihood], *, as_of: str) -> None:
    """Write scores; each carries its day, so that an import that broke off shows."""
    merge(connection, EPSS, [{**msgspec.structs.asdict(each), "as_of": as_of} for each in some])


def set_epss_aside(connection: Connection, as_of: str) -> None:
    """Mark the scores of a day that is imported again, so that those it no longer has can be told apart."""
    connection.execute(update(EPSS).where(EPSS.c.as_of == as_of).values(as_of=f"{as_of}, before"))


def drop_epss_but(connection: Connection, as_of: str) -> int:
    """Forget the scores of other days: EPSS has taken those CVEs out; give how many."""
    return connection.execute(delete(EPSS).where(EPSS.c.as_of != as_of)).rowcount


def replace_kev(connection: Connection, source: str, entries: Sequence[Exploited]) -> None:
    """Put a list in the place of the one from the same source."""
    connection.execute(delete(KEV).where(KEV.c.source == source))
    merge(connection, KEV, [{**msgspec.structs.asdict(each), "source": source} for each in entries])


def touched(connection: Connection, name: str) -> int:
    """Count the findings that an enrichment tells something about."""
    cves = select(EPSS.c.cve) if name == "epss" else select(KEV.c.cve)
    query = select(func.count()).select_from(FINDINGS).where(FINDINGS.c.vulnerability.in_(cves))
    return connection.execute(query).scalar_one()
