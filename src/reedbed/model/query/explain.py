"""A query in words, so that people see how it was understood."""

from datetime import datetime

from reedbed.model.inventory import Severity
from reedbed.model.query.tokens import Group, Kind, Token
from reedbed.model.query.tree import (
    Affix,
    Between,
    Compare,
    Either,
    Equal,
    Every,
    Free,
    Inside,
    Missing,
    Node,
    Not,
    OneOf,
    Test,
    Words,
)


def explain(node: Node, within: Group | None = None) -> str:
    """Say a query as a sentence: “severity is High or above, and applicability is not not_applicable”."""
    match node:
        case Every(parts=parts):
            return " and ".join(_bracketed(part, within, Either) for part in parts) or "everything"
        case Either(parts=parts):
            return " or ".join(_bracketed(part, within, Every) for part in parts)
        case Not(part=part):
            return _denied(part, within)
        case Inside(group=group, part=part):
            return f"one {group} where ({explain(part, group)})"
        case _:
            return _single(node, within)


def _single(node: Compare | Missing | Free, within: Group | None) -> str:
    match node:
        case Compare(token=token, test=test):
            return f"{_name(token, within)} {_test(token, test)}"
        case Missing(token=token):
            return f"{_name(token, within)} has no value"
        case Free(test=test):
            return f"some text {_words(test)}"


def _denied(part: Node, within: Group | None) -> str:
    match part:
        case Compare(token=token, test=test):
            return f"{_name(token, within)} {_negated(_test(token, test))}"
        case Missing(token=token):
            return f"{_name(token, within)} has a value"
        case _:
            return f"not ({explain(part, within)})"


def _bracketed(node: Node, within: Group | None, of: type[Every | Either]) -> str:
    said = explain(node, within)
    return f"({said})" if isinstance(node, of) and len(node.parts) > 1 else said


def _name(token: Token, within: Group | None) -> str:
    return token.full.removeprefix(f"{within}.") if within else token.full


def _negated(said: str) -> str:
    for positive, negative in (("is ", "is not "), ("has ", "has not "), ("begins", "does not begin")):
        if said.startswith(positive):
            return negative + said[len(positive) :]
    return f"not: {said}"


def _test(token: Token, test: Test) -> str:
    match test:
        case Equal(value=bool() as value):
            return f"is {'true' if value else 'false'}"
        case Equal(value=value):
            return f"is {value}"
        case Affix(text=text, before=before, after=after):
            verb = "contains" if before and after else "ends with" if before else "begins with"
            return f"{verb} {text}"
        case Words():
            return _words(test)
        case OneOf(tests=tests):
            return "is one of: " + ", ".join(_test(token, each).removeprefix("is ") for each in tests)
        case Between():
            return _between(token, test)


def _words(test: Words) -> str:
    if test.prefix:
        return f"has a word that begins with {test.words[0]}"
    if len(test.words) == 1:
        return f"has the word {test.words[0]}"
    joined = " ".join(test.words)
    return f"has the words “{joined}” next to each other" if test.adjacent else f"has all the words {joined}"


def _between(token: Token, test: Between) -> str:
    low, high = _bound(token, test.low), _bound(token, test.high)
    if test.low is not None and test.low == test.high:
        return f"is {low}"
    if token.kind in (Kind.DATE, Kind.AGE):
        return _moments(token, test)
    parts = []
    if test.low is not None:
        parts.append(f"{low} or above" if test.low_in else f"above {low}")
    if test.high is not None:
        parts.append(f"{high} or below" if test.high_in else f"below {high}")
    return "is " + " and ".join(parts)


def _moments(token: Token, test: Between) -> str:
    verb = "is " if token.kind is Kind.DATE else "is that of what began "
    parts = []
    if test.low is not None:
        parts.append(f"{'from' if test.low_in else 'after'} {_bound(token, test.low)} on")
    if test.high is not None:
        parts.append(f"{'up to' if test.high_in else 'before'} {_bound(token, test.high)}")
    return verb + " and ".join(parts)


def _bound(token: Token, bound: float | datetime | None) -> str:
    if bound is None:
        return ""
    if isinstance(bound, datetime):
        return bound.strftime("%Y-%m-%d %H:%M:%SZ").replace(" 00:00:00Z", "")
    if token.kind is Kind.SEVERITY:
        return Severity(int(bound)).word
    return f"{bound:g}" if abs(bound) < 1e6 else f"{bound:.0f}"
