"""What two maps have different, row by row. Pure."""

from enum import StrEnum

import msgspec

from reedbed.inventory.transform.document import Document, Row


class How(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A target whose row is not the same in two maps."""

    target: str
    how: How
    before: Row | None = None
    after: Row | None = None
    fields: tuple[str, ...] = ()  # of a changed row: what is different, as it is written


def diff(before: Document, after: Document) -> list[Change]:
    """Compare the rows of two maps by their targets; where a row stands says nothing."""
    old, new = by_target(before), by_target(after)
    changes = [
        Change(
            target=target, how=How.CHANGED, before=old[target], after=row, fields=_fields(old[target], row)
        )
        if target in old
        else Change(target=target, how=How.ADDED, after=row)
        for target, row in new.items()
        if old.get(target) != row
    ]
    removed = [
        Change(target=target, how=How.REMOVED, before=row) for target, row in old.items() if target not in new
    ]
    return changes + removed


def by_target(document: Document) -> dict[str, Row]:
    return {row.target: row for row in document.rows}


def made_of(row: Row) -> str:
    """Say in one line what a row is made of."""
    if row.source is not None:
        return row.source
    if row.expression is not None:
        return row.expression
    if row.given is not None:
        return f"given: {row.given}"
    return f"constant: {msgspec.json.encode(row.constant).decode()}"


def _fields(before: Row, after: Row) -> tuple[str, ...]:
    return tuple(
        field.encode_name
        for field in msgspec.structs.fields(Row)
        if getattr(before, field.name) != getattr(after, field.name)
    )
