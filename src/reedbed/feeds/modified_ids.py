"""The list of an archive's records with the time that each was last modified: `modified_id.csv`.

Rows of `time,id` without a header, ids of every kind mixed. Newest first by documentation; nothing here
relies on that. Source: google.github.io/osv.dev/data, "Data sources".
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from reedbed.feeds.osv_record import RECORD_ID

LONGEST_LINE = 300


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What a list says has changed."""

    times: dict[str, datetime]  # of each record to fetch, in UTC; cut off where there are too many
    too_many: bool = False
    rows: int = 0
    unread: int = 0  # rows that could not be read


def changes(lines: Iterable[bytes], *, since: datetime, id_prefixes: tuple[str, ...], limit: int) -> Changes:
    """Find the records modified at or after `since`, at most `limit`, each once with its newest time."""
    times: dict[str, datetime] = {}
    rows = unread = 0
    too_many = False
    for line in lines:
        if not line.strip():
            continue
        rows += 1
        row = _row(line)
        if row is None:
            unread += 1
        elif row[0] >= since and row[1].startswith(id_prefixes):
            too_many = too_many or (len(times) >= limit and row[1] not in times)
            if not too_many:
                times[row[1]] = max(row[0], times.get(row[1], row[0]))
    return Changes(times=times, too_many=too_many, rows=rows, unread=unread)


def _row(line: bytes) -> tuple[datetime, str] | None:
    """Read one row. An id that could lead elsewhere when it becomes part of an address is no id."""
    try:
        time, _, record_id = line[:LONGEST_LINE].decode("ascii").strip().partition(",")
        moment = datetime.fromisoformat(time)
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return (utc, record_id) if RECORD_ID.fullmatch(record_id) else None
