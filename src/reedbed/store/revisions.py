"""One counter that grows with every save of advisories, so that a plan can ask what changed since."""

from sqlalchemy import Column, Table

from reedbed.store.columns import KEY, METADATA, NUMBER

REVISIONS = Table(
    "revisions",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("value", NUMBER, nullable=False),
)
