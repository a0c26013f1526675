"""One measured number, the line that it is printed as, and what a benchmark is."""

from collections.abc import AsyncIterator, Callable
from typing import Literal

import msgspec

_SIGN = {"at most": "<=", "at least": ">="}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """`FIGURE name value unit target met|short`; without a target the last two are `-`."""

    name: str
    value: float
    unit: str
    target: float | None = None
    wanted: Literal["at most", "at least"] = "at most"

    @property
    def verdict(self) -> Literal["met", "short", "-"]:
        if self.target is None:
            return "-"
        within = self.value <= self.target if self.wanted == "at most" else self.value >= self.target
        return "met" if within else "short"

    def __str__(self) -> str:
        target = "-" if self.target is None else f"{_SIGN[self.wanted]}{self.target:g}"
        return f"FIGURE {self.name} {_shown(self.value)} {self.unit} {target} {self.verdict}"


def _shown(value: float) -> str:
    """Write four digits, or all before the point, and never an exponent: programs read these lines too."""
    if abs(value) >= 1_000:
        return f"{value:.0f}"
    return f"{float(f'{value:.4g}'):f}".rstrip("0").rstrip(".")


Remark = str
"""What a reader must know of the figures that follow; printed behind `#`."""

Benchmark = Callable[[], AsyncIterator[Figure | Remark]]
"""Measures, and yields each figure as soon as it is known."""
