"""Three-way merge: a clone takes in what has changed since in the map that it came from. Pure."""

from enum import StrEnum

import msgspec

from reedbed.inventory.transform.diff import by_target
from reedbed.inventory.transform.document import Document, Row


class Prefer(StrEnum):
    """Whose row stands where both sides have changed one."""

    MINE = "mine"
    THEIRS = "theirs"


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A row that both sides have changed, and not alike. None: the side does not have it."""

    target: str
    base: Row | None
    mine: Row | None
    theirs: Row | None


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    document: Document
    taken: tuple[str, ...] = ()  # targets whose rows are theirs now
    conflicts: tuple[Conflict, ...] = ()


def merge(base: Document, mine: Document, theirs: Document, *, prefer: Prefer = Prefer.MINE) -> Merged:
    """Bring what changed from `base` to `theirs` into `mine`: its name, description and tests stay."""
    sides = [by_target(each) for each in (base, mine, theirs)]
    order = dict.fromkeys([*sides[1], *sides[2], *sides[0]])
    rows: list[Row] = []
    taken: list[str] = []
    conflicts: list[Conflict] = []
    for target in order:
        before, ours, other = (side.get(target) for side in sides)
        conflict = ours != other and before not in (ours, other)
        if conflict:
            conflicts.append(Conflict(target=target, base=before, mine=ours, theirs=other))
        take = ours != other and (ours == before or (conflict and prefer is Prefer.THEIRS))
        if take:
            taken.append(target)
        row = other if take else ours
        rows += [row] if row is not None else []
    document = msgspec.structs.replace(mine, rows=tuple(rows))
    return Merged(document=document, taken=tuple(taken), conflicts=tuple(conflicts))
