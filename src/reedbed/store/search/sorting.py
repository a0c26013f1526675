"""In which order rows come, and where a page begins: behind a row, never after a number of rows."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement, func, select

from reedbed.errors import SettingsError
from reedbed.model.query.tokens import View, nearest
from reedbed.store.columns import Utc
from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import EPSS, FINDINGS
from reedbed.store.search.expressions import Condition

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Sort(msgspec.Struct, frozen=True, kw_only=True):
    """An order of a view's rows; rows that are equal in it come by their ids, the same way round."""

    view: View
    name: str
    descending: bool

    def __str__(self) -> str:
        return f"{self.name}:{'desc' if self.descending else 'asc'}"


_F, _A = FINDINGS.c, ASSETS.c
_EPSS = select(EPSS.c.score).where(EPSS.c.cve == _F.vulnerability).correlate_except(None).scalar_subquery()

KEYS: dict[View, dict[str, ColumnElement[Any]]] = {
    View.FINDINGS: {
        "severity": _F.severity,
        "cveId": _F.vulnerability,
        "component": _F.component,
        "repository": _F.repository,
        "status": sa.type_coerce(_F.status, sa.String),
        "occurrenceCount": _F.images,
        "riskScore": func.coalesce(_F.score, -1.0),
        "cvss3BaseScore": func.coalesce(_F.cvss3_score, -1.0),
        "epssScore": func.coalesce(_EPSS, -1.0),
        "firstFoundDate": _F.first_found_at,
        "lastFoundDate": _F.last_found_at,
        "publishedDate": func.coalesce(_F.published_at, sa.literal(_LONG_AGO, _F.published_at.type)),
    },
    View.ASSETS: {
        "name": _A.name,
        "repository": func.coalesce(_A.repository, ""),
        "critical": _A.critical,
        "high": _A.high,
        "riskScore": func.coalesce(_A.score, -1.0),
        "sizeInBytes": func.coalesce(_A.size_bytes, -1),
        "firstFoundDate": _A.first_seen_at,
        "lastFoundDate": _A.last_seen_at,
        "uploadedDate": func.coalesce(_A.uploaded_at, sa.literal(_LONG_AGO, _A.uploaded_at.type)),
        "lastScanned": func.coalesce(_A.scanned_at, sa.literal(_LONG_AGO, _A.scanned_at.type)),
    },
}
"""What is null comes as if it were lower than all else."""

INDEXED = "severity"
"""The order of findings that an index has."""

_ASCENDING = frozenset({"name", "repository", "cveId", "component", "status"})
DEFAULT = {
    View.FINDINGS: Sort(view=View.FINDINGS, name="severity", descending=True),
    View.ASSETS: Sort(view=View.ASSETS, name="name", descending=False),
}


def read_sort(view: View, text: str | None) -> Sort:
    """Read `severity`, `firstFoundDate:asc`; None is the view's own order.

    Raises:
        SettingsError: rows of this view are not sorted by that.
    """
    if text is None:
        return DEFAULT[view]
    name, _, way = text.partition(":")
    known = {each.lower(): each for each in KEYS[view]}
    found = known.get(name.lower().removeprefix("finding.").removeprefix("asset."))
    if found is None or way.lower() not in ("", "asc", "desc"):
        raise SettingsError(
            f"Could not sort by {text}",
            why=f"{view} are sorted by {', '.join(KEYS[view])}, each with :asc or :desc",
            fix=f"Write --sort {nearest(name, list(KEYS[view]))[0]}:desc.",
        )
    descending = way.lower() == "desc" if way else found not in _ASCENDING
    return Sort(view=view, name=found, descending=descending)


def ordered(sort: Sort) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Give what to order by: the key and the id."""
    key, number = KEYS[sort.view][sort.name], _id(sort.view)
    return (key.desc(), number.desc()) if sort.descending else (key.asc(), number.asc())


def place(sort: Sort, key: Any, row_id: str) -> str:
    """Write where a page ends, for the next one to begin behind it."""
    text = key.isoformat() if isinstance(key, datetime) else key
    raw = msgspec.json.encode([str(sort), text, row_id])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def behind(sort: Sort, after: str) -> Condition:
    """Ask for the rows behind a place.

    Raises:
        SettingsError: it is no place, or one of another order.
    """
    order, text, row_id = _read_place(after)
    if order != str(sort):
        raise _no_place(f"it is a place in the order {order}, and the order is {sort}")
    key = KEYS[sort.view][sort.name]
    found: Any = sa.tuple_(key, _id(sort.view))
    bound = sa.tuple_(sa.literal(_value(key, text), key.type), sa.literal(row_id))
    compared: Condition = found < bound if sort.descending else found > bound
    return compared


def _read_place(after: str) -> tuple[str, Any, str]:
    try:
        raw = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4))
        return msgspec.json.decode(raw, type=tuple[str, str | int | float, str])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise _no_place("it is not what a page before has given") from None


def _value(key: ColumnElement[Any], told: Any) -> Any:
    """Take what a place tells of its key, if that is of the key's own kind."""
    try:
        if isinstance(key.type, Utc):
            return datetime.fromisoformat(told).replace(tzinfo=UTC)
    except (ValueError, TypeError):
        raise _no_place("its value is no moment") from None
    if isinstance(told, str) != isinstance(key.type, sa.String):
        raise _no_place("its value is of another kind")
    return told


def _no_place(why: str) -> SettingsError:
    return SettingsError("Could not go on behind --after", why=why, fix="Begin without --after.")


def _id(view: View) -> ColumnElement[str]:
    return _F.id if view is View.FINDINGS else _A.id
