"""What is wrong with a map, and what a row could not do with a record."""

from collections.abc import Sequence

import msgspec

from reedbed.errors import SettingsError


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that must be mended before a map can be saved."""

    row: int | None = None  # from 1; None: the map as a whole
    target: str = ""
    what: str
    fix: str

    def __str__(self) -> str:
        where = f"row {self.row}" + (f" ({self.target})" if self.target else "") if self.row else "the map"
        return f"{where}: {self.what}"


class MapInvalid(SettingsError):
    """A map that can't be used; `faults` has everything that is wrong with it."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(
            f"The transform map {name} is not valid", why=f"{faults[0]}{more}", fix=faults[0].fix
        )
        self.faults = tuple(faults)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What a row could not do with a record."""

    row: int
    target: str
    what: str
