"""Hold rules as bits, so that one statement can compare thousands of changes with what was approved."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Dialect, Integer
from sqlalchemy.types import TypeDecorator

from reedbed.model.ledger import HoldRule

BITS = {
    HoldRule.ALLOW_LIST: 1,
    HoldRule.IN_USE: 2,
    HoldRule.MANY_BLOCKS: 4,
    HoldRule.MANY_UNBLOCKS: 8,
}
"""Stored: a rule keeps its bit for ever."""


class Rules(TypeDecorator[tuple[HoldRule, ...]]):
    """Some hold rules, in the order in which `HoldRule` lists them."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Iterable[HoldRule] | None, dialect: Dialect) -> int | None:
        return None if value is None else bits(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[HoldRule, ...] | None:
        return None if value is None else tuple(rule for rule, bit in BITS.items() if value & bit)


def bits(rules: Iterable[HoldRule]) -> int:
    return sum(BITS[rule] for rule in set(rules))
