"""One measured number, and the line that it is printed as."""

from collections.abc import Callable, Iterator
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
    def verdict(self) -> str:
        if self.target is None:
            return "-"
        within = self.value <= self.target if self.wanted == "at most" else self.value >= self.target
        return "met" if within else "short"

    def __str__(self) -> str:
        target = "-" if self.target is None else f"{_SIGN[self.wanted]}{self.target:g}"
        return f"FIGURE {self.name} {self.value:.4g} {self.unit} {target} {self.verdict}"


Benchmark = Callable[[], Iterator[Figure]]
"""Measures, and yields each figure as soon as it is known."""
