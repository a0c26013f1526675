"""A query as it was understood: a tree of typed values. Two are equal if they ask for the same."""

from datetime import datetime

import msgspec

from reedbed.model.query.tokens import Group, Token

Scalar = str | float | bool | datetime


class Equal(msgspec.Struct, frozen=True, tag=True):
    """The value itself; of text regardless of the case of ASCII letters unless `exact`."""

    value: str | bool
    exact: bool = False


class Affix(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`*` in front, behind, or on both sides of some text; never inside of it."""

    text: str
    before: bool  # something may stand before it
    after: bool


class Words(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Words of a text: all of them, in any order, or next to each other in this one."""

    words: tuple[str, ...]
    adjacent: bool = False
    prefix: bool = False  # the one word may go on


class Between(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A span of numbers or moments; None: no bound."""

    low: float | datetime | None = None
    high: float | datetime | None = None
    low_in: bool = True
    high_in: bool = True


class OneOf(msgspec.Struct, frozen=True, tag=True):
    tests: tuple["Test", ...]


Test = Equal | Affix | Words | Between | OneOf


class Compare(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    token: Token
    test: Test


class Missing(msgspec.Struct, frozen=True, tag=True):
    """`token is null`; of a list: it has no element."""

    token: Token


class Free(msgspec.Struct, frozen=True, tag=True):
    """Words without a token: looked for in all text of the row."""

    test: Words


class Inside(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`group:(…)`: one and the same thing of the group meets the whole condition."""

    group: Group
    part: "Node"


class Not(msgspec.Struct, frozen=True, tag=True):
    part: "Node"


class Every(msgspec.Struct, frozen=True, tag=True):
    parts: tuple["Node", ...]


class Either(msgspec.Struct, frozen=True, tag=True):
    parts: tuple["Node", ...]


Node = Compare | Missing | Free | Inside | Not | Every | Either

EVERYTHING = Every(())
"""The empty query."""
