"""What a query asks for, as conditions that pages are read by. Acts only to learn which database it is."""

from datetime import datetime

from sqlalchemy import Connection, true

from reedbed.model.query.read import read
from reedbed.model.query.tokens import View
from reedbed.store.database import Database
from reedbed.store.inventory.exports import Condition
from reedbed.store.search.conditions import condition
from reedbed.store.search.drivers import narrowed


async def findings_asked(
    db: Database, query: str, *, now: datetime, otherwise: Condition | None = None
) -> Condition:
    """Give the condition on findings; of an empty query `otherwise`, by default all of them.

    Raises:
        QueryError: it can't be read.
    """
    return await _asked(db, query, View.FINDINGS, now, otherwise)


async def exported(
    db: Database, query: str, *, now: datetime, otherwise: Condition | None = None
) -> Condition:
    """Give the condition on findings that are read page by page, in the order of exports.

    Raises:
        QueryError: it can't be read.
    """
    if not query.strip():
        return true() if otherwise is None else otherwise
    return await db.read(narrowed, read(query, now=now), walking=True)


async def assets_asked(
    db: Database, query: str, *, now: datetime, otherwise: Condition | None = None
) -> Condition:
    """Give the condition on assets; of an empty query `otherwise`, by default all of them.

    Raises:
        QueryError: it can't be read.
    """
    return await _asked(db, query, View.ASSETS, now, otherwise)


async def _asked(
    db: Database, query: str, view: View, now: datetime, otherwise: Condition | None
) -> Condition:
    if not query.strip():
        return true() if otherwise is None else otherwise
    return condition(read(query, now=now), view, await db.read(_dialect))


def _dialect(connection: Connection) -> str:
    return connection.dialect.name
