"""How one value of a row is compared, alike on SQLite and PostgreSQL."""

import string
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import Grouping, UnaryExpression
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import custom_op

from reedbed.model.query.tree import Affix, Between, Equal, OneOf, Test, Words
from reedbed.store.inventory.wording import WORDINGS, Field
from reedbed.store.inventory.wording import WORDS as POSTINGS

Condition = ColumnElement[bool]

_PLUS: Any = custom_op("+")

LAST = "\U0010ffff"
"""Behind every text with the same beginning, in code point order."""

MOST_TOGETHER = 50
"""Conditions that one chain joins. SQLite refuses expressions that are deeper than 1,000."""

_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Days(FunctionElement[float]):
    """The days from one moment (second) to another (first)."""

    inherit_cache = True
    type = sa.Float()
    name = "days"


@compiles(Days, "sqlite")
def _days_sqlite(element: Days, compiler: SQLCompiler, **kw: Any) -> str:
    late, early = (compiler.process(each, **kw) for each in element.clauses)
    return f"(julianday({late}) - julianday({early}))"


@compiles(Days, "postgresql")
def _days_postgresql(element: Days, compiler: SQLCompiler, **kw: Any) -> str:
    late, early = (compiler.process(each, **kw) for each in element.clauses)
    return f"(extract(epoch from {late} - {early}) / 86400.0)"


class Plain(msgspec.Struct, frozen=True, kw_only=True):
    """A column, or an expression of some."""

    of: ColumnElement[Any]
    present: Condition | None = None  # where it counts as a value at all
    folded: bool = False  # it is stored in one case, so that an index finds it


class Worded(msgspec.Struct, frozen=True, kw_only=True):
    """A column that is the key of a text."""

    of: ColumnElement[Any]
    field: Field


class Elements(msgspec.Struct, frozen=True, kw_only=True):
    """A column with a JSON array of strings."""

    of: ColumnElement[Any]


Expression = Plain | Worded | Elements


class Dialect(msgspec.Struct, frozen=True):
    """Which of the two databases it is, and how rows are come by."""

    name: str
    walking: bool = False  # in their order, so that no condition is to choose another index

    def searched(self, of: ColumnElement[Any]) -> ColumnElement[Any]:
        """Keep SQLite from an index, where it would gather and sort what is walked to faster.

        Source: sqlite.org/optoverview.html, “disqualifying WHERE terms using unary +”.
        """
        if self.walking and self.name == "sqlite":
            return UnaryExpression(of, operator=_PLUS, type_=of.type)
        return of

    def among(self, of: ColumnElement[Any], keys: Select[tuple[str]]) -> Condition:
        """Ask for a value that is one of some keys.

        PostgreSQL would join the keys to the rows, and so gather and sort those. It joins nothing that stands
        below IS TRUE, but looks each row that it walks to up in a hash of the keys.
        """
        found = self.searched(of).in_(keys)
        return found.is_(sa.true()) if self.walking and self.name == "postgresql" else found

    def folded(self, text: ColumnElement[Any]) -> ColumnElement[str]:
        """Lower the case of ASCII letters, and of no other, on both."""
        plain = sa.type_coerce(text, sa.String)
        return func.lower(sa.collate(plain, "C") if self.name == "postgresql" else plain)

    def elements(self, array: ColumnElement[Any]) -> tuple[Any, ColumnElement[str]]:
        """Give a table of the elements of a JSON array, and its column."""
        plain = sa.type_coerce(array, sa.Text)
        if self.name == "postgresql":
            table = (
                func.jsonb_array_elements_text(sa.cast(plain, JSONB)).table_valued("value").render_derived()
            )
        else:
            table = func.json_each(plain).table_valued("value")
        return table, sa.type_coerce(table.c.value, sa.String)


def compare(expression: Expression, test: Test, on: Dialect) -> Condition:
    """Compare a value; what is null is neither equal nor in any span."""
    match expression:
        case Elements(of=array):
            table, value = on.elements(array)
            found = select(sa.literal(1)).select_from(table).where(_plain(Plain(of=value), test, on))
            return found.correlate_except(None).exists()
        case Worded():
            return _worded(expression, test, on)
        case Plain(present=present):
            compared = _plain(expression, test, on)
            return compared if present is None else and_(compared, present)


def missing(expression: Expression, on: Dialect) -> Condition:
    """Ask whether there is no value; of an array whether it is empty."""
    match expression:
        case Elements(of=array):
            table, _ = on.elements(array)
            return ~select(sa.literal(1)).select_from(table).correlate_except(None).exists()
        case Plain(of=of, present=present) if present is not None:
            return or_(of.is_(None), present.is_not(sa.true()))
        case Plain(of=of) | Worded(of=of):
            return of.is_(None)


def _plain(expression: Plain, test: Test, on: Dialect) -> Condition:
    of = expression.of
    match test:
        case Equal(value=bool() as value):
            return of if value else sa.not_(of)
        case Equal(value=value, exact=exact):
            same = exact or expression.folded
            return on.searched(_raw(of)) == value if same else on.folded(of) == lowered(value)
        case Affix():
            return _affix(expression, test, on)
        case Between():
            return _between(of, test)
        case OneOf(tests=tests):
            return _one_of(expression, tests, on)
        case Words():
            raise AssertionError("only text has words")


def _raw(of: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as text: a word that its enumeration lacks is unequal, and no error."""
    return sa.type_coerce(of, sa.String)


def _affix(expression: Plain, test: Affix, on: Dialect) -> Condition:
    of, text = expression.of, test.text
    if expression.folded and not test.before:
        raw = on.searched(_raw(of))
        return and_(raw >= text, raw < text + LAST)
    pattern = f"{'%' if test.before else ''}{escaped(lowered(text))}{'%' if test.after else ''}"
    return on.folded(of).like(pattern, escape="\\")


def _between(of: ColumnElement[Any], test: Between) -> Condition:
    low, high = _whole(test.low), _whole(test.high)
    if low is not None and low == high and test.low_in and test.high_in:
        return of == low
    bounds = []
    if low is not None:
        bounds.append(of >= low if test.low_in else of > low)
    if high is not None:
        bounds.append(of <= high if test.high_in else of < high)
    return and_(*bounds)


def _whole(bound: float | datetime | None) -> float | datetime | None:
    """Make a whole number one: PostgreSQL finds no fraction in an index of integers, which have 32 bits."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() and abs(bound) < 2**31 else bound


def _one_of(expression: Plain, tests: Sequence[Test], on: Dialect) -> Condition:
    """Put the equal ones of a list into one IN."""
    equal = [t for t in tests if isinstance(t, Equal) and isinstance(t.value, str)]
    exact = [t.value for t in equal if t.exact or expression.folded]
    loose = [lowered(t.value) for t in equal if not (t.exact or expression.folded)]
    rest = [_plain(expression, t, on) for t in tests if t not in equal]
    together = [on.searched(_raw(expression.of)).in_(exact)] if exact else []
    together += [on.folded(expression.of).in_(loose)] if loose else []
    return joined(or_, [*together, *rest])


def _worded(expression: Worded, test: Test, on: Dialect) -> Condition:
    match test:
        case OneOf(tests=tests):
            return joined(or_, [_worded(expression, each, on) for each in tests])
        case Equal(value=value):
            return on.among(expression.of, _keys(expression.field).where(WORDINGS.c.value == value))
        case Words():
            return on.among(expression.of, keys_with(test, expression.field))
    raise AssertionError("text has no order")


def keys_with(test: Words, field: Field) -> Select[tuple[str]]:
    """Select the keys of the texts that have some words."""
    query = _keys(field)
    for word in dict.fromkeys(test.words):
        posted = POSTINGS.c.word == word
        if test.prefix:
            posted = and_(POSTINGS.c.word >= word, POSTINGS.c.word < word + LAST)
        query = query.where(
            WORDINGS.c.id.in_(select(POSTINGS.c.wording).where(posted, POSTINGS.c.field == field))
        )
    if test.adjacent and len(test.words) > 1:
        around = sa.literal(" ") + WORDINGS.c.words + sa.literal(" ")
        query = query.where(around.like(f"% {escaped(' '.join(test.words))} %", escape="\\"))
    return query


def _keys(field: Field) -> Select[tuple[str]]:
    return select(WORDINGS.c.key).where(WORDINGS.c.field == field)


def joined(how: Callable[..., ColumnElement[bool]], parts: Sequence[Condition]) -> Condition:
    """Join conditions by AND or OR as a bush and not as a chain."""
    if not parts:
        return sa.true() if how is and_ else sa.false()
    if len(parts) <= MOST_TOGETHER:
        return how(*parts)
    size = -(-len(parts) // MOST_TOGETHER)
    some = [parts[start : start + size] for start in range(0, len(parts), size)]
    return how(*(Grouping(joined(how, each)) for each in some))


def escaped(text: str) -> str:
    """Take from what somebody wrote the meaning that LIKE would give it."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def lowered(text: Any) -> Any:
    """Lower ASCII letters alone, as the databases do."""
    return text.translate(_ASCII_LOWER) if isinstance(text, str) else text
