"""Counters that only grow, so that a plan can ask what changed since it last looked."""

from sqlalchemy import Column, Connection, Table, select

from reedbed.store.columns import KEY, METADATA, NUMBER
from reedbed.store.dialects import upsert

REVISIONS = Table(
    "revisions",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("value", NUMBER, nullable=False),
)


def grow(connection: Connection, name: str) -> int:
    """Raise a counter by one. Whoever else wants to waits until this transaction ends.

    So revisions become visible in their order, and who has seen one has seen all before it.
    """
    growing = upsert(connection, REVISIONS).values(name=name, value=1)
    statement = growing.on_conflict_do_update(index_elements=["name"], set_={"value": REVISIONS.c.value + 1})
    value: int = connection.execute(statement.returning(REVISIONS.c.value)).scalar_one()
    return value


def latest(connection: Connection, name: str) -> int:
    return connection.execute(select(REVISIONS.c.value).where(REVISIONS.c.name == name)).scalar() or 0
