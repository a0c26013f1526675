"""The grammar: from text to a tree of names and values as they were written, with their places."""

import re
from typing import Any, Literal

import msgspec
from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from reedbed.model.query.errors import Wrong

MOST_BYTES = 16_384
DEEPEST = 64
MOST_ITEMS = 1_000

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL, and surrogates that stand alone: no database takes them as text."""

GRAMMAR = r"""
start: either
either: every (_OR every)*
every: _unary (_AND _unary)*
_unary: negated | "(" either ")" | missing | inside | compare | free
negated: NOT _unary
missing: FIELD IS_NULL
inside: FIELD EQUALS "(" either ")"
compare: FIELD EQUALS _value | FIELD ORDER _value
free: _scalar
_value: _scalar | list | range
list: "[" _scalar ("," _scalar)* "]"
range: (LSQB | LPAR) _scalar DOTS _scalar (RSQB | RPAR)
_scalar: exact | quoted | bare
exact: EXACT
quoted: QUOTED | CURLED
bare: WORD+

_AND.3: /and(?=[\s()\[\]"'`\u201c\u2018]|\Z)/i
_OR.3: /or(?=[\s()\[\]"'`\u201c\u2018]|\Z)/i
NOT.3: /not(?=[\s()\[\]"'`\u201c\u2018]|\Z)/i
IS_NULL.3: /is\s+(?:not\s+)?null(?=[\s()]|\Z)/i
FIELD.2: /[A-Za-z][\w.\-]*(?=\s*[:=<>]|\s+is\s+(?:not\s+)?null(?:[\s()]|\Z))/i
EQUALS: ":" | "="
ORDER: ">=" | "<=" | ">" | "<"
LPAR: "("
RPAR: ")"
LSQB: "["
RSQB: "]"
EXACT: /`(?:[^`\\]|\\.)*`/s
QUOTED: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/s
CURLED: /\u201c(?:[^\u201d\\]|\\.)*\u201d|\u2018(?:[^\u2019\\]|\\.)*\u2019/s
DOTS.2: /\.\.\.?/
WORD: /(?!')(?:(?!\.\.)[^\s()\[\],"`:=<>\u201c\u201d\u2018])+/
%ignore /\s+/
"""

Style = Literal["bare", "quoted", "exact"]
Operator = Literal[":", ">", "<", ">=", "<="]


class Written(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A value as it was written, without its quotes."""

    at: int
    text: str
    style: Style


class Span(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`[low .. high]`; round brackets leave the bound itself out."""

    at: int
    low: Written
    high: Written
    low_in: bool
    high_in: bool


class Listed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    at: int
    items: tuple[Written, ...]


Value = Written | Span | Listed


class Named(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    at: int
    name: str


class Compared(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    field: Named
    operator: Operator
    value: Value
    depth: int = 1


class Null(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    field: Named
    negated: bool
    depth: int = 1


class Within(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    field: Named
    part: "Raw"
    depth: int


class Negated(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    part: "Raw"
    depth: int


class Joined(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    by: Literal["and", "or"]
    parts: tuple["Raw", ...]
    depth: int


class Loose(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A value without a name: free text."""

    value: Written
    depth: int = 1


Raw = Compared | Null | Within | Negated | Joined | Loose


def parse(text: str) -> Raw | None:
    """Read a query; None where it is empty, which asks for everything.

    Raises:
        Wrong: it is none, or it is too long or nested too deeply.
    """
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise Wrong(0, f"it has more than {MOST_BYTES} bytes", "Ask in several queries.")
    if found := _UNSTORABLE.search(text):
        raise Wrong(found.start(), "no stored text has this character", "Take it out.")
    if not text.strip():
        return None
    try:
        tree: Any = _PARSER.parse(text)  # what the reader makes of it
    except UnexpectedInput as error:
        raise _explained(text, error) from None
    read: Raw = tree
    return read


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):
    """Turns what was parsed into values. Called while parsing, so that depth needs no recursion."""

    def start(self, part: Raw) -> Raw:
        return part

    def either(self, *parts: Raw) -> Raw:
        return _joined("or", parts)

    def every(self, *parts: Raw) -> Raw:
        return _joined("and", parts)

    def negated(self, sign: Token, part: Raw) -> Raw:
        return Negated(part=part, depth=_deeper(sign, part))

    def missing(self, field: Token, null: Token) -> Raw:
        return Null(field=_named(field), negated="not" in null.lower())

    def inside(self, field: Token, _: Token, part: Raw) -> Raw:
        return Within(field=_named(field), part=part, depth=_deeper(field, part))

    def compare(self, field: Token, operator: Token, value: Value) -> Raw:
        sign: Any = ":" if operator == "=" else str(operator)
        return Compared(field=_named(field), operator=sign, value=value)

    def free(self, value: Written) -> Raw:
        return Loose(value=value)

    def list(self, *items: Written) -> Listed:
        if len(items) > MOST_ITEMS:
            raise Wrong(
                items[MOST_ITEMS].at, f"the list has more than {MOST_ITEMS} items", "Ask in several queries."
            )
        return Listed(at=items[0].at, items=items)

    def range(self, opening: Token, low: Written, _: Token, high: Written, closing: Token) -> Span:
        return Span(at=_at(opening), low=low, high=high, low_in=opening == "[", high_in=closing == "]")

    def exact(self, token: Token) -> Written:
        return Written(at=_at(token), text=_unquoted(token), style="exact")

    def quoted(self, token: Token) -> Written:
        return Written(at=_at(token), text=_unquoted(token), style="quoted")

    def bare(self, *words: Token) -> Written:
        return Written(at=_at(words[0]), text=" ".join(words), style="bare")


_PARSER = Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=_Reader(), maybe_placeholders=False)


def _joined(by: Literal["and", "or"], parts: tuple[Raw, ...]) -> Raw:
    if len(parts) == 1:
        return parts[0]
    return Joined(by=by, parts=parts, depth=1 + max(part.depth for part in parts))


def _deeper(token: Token, part: Raw) -> int:
    if part.depth >= DEEPEST:
        raise Wrong(_at(token), f"it is nested deeper than {DEEPEST} levels", "Write it with fewer levels.")
    return part.depth + 1


def _at(token: Token) -> int:
    return token.start_pos or 0


def _named(token: Token) -> Named:
    return Named(at=_at(token), name=str(token))


def _unquoted(token: Token) -> str:
    return re.sub(r"\\([\\\"'`\u201d\u2019])", r"\1", token[1:-1])


def _explained(text: str, error: UnexpectedInput) -> Wrong:
    """Say in the words of the language what the parser stumbled over."""
    if isinstance(error, UnexpectedCharacters):
        at: Any = error.pos_in_stream  # Lark declares it as None
        return Wrong(
            at, "the quote that begins here does not end", "Close the quote, or write a backslash before it."
        )
    token = error.token if isinstance(error, UnexpectedToken) else None
    if token is None or token.type == "$END":
        return Wrong(len(text.rstrip()), "the query ends too early", _EXPECTED)
    return _at_token(text, token)


_EXPECTED = "Write a token, a sign and a value, as finding.severity:high, and close each bracket."


def _at_token(text: str, token: Token) -> Wrong:
    at, before = _at(token), text[: _at(token)].rstrip()
    match token.type:
        case "FIELD" if before.endswith((":", "=", "<", ">")):
            why = f"a value that holds “{text[at + len(token) :].lstrip()[:1]}” needs quotes"
            return Wrong(at, why, 'Put the value into quotes: "sha256:…".')
        case "FIELD" | "NOT" | "WORD" | "QUOTED" | "CURLED" | "EXACT" | "LPAR" if (
            before and before[-1] not in "([,:=<>"
        ):
            return Wrong(
                at, f"AND or OR is missing before “{token[:30]}”", "Write AND or OR between two conditions."
            )
        case "EQUALS" | "ORDER":
            return Wrong(at, f"“{token}” does not stand behind the name of a token", _EXPECTED)
        case "DOTS":
            return Wrong(
                at, "a range stands in brackets", "Write [1 .. 5] with the bounds, (1 .. 5) without."
            )
        case "_AND" | "_OR" | "NOT" | "IS_NULL":
            return Wrong(
                at,
                f"“{token}” joins conditions, and there is none before or behind it",
                "Quote it to search for it.",
            )
    return Wrong(at, f"“{token[:30]}” can't stand here", _EXPECTED)
