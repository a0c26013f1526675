"""What could be written next: names, signs, values. Pure, and good for every edge that has a query bar."""

import re

import msgspec

from reedbed.model.inventory import Severity
from reedbed.model.query.grammar import MOST_BYTES
from reedbed.model.query.read import find_group, find_token
from reedbed.model.query.tokens import BY_GROUP, BY_NAME, GROUPS, Group, Kind, Token, canonical, names_within


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Text that replaces the query's characters from `start` up to the cursor."""

    start: int
    text: str
    about: str


_LEX = re.compile(
    r"""(?P<quote>"(?:[^"\\]|\\.?)*(?:"|$)|'(?:[^'\\]|\\.?)*(?:'|$)|`(?:[^`\\]|\\.?)*(?:`|$))"""
    r"|(?P<sign>>=|<=|[:=<>])|(?P<open>\()|(?P<close>\))|(?P<list>[\[\],])|(?P<word>[^\s()\[\],\"`:=<>]+)|\s+|.",
    re.DOTALL,
)
_JOINING = {"and", "or", "not"}


def complete(text: str, cursor: int | None = None, *, limit: int = 20) -> list[Suggestion]:
    """Suggest what could stand at the cursor (a character's place; None: the end)."""
    before = text[:MOST_BYTES] if cursor is None else text[: max(0, min(cursor, MOST_BYTES))]
    place = _look(before)
    if place.token is not None:
        found = _values(place.token, place)
    elif place.joining:
        found = [(word, "joins conditions") for word in ("AND", "OR")]
    else:
        found = [(name, _about(name, place.within)) for name in names_within(place.within)]
    typed = place.typed.lower()
    fitting = [each for each in found if each[0].lower().startswith(typed)]
    fitting += [each for each in found if typed and typed in each[0].lower() and each not in fitting]
    return [Suggestion(start=place.start, text=word, about=about) for word, about in fitting[:limit]]


class _Place(msgspec.Struct, kw_only=True):
    """Where the cursor is: behind a token's sign, within a group, or where AND and OR stand."""

    start: int
    typed: str
    within: Group | None = None
    token: Token | None = None
    joining: bool = False


def _look(before: str) -> _Place:
    """Go over what is written, without a grammar: half a query has none."""
    state = _State()
    for found in _LEX.finditer(before):
        if found.lastgroup == "word" and found.end() == len(before):
            return state.place(found.start(), found[0])
        state.take(found.lastgroup or "", found[0], before[: found.start()].rstrip()[-1:])
    return state.place(len(before), "")


class _State:
    """What the words and signs up to some place make of the next one."""

    def __init__(self) -> None:
        self._groups: list[Group | None] = [None]
        self._name = ""
        self._token: Token | None = None
        self._in_list = False
        self._ended = False  # a condition is complete

    def place(self, start: int, typed: str) -> _Place:
        return _Place(
            start=start, typed=typed, within=self._groups[-1], token=self._token, joining=self._ended
        )

    def take(self, kind: str, text: str, before: str) -> None:
        match kind:
            case "word" if text.lower() in _JOINING:
                self._name, self._token, self._ended = "", None, False
            case "word" | "quote" if self._token is None:
                self._name, self._ended = text, True
            case "word" | "quote" if not self._in_list:
                self._end()
            case "sign":
                self._token, self._ended = find_token(self._name, self._groups[-1]), False
            case "list":
                self._in_list = text != "]"
                if text == "]":
                    self._end()
            case "open":
                around = self._groups[-1]
                group = find_group(self._name, around) if before in (":", "=") else None
                self._groups.append(group or around)
                self._name, self._token, self._ended = "", None, False
            case "close":
                self._groups = self._groups[:-1] or [None]
                self._end()

    def _end(self) -> None:
        self._token, self._ended = None, True


def _values(token: Token, place: _Place) -> list[tuple[str, str]]:
    match token.kind:
        case Kind.SEVERITY:
            return [(each.name.lower(), f"severity {each.value}") for each in reversed(Severity)]
        case Kind.BOOLEAN:
            return [("true", ""), ("false", "")]
        case Kind.DATE:
            return [("now-1d", "a day ago"), ("now-7d", "a week ago"), ("now-30d", ""), ("now-1y", "")]
    return [(word, token.about) for word in token.words]


def _about(name: str, within: Group | None) -> str:
    full = canonical(f"{within}.{name}" if within else name)
    if full in BY_NAME:
        return BY_NAME[full].about
    return GROUPS[BY_GROUP[full]]
