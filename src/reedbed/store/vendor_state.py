"""Where SafeDep's own daemon stopped reading: its state file, only ever read.

Source: github.com/safedep/cli, internal/config and internal/cmd/integration/jfrog: an SQLite file with a
table kv(scope, namespace, key, value).
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

CURSORS = """
    SELECT value FROM kv
     WHERE namespace = 'integration-jfrog' AND key = 'cursor'
     ORDER BY scope
     LIMIT 100
"""
BUSY_S = 2.0


class _Cursor(msgspec.Struct, frozen=True):
    last_seen_at: datetime


def state_file(environ: Mapping[str, str], home: Path) -> Path:
    """Give where the daemon keeps its state."""
    if chosen := environ.get("SAFEDEP_DATA_DIR"):
        return Path(chosen) / "cli" / "state.db"
    data = environ.get("XDG_DATA_HOME") or home / ".local" / "share"
    return Path(data) / "safedep" / "cli" / "state.db"


def last_seen(file: Path) -> datetime | None:
    """Give the moment (UTC) up to which every profile has read; None: no such file, or nothing in it.

    Raises:
        ValueError: the file is there, and can't be read as such.
    """
    if not file.is_file():
        return None
    try:
        uri = f"{file.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S)) as connection:
            rows = connection.execute(CURSORS).fetchall()
        seen = [msgspec.json.decode(value, type=_Cursor).last_seen_at for (value,) in rows]
        return min((moment.astimezone(UTC) for moment in seen), default=None)
    except (sqlite3.Error, OSError, msgspec.MsgspecError, TypeError, OverflowError) as error:
        raise ValueError(f"{file} can't be read as the daemon's state") from error
