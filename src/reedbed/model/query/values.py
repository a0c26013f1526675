"""What a value means for a kind of token: one day, five megabytes, severity high and above."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from reedbed.model.inventory import Severity
from reedbed.model.query.errors import Wrong
from reedbed.model.query.grammar import Operator, Span, Written
from reedbed.model.query.tokens import Kind, Token, nearest
from reedbed.model.query.tree import Affix, Between, Equal, OneOf, Test, Words
from reedbed.model.query.words import words

T = TypeVar("T")

_RANGE = re.compile(r"\s*([\[(])\s*(.{1,60}?)\s*\.\.\.?\s*(.{1,60}?)\s*([\])])\s*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]*)")
_NOW = re.compile(r"now(?:\s*([+-])\s*(\d{1,6})\s*([smhdwMy]))?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_AFFIX = re.compile(r"(\*?)([^*]+)(\*?)", re.DOTALL)
_EPOCH = re.compile(r"\d{12,14}")

UNITS = {"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2**10, "mib": 2**20, "gib": 2**30}
TIMES = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "M": timedelta(days=30),
    "y": timedelta(days=365),
}
YES_OR_NO = {"true": True, "yes": True, "false": False, "no": False}
SEVERITIES = {
    **{each.name.lower(): each for each in Severity},
    "info": Severity.INFORMATION,
    "informational": Severity.INFORMATION,
    **{str(each.value): each for each in Severity},
}


def test_of(token: Token, operator: Operator, written: Written, *, now: datetime) -> Test:
    """Read one value for a token.

    Raises:
        Wrong: the token has no such value, or can't be compared so.
    """
    if token.kind.ordered:
        span = _quoted_range(written)
        if span is not None and operator == ":":
            return span_of(token, span, now=now)
        return _ordered(token, operator, written, now)
    if operator != ":":
        raise _unordered(token, written.at)
    if token.kind is Kind.BOOLEAN:
        return Equal(_word(token, written, YES_OR_NO))
    if token.kind is Kind.TEXT:
        return text_test(written)
    return _keyword(token, written)


def _unordered(token: Token, at: int) -> Wrong:
    if token.kind is Kind.VERSION:
        return Wrong(
            at, f"{token.full} is only compared by “:”: each ecosystem has an order of its own", _SIGNS
        )
    return Wrong(at, f"{token.full} has no order", _SIGNS)


_SIGNS = "Compare it by : or =, with a list such as [a, b], or with * at an end."


def span_of(token: Token, span: Span, *, now: datetime) -> Between:
    """Read a range.

    Raises:
        Wrong: the token has no order, or a bound is no value of it.
    """
    if not token.kind.ordered:
        raise _unordered(token, span.at)
    low, high = _bounds(token, span.low, now), _bounds(token, span.high, now)
    below = _above(low, inclusive=span.low_in)
    above = _below(high, inclusive=span.high_in)
    return _turned(
        token, Between(low=below.low, low_in=below.low_in, high=above.high, high_in=above.high_in), now
    )


def _quoted_range(written: Written) -> Span | None:
    found = _RANGE.fullmatch(written.text) if written.style == "quoted" else None
    if found is None:
        return None
    low, high = (Written(at=written.at, text=found[n], style="bare") for n in (2, 3))
    return Span(at=written.at, low=low, high=high, low_in=found[1] == "[", high_in=found[4] == "]")


def _ordered(token: Token, operator: Operator, written: Written, now: datetime) -> Between:
    value = _bounds(token, written, now)
    match operator:
        case ":":
            test = value
        case ">" | ">=":
            test = _above(value, inclusive=operator == ">=")
        case _:
            test = _below(value, inclusive=operator == "<=")
    return _turned(token, test, now)


def _above(value: Between, *, inclusive: bool) -> Between:
    """From a value on, which may itself be a span: a day. Without it, from its end on."""
    if inclusive:
        return Between(low=value.low, low_in=True)
    return Between(low=value.high, low_in=not value.high_in)


def _below(value: Between, *, inclusive: bool) -> Between:
    if inclusive:
        return Between(high=value.high, high_in=value.high_in)
    return Between(high=value.low, high_in=False)


def _turned(token: Token, test: Between, now: datetime) -> Between:
    """Turn an age in days into the span of moments that it is of: what is older is earlier."""
    if token.kind is not Kind.AGE:
        return test
    return Between(
        low=_ago(test.high, now), low_in=test.high_in, high=_ago(test.low, now), high_in=test.low_in
    )


def _ago(days: float | datetime | None, now: datetime) -> datetime | None:
    if not isinstance(days, float):
        return None
    try:
        return now - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _bounds(token: Token, written: Written, now: datetime) -> Between:
    """Read a value that has an order as the span that it is equal to."""
    match token.kind:
        case Kind.DATE:
            return _date(token, written, now)
        case Kind.SEVERITY:
            number = float(_word(token, written, SEVERITIES))
        case Kind.AGE:
            number = _number(token, written)
            return Between(low=number, high=number + 1, high_in=False)  # three days: up to the fourth
        case Kind.SIZE:
            number = _size(token, written)
        case _:
            number = _number(token, written)
    return Between(low=number, high=number)


def _number(token: Token, written: Written) -> float:
    if not _NUMBER.fullmatch(written.text.strip()):
        raise Wrong(
            written.at, f"{token.full} is a number, and “{written.text[:30]}” is none", "Write 7 or 7.5."
        )
    return float(written.text)


def _size(token: Token, written: Written) -> float:
    found = _SIZE.fullmatch(written.text.strip())
    if found is None or found[2].lower() not in UNITS:
        raise Wrong(
            written.at,
            f"{token.full} is a size, and “{written.text[:30]}” is none",
            "Write 10MB, 1.5 GiB or bytes.",
        )
    return float(found[1]) * UNITS[found[2].lower()]


def _date(token: Token, written: Written, now: datetime) -> Between:
    text = written.text.strip()
    try:
        if found := _NOW.fullmatch(text):
            at = now if found[1] is None else _moved(now, found[1], int(found[2]), TIMES[found[3]])
            return Between(low=at, high=at)
        if _DAY.fullmatch(text):
            day = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return Between(low=day, high=day + timedelta(days=1), high_in=False)
        if _EPOCH.fullmatch(text):
            at = datetime.fromtimestamp(int(text) / 1000, UTC)
        else:
            at = datetime.fromisoformat(text)
            at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        why = f"{token.full} is a date, and “{text[:30]}” is none"
        fix = 'Write 2026-11-22, now-7d (s, m, h, d, w, M, y) or "2026-11-22T10:00:00Z".'
        raise Wrong(written.at, why, fix) from None
    return Between(low=at, high=at)


def _moved(now: datetime, sign: str, number: int, unit: timedelta) -> datetime:
    return now + number * unit if sign == "+" else now - number * unit


def _word(token: Token, written: Written, among: Mapping[str, T]) -> T:
    found = among.get(written.text.strip().lower())
    if found is None:
        raise _no_such(token, written, [each for each in among if not each.isdigit()])
    return found


def _no_such(token: Token, written: Written, among: list[str]) -> Wrong:
    likely = nearest(written.text, among)
    why = f"{token.full} has no value “{written.text[:30]}”"
    return Wrong(written.at, why, f"It is one of {', '.join(among)}.", likely)


def text_test(written: Written) -> Test:
    """Read a value as words to look for.

    Raises:
        Wrong: it has no word, or an asterisk that is not at the end of a single word.
    """
    if written.style == "exact":
        return Equal(written.text, exact=True)
    found = words(written.text)
    if not found:
        raise Wrong(
            written.at,
            f"“{written.text[:30]}” holds no word",
            "Write letters or digits, or quote it in backticks.",
        )
    if written.style == "quoted":
        return Words(words=found, adjacent=True)
    if "*" not in written.text:
        return Words(words=found)
    if len(found) > 1 or written.text.count("*") > 1 or not written.text.endswith("*"):
        raise Wrong(written.at, "in text an asterisk stands only at the end of one word", "Write wor*.")
    return Words(words=found, prefix=True)


def _keyword(token: Token, written: Written) -> Test:
    """Read a value of a keyword: an asterisk at an end of a bare one stands for anything."""
    text = written.text if written.style == "exact" else _cased(token, written.text)
    if written.style != "bare" or "*" not in text:
        return _known(token, written, text)
    if not text.strip("*"):
        raise Wrong(written.at, "an asterisk alone says nothing", f"Write NOT {token.full} is null.")
    found = _AFFIX.fullmatch(text)
    if found is None:
        raise Wrong(written.at, "an asterisk stands only at an end of a value", "Write win*, *dev or *dev*.")
    affix = Affix(text=found[2], before=bool(found[1]), after=bool(found[3]))
    return _spread(token, written, affix) if token.words else affix


def _cased(token: Token, text: str) -> str:
    match token.case:
        case "upper":
            return text.upper()
        case "lower":
            return text.lower()
    return text


def _known(token: Token, written: Written, text: str) -> Test:
    if not token.words:
        return Equal(text, exact=written.style == "exact" or token.case is not None)
    plain = {_plain(word): word for word in token.words}
    if _plain(text) not in plain:
        raise _no_such(token, written, list(token.words))
    return Equal(plain[_plain(text)], exact=True)


def _plain(word: str) -> str:
    return word.lower().replace("_", "-").replace(" ", "-")


def _spread(token: Token, written: Written, affix: Affix) -> Test:
    """Replace a wildcard over a fixed set of words by those that it fits."""
    fitting = [word for word in token.words if fits(affix, word)]
    if not fitting:
        raise _no_such(token, written, list(token.words))
    return OneOf(tuple(Equal(word, exact=True) for word in fitting))


def fits(affix: Affix, word: str) -> bool:
    """Say whether a word is what an asterisk stands for."""
    text, core = word.lower(), affix.text.lower()
    match affix.before, affix.after:
        case True, True:
            return core in text
        case True, False:
            return text.endswith(core)
    return text.startswith(core)
