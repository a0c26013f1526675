"""Closings that were held, because they were too many at once: a person confirms or drops them. Acts."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.errors import SettingsError
from reedbed.model.inventory import Status
from reedbed.store import audit
from reedbed.store.inventory import closings as store
from reedbed.store.inventory import per_asset


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a person, of one connection."""

    connection: str
    fixed: int
    retired: int
    open: int  # findings of the connection that are open now, the held ones included
    planned_at: datetime


def held(connection: Connection, name: str) -> Held | None:
    """Say what is held of a connection; None: nothing is."""
    staged = store.count_staged(connection, name)
    planned = store.planned_at(connection, name)
    if planned is None:
        return None
    return Held(
        connection=name,
        fixed=staged.get(Status.FIXED, 0),
        retired=staged.get(Status.RETIRED, 0),
        open=store.count_open(connection, name),
        planned_at=planned,
    )


def confirm(connection: Connection, name: str, *, by: str, now: datetime) -> int:
    """Close what is held, but for what was read again since, or can't be read now; give how many.

    Raises:
        SettingsError: nothing is held.
    """
    _of(connection, name)
    store.drop_stale(connection, name)
    closed = store.carry_out(connection, name, run=None, now=now)
    per_asset.count_findings(connection, name)
    detail = {"closed": closed}
    audit.append(connection, at=now, who=by, action="closings confirm", subject=name, detail=detail)
    return closed


def reject(connection: Connection, name: str, *, by: str, now: datetime) -> int:
    """Leave open what is held, until the next complete run decides anew; give how many.

    Raises:
        SettingsError: nothing is held.
    """
    found = _of(connection, name)
    store.discard(connection, name)
    left = found.fixed + found.retired
    audit.append(connection, at=now, who=by, action="closings reject", subject=name, detail={"left": left})
    return left


def _of(connection: Connection, name: str) -> Held:
    found = held(connection, name)
    if found is None:
        raise SettingsError(
            f"Nothing of {name} is held",
            why="its newest complete run closed what was over, or there was none.",
            fix="Look at `reedbed sync status`.",
        )
    return found
