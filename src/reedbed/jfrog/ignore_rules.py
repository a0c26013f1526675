"""Xray's ignore rules: which violations somebody there does not want to see, why, and until when.

Filters come with hyphens and with underscores in their names. Source: IgnoreRulesV1Api of JFrog's merged
OpenAPI (there is no v2); the Terraform provider's xray_ignore_rule.
"""

from typing import Any

import msgspec

from reedbed.errors import Unreadable
from reedbed.jfrog.exchange import Call
from reedbed.jfrog.session import JFrog

ROWS = 200
PAGES = 500


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A component or an artifact that a rule is about; what is empty may be anything."""

    name: str = ""
    version: str = ""
    path: str = ""  # of an artifact: the repository and folder, ending in a slash


class IgnoreRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule. Each list that is not empty must hold; of the objectives, the first four, one is enough."""

    id: str
    notes: str = ""
    author: str = ""
    expires_at: str | None = None
    is_expired: bool = False
    vulnerabilities: tuple[str, ...] = ()  # Xray's ids, or "any"
    cves: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    operational_risk: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    components: tuple[Named, ...] = ()
    artifacts: tuple[Named, ...] = ()
    docker_layers: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()  # kinds of filters on what is not in here: builds, release bundles …


class _Row(msgspec.Struct, frozen=True):
    id: str = ""
    notes: str | None = None
    author: str | None = None
    expires_at: str | None = None
    is_expired: bool | None = None
    ignore_filters: dict[str, Any] | None = None


class _Page(msgspec.Struct, frozen=True):
    data: tuple[_Row, ...] | None = None
    total_count: int | None = None


async def ignore_rules(jfrog: JFrog) -> list[IgnoreRule]:
    """List all the rules.

    Raises:
        Refused: the token's user may not see them.
        Unreachable: as any call.
        Unreadable: the list does not end, gives fewer than it counts or no count, or a rule says nothing.
    """
    found: dict[str, IgnoreRule] = {}
    for number in range(1, PAGES + 1):
        page = await jfrog.fetch(_list(number), _Page)
        if page.total_count is None or any(row.ignore_filters is None for row in page.data or ()):
            raise _wrong("a count of them is missing, or what one is about")
        found |= {row.id: _rule(row) for row in page.data or () if row.id}
        if len(found) >= page.total_count:
            return list(found.values())
        if not page.data:
            break
    raise _wrong(f"Xray gave {len(found)} of them, and there are more")


def _wrong(why: str) -> Unreadable:
    return Unreadable("Could not list the ignore rules", why=why, fix="Nothing: the next run reads again.")


def _list(number: int) -> Call:
    return Call(
        method="GET",
        route="/xray/api/v1/ignore_rules",
        query={
            "page_num": str(number),
            "num_of_rows": str(ROWS),
            "order_by": "created",
            "direction": "asc",
        },
        doing="list the ignore rules",
        needs="the Xray permission “Manage Watches”, for its ignore rules",
    )


_LISTS = ("vulnerabilities", "cves", "licenses", "operational_risk", "watches", "policies", "docker_layers")
_NAMED = ("components", "artifacts")


def _rule(row: _Row) -> IgnoreRule:
    """Read a rule; a filter that is not known narrows it to what is not in here, and is never left out."""
    told = {key.replace("-", "_"): value for key, value in (row.ignore_filters or {}).items() if value}
    known: dict[str, Any] = {name: [*map(str, _many(told.pop(name)))] for name in _LISTS if name in told}
    known |= {name: [*map(_named, _many(told.pop(name)))] for name in _NAMED if name in told}
    plain = {
        "id": row.id,
        "notes": row.notes or "",
        "author": row.author or "",
        "expires_at": row.expires_at,
        "is_expired": bool(row.is_expired),
        "elsewhere": sorted(told),
    }
    return msgspec.convert(plain | known, IgnoreRule)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(value: Any) -> dict[str, str]:
    told = value if isinstance(value, dict) else {"name": value}
    return {name: str(told[name]) for name in Named.__struct_fields__ if told.get(name)}
