"""The part of AQL that asks for items: from text to a typed query, with the errors of the real one. Pure.

Source: jfrog.com/help/r/jfrog-rest-apis/artifactory-query-language, JFrog's notes on its syntax.
"""

import json
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from jfrog_standin.artifactory.aql_fields import (
    DEFAULT_FIELDS,
    DOMAIN_FIELDS,
    ITEM_FIELDS,
    Operator,
    Value,
    is_operator,
    read_value,
)

MAX_TEXT = 6000
DEEPEST = 50

GRAMMAR = r"""
start: "items" "." "find" "(" [_objects] ")" [include] [sort] [offset] [limit]
include: "." "include" "(" STRING ("," STRING)* ")"
sort: "." "sort" "(" "{" STRING ":" "[" STRING ("," STRING)* "]" "}" ")"
offset: "." "offset" "(" NUMBER ")"
limit: "." "limit" "(" NUMBER ")"
_objects: object ("," object)*
object: "{" [pair ("," pair)*] "}"
pair: STRING ":" value
array: "[" [value ("," value)*] "]"
value: object | array | STRING -> string | NUMBER -> number | "null" -> nothing
STRING: /"(?:[^"\\]|\\.)*"/s
NUMBER: /\d{1,18}/
%ignore /\s+/
"""


class AqlError(ValueError):
    """The text is no query; the message is Artifactory's answer."""

    def __init__(self, text: str, near: str) -> None:
        super().__init__(
            f"Failed to parse query: {text}, it looks like there is syntax error near "
            f"the following sub-query: {near}"
        )


class Comparison(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A field of the item, or one of its statistics, compared with a value."""

    field: str
    operator: Operator
    value: Value


class PropertyComparison(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A property compared with a value: its values under one name, or with `part` any name or any value."""

    name: str = "*"
    part: Literal["key", "value"] = "value"
    operator: Operator
    value: Value


class Every(msgspec.Struct, frozen=True, tag=True):
    parts: tuple["Criterion", ...]


class Either(msgspec.Struct, frozen=True, tag=True):
    parts: tuple["Criterion", ...]


class OneProperty(msgspec.Struct, frozen=True, tag=True):
    """`$msp`: one and the same property meets all of them."""

    parts: tuple["Criterion", ...]


Criterion = Comparison | PropertyComparison | Every | Either | OneProperty


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A query for items."""

    criterion: Every
    fields: tuple[str, ...] = DEFAULT_FIELDS  # of the item
    properties: tuple[str, ...] | None = None  # names to show; () is all; None: none are shown
    statistics: bool = False
    descending: bool = False
    sort: tuple[str, ...] = ()
    offset: int = 0
    limit: int | None = None

    @property
    def multiplies(self) -> bool:
        """Are the rows those of a join with another domain? Limit then counts them, and sort is lost."""
        return self.properties == () or self.statistics


def read_query(text: str) -> Query:
    """Read a query.

    Raises:
        AqlError: it is none, or longer than Artifactory takes.
    """
    if len(text) > MAX_TEXT:
        raise AqlError(text[:80], f"the query has more than {MAX_TEXT} characters")
    try:
        parts: Any = _PARSER.parse(text)  # what the transformer makes of it
        criterion = Every(tuple(_criterion(part, 0) for part in parts.pop("criteria")))
        return _checked(Query(criterion=criterion, **parts))
    except UnexpectedInput as error:
        at: Any = error.pos_in_stream  # Lark declares it as None; at the end of the text it is -1 or None
        raise AqlError(text, text[at:] if at and at > 0 else text) from error
    except VisitError as error:
        raise AqlError(text, str(error.orig_exc)) from error
    except _Wrong as error:
        raise AqlError(text, str(error)) from error


class _Wrong(ValueError):
    """What is wrong, as the part of the query that Artifactory would show."""


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):
    """Turns what was parsed into plain values, and the parts of a query into its fields."""

    def start(self, *parts: Any) -> dict[str, Any]:
        read: dict[str, Any] = {"criteria": [part for part in parts if isinstance(part, list)]}
        for part in parts:
            read.update(part if isinstance(part, dict) else {})
        return read

    def include(self, *names: Token) -> dict[str, Any]:
        return _included([_text(name) for name in names])

    def sort(self, direction: Token, *names: Token) -> dict[str, Any]:
        if _text(direction) not in {"$asc", "$desc"}:
            raise _Wrong(str(direction))
        return {"descending": _text(direction) == "$desc", "sort": tuple(_text(name) for name in names)}

    def offset(self, number: Token) -> dict[str, Any]:
        return {"offset": int(number)}

    def limit(self, number: Token) -> dict[str, Any]:
        return {"limit": int(number)}

    def object(self, *pairs: tuple[str, Any] | None) -> list[tuple[str, Any]]:
        return [pair for pair in pairs if pair is not None]

    def pair(self, name: Token, value: Any) -> tuple[str, Any]:
        return _text(name), value

    def array(self, *values: Any) -> tuple[Any, ...]:
        return tuple(value for value in values if value is not None)

    def value(self, value: Any) -> Any:
        return value

    def string(self, text: Token) -> str:
        return _text(text)

    def number(self, text: Token) -> int:
        return int(text)

    def nothing(self) -> None:
        return None


_PARSER = Lark(GRAMMAR, parser="lalr", transformer=_Reader(), maybe_placeholders=False)


def _text(token: Token) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError as error:
        raise _Wrong(str(token)) from error


def _included(names: Sequence[str]) -> dict[str, Any]:
    """What `include` asks for; without a field of the item, its default ones are shown as well."""
    properties = [name[1:] for name in names if name.startswith("@")]
    whole = any(name in {"property", "property.*", "property.key", "property.value"} for name in names)
    statistics = any(name in {"stat", "stat.*"} or name in DOMAIN_FIELDS for name in names)
    fields = [name for name in names if name in ITEM_FIELDS]
    for name in names:
        known = name in ITEM_FIELDS or name in DOMAIN_FIELDS or name in _WHOLE_DOMAINS
        if not known and not name.startswith("@"):
            raise _Wrong(f'include("{name}")')
    return {
        "fields": tuple(ITEM_FIELDS) if "*" in names else tuple(dict.fromkeys(fields)) or DEFAULT_FIELDS,
        "properties": () if whole else tuple(properties) or None,
        "statistics": statistics,
    }


_WHOLE_DOMAINS = {"*", "property", "property.*", "property.key", "property.value", "stat", "stat.*"}


def _checked(query: Query) -> Query:
    shown = {*query.fields, *(DOMAIN_FIELDS if query.statistics else ())}
    if not shown.issuperset(query.sort):
        raise _Wrong("Only the result fields are allowed to use in the sort section.")
    return query


def _criterion(pairs: list[tuple[str, Any]], depth: int) -> Every:
    """All the pairs of an object; `depth` bounds what a hostile query can nest."""
    if depth > DEEPEST:
        raise _Wrong("the criteria are nested too deeply")
    return Every(tuple(_pair(name, value, depth) for name, value in pairs))


def _pair(name: str, value: Any, depth: int) -> Criterion:
    if name in {"$and", "$or", "$msp"}:
        if not isinstance(value, tuple) or not all(isinstance(part, list) for part in value):
            raise _Wrong(f'"{name}"')
        parts = tuple(_criterion(part, depth + 1) for part in value)
        return Every(parts) if name == "$and" else Either(parts) if name == "$or" else OneProperty(parts)
    if isinstance(value, tuple):
        raise _Wrong(f'"{name}":[')
    if not isinstance(value, list):
        return _compared(name, "$eq", value)
    return Every(tuple(_compared(name, operator, given) for operator, given in value))


def _compared(name: str, operator: str, value: Any) -> Criterion:
    if not is_operator(operator) or isinstance(value, (list, tuple)):
        raise _Wrong(f'"{name}":{{"{operator}"')
    try:
        given = read_value(name, operator, value)
    except ValueError as error:
        raise _Wrong(f'"{name}":{{"{operator}":{json.dumps(value)}}}') from error
    if name.startswith("@") and len(name) > 1:
        return PropertyComparison(name=name[1:], operator=operator, value=given)
    match name:
        case "property.key":
            return PropertyComparison(part="key", operator=operator, value=given)
        case "property.value":
            return PropertyComparison(operator=operator, value=given)
    return Comparison(field=name, operator=operator, value=given)
