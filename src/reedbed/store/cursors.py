"""How far each feed has been read, by scope."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Column, Connection, Table, case, delete, or_, select

from reedbed.store.columns import KEY, METADATA, Json, Utc, storable_key
from reedbed.store.dialects import upsert

CURSORS = Table(
    "cursors",
    METADATA,
    Column("feed", KEY, primary_key=True),
    Column("scope", KEY, primary_key=True),  # the feed's own division: an ecosystem, a file
    Column("watermark", Utc),
    Column("validators", Json(dict[str, str])),  # ETag and the like: what makes the next answer a short one
)


def load(connection: Connection, feed: str) -> dict[str, datetime]:
    """How far a feed has been read: the watermark (UTC) of each scope that has one."""
    query = select(CURSORS.c.scope, CURSORS.c.watermark).where(
        CURSORS.c.feed == feed, CURSORS.c.watermark.is_not(None)
    )
    return dict(connection.execute(query).all())


def save(connection: Connection, feed: str, scope: str, watermark: datetime) -> None:
    """Move a cursor forward, once all before it is stored. An earlier watermark leaves it where it is."""
    moving = upsert(connection, CURSORS).values(feed=feed, scope=storable_key(scope), watermark=watermark)
    behind = or_(CURSORS.c.watermark.is_(None), CURSORS.c.watermark < moving.excluded.watermark)
    later = case((behind, moving.excluded.watermark), else_=CURSORS.c.watermark)
    connection.execute(
        moving.on_conflict_do_update(index_elements=["feed", "scope"], set_={"watermark": later})
    )


def validators(connection: Connection, feed: str, scope: str) -> dict[str, str]:
    """What to send with the next request of a scope; empty where nothing is known."""
    query = select(CURSORS.c.validators).where(CURSORS.c.feed == feed, CURSORS.c.scope == storable_key(scope))
    return connection.execute(query).scalar() or {}


def save_validators(connection: Connection, feed: str, scope: str, known: Mapping[str, str]) -> None:
    saving = upsert(connection, CURSORS).values(feed=feed, scope=storable_key(scope), validators=dict(known))
    connection.execute(
        saving.on_conflict_do_update(
            index_elements=["feed", "scope"], set_={"validators": saving.excluded.validators}
        )
    )


def forget(connection: Connection, feed: str) -> None:
    """Read a feed from its beginning the next time. Nothing that it said is lost by that."""
    connection.execute(delete(CURSORS).where(CURSORS.c.feed == feed))
