"""How far each feed has been read, by scope."""

from sqlalchemy import Column, Connection, Table, delete, func, select

from reedbed.model.cursor import Cursor
from reedbed.store.columns import KEY, METADATA, Json, Utc, storable_key
from reedbed.store.dialects import upsert

CURSORS = Table(
    "cursors",
    METADATA,
    Column("feed", KEY, primary_key=True),
    Column("scope", KEY, primary_key=True),  # the feed's own division: an ecosystem, or "*"
    Column("watermark", Utc),
    Column("validators", Json(dict[str, str]), nullable=False),
)


def load(connection: Connection, feed: str) -> dict[str, Cursor]:
    """How far a feed has been read, by scope."""
    query = select(CURSORS.c.scope, CURSORS.c.watermark, CURSORS.c.validators).where(CURSORS.c.feed == feed)
    return {
        scope: Cursor(watermark=watermark, validators=validators)
        for scope, watermark, validators in connection.execute(query)
    }


def save(connection: Connection, feed: str, scope: str, cursor: Cursor) -> None:
    """Move a cursor forward, once all before it is stored. One behind the saved one changes nothing."""
    saved = load(connection, feed).get(storable_key(scope))
    if saved and cursor.behind(saved):
        return
    moving = upsert(connection, CURSORS).values(
        feed=feed,
        scope=storable_key(scope),
        watermark=cursor.watermark,
        validators=dict(cursor.validators),
    )
    kept = func.coalesce(moving.excluded.watermark, CURSORS.c.watermark)
    connection.execute(
        moving.on_conflict_do_update(
            index_elements=["feed", "scope"],
            set_={"watermark": kept, "validators": moving.excluded.validators},
        )
    )


def forget(connection: Connection, feed: str) -> None:
    """Read a feed from its beginning the next time. Nothing that it said is lost by that."""
    connection.execute(delete(CURSORS).where(CURSORS.c.feed == feed))
