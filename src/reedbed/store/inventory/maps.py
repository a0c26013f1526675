"""Transform maps: named, and each version for ever as it was saved."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from reedbed.store.columns import KEY, METADATA, Utc

MAPS = Table(
    "transform_maps",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("source_model", String, nullable=False),
    Column("target_model", String, nullable=False),
    Column("parent_name", String),  # what it was cloned from, and in which version
    Column("parent_version", Integer),
    Column("built_in", Boolean, nullable=False),
    Column("text", Text, nullable=False),  # TOML
    Column("digest", String, nullable=False),
    Column("created_at", Utc, nullable=False),
)
