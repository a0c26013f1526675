"""What a seeded platform is made from, and the draws that everything about it is a function of. All pure."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import msgspec

T = TypeVar("T")

START = datetime(2026, 3, 2, tzinfo=UTC)
"""When day 0 ends: all that a platform begins with is older."""

DAY = timedelta(days=1)


class Seed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How large a platform is, how it looks, and on which of its days."""

    images: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]  # tagged images of all repositories together
    seed: int = 1
    day: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    churn: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.01
    """The share of images that a day changes: pushes, moved tags, fixes, deletions, new CVEs, lost scans."""
    small_kb: Annotated[float, msgspec.Meta(ge=0)] = 55  # about how much a summary tells of a usual image
    large_kb: Annotated[float, msgspec.Meta(ge=0)] = 1_700
    large_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.01


class Draw:
    """Random numbers that depend on nothing but the words that they were asked for with."""

    def __init__(self, *words: object) -> None:
        self._random = random.Random("/".join(map(str, words)))  # noqa: S311 - repeatable on purpose

    def share(self) -> float:
        """At least 0 and below 1."""
        return self._random.random()

    def below(self, number: int) -> int:
        """A whole number from 0, below another one."""
        return int(self._random.random() * number)

    def between(self, least: int, most: int) -> int:
        return least + self.below(most - least + 1)

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def some_of(self, choices: Sequence[T], number: int) -> list[T]:
        """As many different ones as asked for, or all."""
        left = list(choices)
        return [left.pop(self.below(len(left))) for _ in range(min(number, len(left)))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of some, each as often as its weight says."""
        place = self._random.random() * sum(weights.values())
        choice = next(iter(weights))
        for choice, weight in weights.items():
            place -= weight
            if place < 0:
                return choice
        return choice
