"""The records that a feed has taken back, known to us or not."""

from sqlalchemy import Column, Table

from reedbed.store.columns import KEY, METADATA, Utc

WITHDRAWALS = Table(
    "withdrawals",
    METADATA,
    Column("feed", KEY, primary_key=True),
    Column("record", KEY, primary_key=True),
    Column("modified", Utc, nullable=False),  # statements that are not younger do not live
)
