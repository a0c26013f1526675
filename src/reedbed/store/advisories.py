"""What the feeds say: the newest statement of each record about each package."""

from sqlalchemy import Boolean, Column, Index, String, Table, Text

from reedbed.model.versions import Versions
from reedbed.store.columns import KEY, METADATA, NUMBER, Json, Utc

ADVISORIES = Table(
    "advisories",
    METADATA,
    Column("feed", KEY, primary_key=True),
    Column("record", KEY, primary_key=True),  # the feed's own id
    Column("package", KEY, primary_key=True),  # the purl
    Column("package_type", String, nullable=False),
    Column("package_name", KEY, nullable=False),
    Column("spelling", Text, nullable=False),
    Column("versions", Json(Versions), nullable=False),
    Column("summary", Text, nullable=False),
    Column("url", Text),
    Column("modified", Utc, nullable=False),
    Column("verdict", String, nullable=False),
    Column("confidence", String, nullable=False),
    Column("notes", Json(tuple[str, ...]), nullable=False),
    Column("digest", String, nullable=False),  # of all that it says but `modified`
    Column("live", Boolean, nullable=False),  # false: its feed has taken the record back since
    Column("revision", NUMBER, nullable=False),  # of the save that last changed what holds
    Column("first_seen_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Index(None, "package", "revision"),
)
