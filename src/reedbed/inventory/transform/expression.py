"""The language of one row: paths, constants and calls of functions, read by Lark into a tree.

    concat(imageRepository, "/", imageName, concat(":", imageTag))
    if(vulnerabilities[].cve, vulnerabilities[].cve, vulnerabilities[].issue_id)
    map_value(lower(packageType), {"docker": "oci"}, "other")
    blobConfig.config.Labels."org.opencontainers.image.source"

`write` gives a tree its text back; reading that gives the same tree.
"""

import re
from functools import cache
from typing import Any

import msgspec
from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import LarkError

LONGEST = 4_000
"""Characters of an expression."""

DEEPEST = 32
"""Brackets within brackets."""

GRAMMAR = r"""
    ?start: value
    ?value: PATH -> path | STRING -> literal | NUMBER -> literal | TRUTH -> literal | call | choice
    call: NAME "(" [argument ("," argument)*] ")"
    ?argument: value | table
    table: "{" [pair ("," pair)*] "}"
    pair: STRING ":" (STRING | NUMBER | TRUTH)
    choice: IF "(" condition "," value ["," value] ")"
    ?condition: every | condition _OR every -> either
    ?every: test | every _AND test -> both
    ?test: _NOT test -> negated | "(" condition ")" | value | value OPERATOR value -> compared

    IF.3: /if(?=\s*\()/
    _AND.3: /and(?![\w.\[-])/
    _OR.3: /or(?![\w.\[-])/
    _NOT.3: /not(?![\w.\[-])/
    TRUTH.3: /(true|false)(?![\w.\[-])/
    NAME.2: /[a-z][a-z0-9_]*(?=\s*\()/
    PATH: /[A-Za-z_][\w-]*(\[\])?(\.([\w-]+|"([^"\\]|\\.)*")(\[\])?)*/
    STRING: /"([^"\\]|\\.)*"/
    NUMBER: /-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?/
    OPERATOR: "==" | "!=" | "<=" | ">=" | "<" | ">"
    %ignore /\s+/
"""

Scalar = str | int | float | bool


class Literal(msgspec.Struct, frozen=True, tag=True):
    value: Scalar


class Part(msgspec.Struct, frozen=True):
    """One name of a path; `each` where `[]` follows."""

    name: str
    each: bool = False


class Path(msgspec.Struct, frozen=True, tag=True):
    parts: tuple[Part, ...]


class Table(msgspec.Struct, frozen=True, tag=True):
    """What `map_value` looks up in."""

    entries: tuple[tuple[str, Scalar], ...]


class Call(msgspec.Struct, frozen=True, tag=True):
    name: str
    arguments: "tuple[Expression, ...]"


class Compared(msgspec.Struct, frozen=True, tag=True):
    left: "Expression"
    operator: str
    right: "Expression"


class Negated(msgspec.Struct, frozen=True, tag=True):
    test: "Expression"


class Joined(msgspec.Struct, frozen=True, tag=True):
    """Two conditions; `word` is "and" or "or"."""

    left: "Expression"
    word: str
    right: "Expression"


class Choice(msgspec.Struct, frozen=True, tag=True):
    condition: "Expression"
    then: "Expression"
    otherwise: "Expression | None" = None


Expression = Literal | Path | Table | Call | Compared | Negated | Joined | Choice


class NotRead(ValueError):
    """An expression that can't be read; the message says where and what was expected."""


@v_args(inline=True)
class _Tree(Transformer[Token, Expression]):
    def literal(self, token: Token) -> Literal:
        return Literal(_constant(token))

    def path(self, token: Token) -> Path:
        return _path(str(token))

    def pair(self, key: Token, value: Token) -> tuple[str, Scalar]:
        return str(_constant(key)), _constant(value)

    def table(self, *entries: tuple[str, Scalar] | None) -> Table:
        given = [entry for entry in entries if entry is not None]
        if len({key for key, _ in given}) < len(given):
            raise NotRead("a table names one key twice")
        return Table(tuple(given))

    def call(self, name: Token, *arguments: Expression | None) -> Expression:
        given = tuple(argument for argument in arguments if argument is not None)
        match str(name), given:
            case "const", (Literal() as constant,):
                return constant
            case "path", (Literal(value=str(text)),):
                return parse_path(text)
        return Call(str(name), given)

    def choice(self, _if: Token, condition: Expression, then: Expression, other: Expression | None) -> Choice:
        return Choice(condition, then, other)

    def compared(self, left: Expression, operator: Token, right: Expression) -> Compared:
        return Compared(left, str(operator), right)

    def negated(self, test: Expression) -> Negated:
        return Negated(test)

    def both(self, left: Expression, right: Expression) -> Joined:
        return Joined(left, "and", right)

    def either(self, left: Expression, right: Expression) -> Joined:
        return Joined(left, "or", right)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=True)


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        NotRead: it is none, is too long, or is nested too deeply.
    """
    if len(text) > LONGEST:
        raise NotRead(f"it has {len(text)} characters, more than {LONGEST}")
    if _depth(text) > DEEPEST:
        raise NotRead(f"its brackets are nested more than {DEEPEST} deep")
    try:
        return _Tree().transform(_parser().parse(text))
    except UnexpectedInput as error:
        raise NotRead(_where(error, text)) from error
    except (LarkError, ValueError) as error:
        cause = error.__context__ if isinstance(error.__context__, NotRead) else error
        raise NotRead(str(cause)) from error


def parse_path(text: str) -> Path:
    """Read a path alone: `layers[].digest`.

    Raises:
        NotRead: it is none.
    """
    read = parse(text)
    if not isinstance(read, Path):
        raise NotRead(f"{text!r} is no path: write names with dots between, as layers[].digest")
    return read


def _where(error: UnexpectedInput, text: str) -> str:
    at = error.pos_in_stream
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    if at is None or ended:
        return "it ends too early: a bracket, a quote or a value is missing"
    return f"it can't be read from character {at + 1} on: {text[at : at + 20]!r}"


def _depth(text: str) -> int:
    """Count brackets outside of quotes, and `not`, which nests as well."""
    deepest = depth = 0
    for sign in re.findall(r'"(?:[^"\\]|\\.)*"|[({)}]|\bnot\b', text):
        if sign in "({" or sign == "not":
            depth += 1
        elif sign in ")}":
            depth -= 1
        deepest = max(deepest, depth)
    return deepest


def _constant(token: Token) -> Scalar:
    try:
        value: Any = msgspec.json.decode(str(token))
    except ValueError as error:
        raise NotRead(f"{str(token)[:40]} is not written as JSON writes it") from error
    if not isinstance(value, str | int | float | bool):
        raise NotRead(f"{str(token)[:40]} is no constant")
    return value


_PART = re.compile(r'([\w-]+|"(?:[^"\\]|\\.)*")(\[\])?\.?')


def _path(text: str) -> Path:
    parts = []
    for name, each in _PART.findall(text):
        parts.append(Part(msgspec.json.decode(name) if name.startswith('"') else name, bool(each)))
    if len(parts) > DEEPEST:
        raise NotRead(f"a path has {len(parts)} names, more than {DEEPEST}")
    return Path(tuple(parts))


_PLAIN = re.compile(r"[\w-]+")


def write(tree: Expression) -> str:
    """Write a tree as text that reads as the same tree."""
    match tree:
        case Literal(value):
            return _quoted(value)
        case Path(parts):
            return ".".join(_name(part) for part in parts)
        case Table(entries):
            return "{" + ", ".join(f"{_quoted(key)}: {_quoted(value)}" for key, value in entries) + "}"
        case Call(name, arguments):
            return f"{name}({', '.join(map(write, arguments))})"
        case Choice(condition, then, otherwise):
            branches = [then] if otherwise is None else [then, otherwise]
            return f"if({write(condition)}, {', '.join(map(write, branches))})"
        case Compared() | Negated() | Joined():
            return _condition(tree)


def _condition(tree: Compared | Negated | Joined) -> str:
    match tree:
        case Compared(left, operator, right):
            return f"{write(left)} {operator} {write(right)}"
        case Negated(test):
            return f"not {_bracketed(test)}"
        case Joined(left, word, right):
            return f"{_bracketed(left)} {word} {_bracketed(right)}"


def _bracketed(test: Expression) -> str:
    return f"({write(test)})" if isinstance(test, Joined | Compared) else write(test)


def _name(part: Part) -> str:
    name = part.name if _PLAIN.fullmatch(part.name) else _quoted(part.name)
    return name + ("[]" if part.each else "")


def _quoted(value: Scalar) -> str:
    return msgspec.json.encode(value).decode()
