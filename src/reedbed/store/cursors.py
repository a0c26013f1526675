"""How far each feed has been read, by scope."""

from sqlalchemy import Column, Table

from reedbed.store.columns import KEY, METADATA, Json, Utc

CURSORS = Table(
    "cursors",
    METADATA,
    Column("feed", KEY, primary_key=True),
    Column("scope", KEY, primary_key=True),  # the feed's own division: an ecosystem, a file
    Column("watermark", Utc),
    Column("validators", Json(dict[str, str])),  # ETag and the like: what makes the next answer a short one
)
