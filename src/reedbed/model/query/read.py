"""Reading a query: its names are looked up in the registry, its values get the types of their tokens."""

from datetime import datetime

from reedbed.model.query.errors import Wrong
from reedbed.model.query.grammar import (
    Compared,
    Joined,
    Listed,
    Loose,
    Named,
    Negated,
    Null,
    Raw,
    Span,
    Within,
    Written,
    parse,
)
from reedbed.model.query.tokens import (
    BY_GROUP,
    BY_NAME,
    NOT_OFFERED,
    Group,
    Token,
    canonical,
    names_within,
    nearest,
)
from reedbed.model.query.tree import (
    EVERYTHING,
    Compare,
    Either,
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
from reedbed.model.query.values import span_of, test_of, text_test


def read(text: str, *, now: datetime) -> Node:
    """Read a query. `now` (UTC) is what relative dates and ages are counted from.

    Raises:
        QueryError: it can't be read; the error names the character and what may have been meant.
    """
    try:
        raw = parse(text)
        return EVERYTHING if raw is None else _Reading(now).node(raw, None)
    except Wrong as error:
        raise error.about(text) from None


class _Reading:
    """Goes through a tree no deeper than `grammar.DEEPEST` twice over, so recursion is bounded."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def node(self, raw: Raw, within: Group | None) -> Node:
        match raw:
            case Joined(by=by, parts=parts):
                read = tuple(self.node(part, within) for part in parts)
                return Every(read) if by == "and" else Either(read)
            case Negated(part=part):
                return Not(self.node(part, within))
            case Null(field=field, negated=negated):
                missing = Missing(token_of(field, within))
                return Not(missing) if negated else missing
            case Within(field=field, part=part):
                group = group_of(field, within)
                return Inside(group=group, part=self.node(part, group))
            case Compared():
                return self._compare(raw, within)
            case Loose(value=value):
                return _free(value, within)

    def _compare(self, raw: Compared, within: Group | None) -> Compare:
        token = token_of(raw.field, within)
        return Compare(token=token, test=self._test(token, raw))

    def _test(self, token: Token, raw: Compared) -> Test:
        if isinstance(raw.value, Written):
            return test_of(token, raw.operator, raw.value, now=self._now)
        if raw.operator != ":":
            why = f"{raw.operator} compares with one value"
            raise Wrong(raw.value.at, why, "Write : before a list or a range.")
        match raw.value:
            case Span() as span:
                return span_of(token, span, now=self._now)
            case Listed(items=items):
                return OneOf(tuple(test_of(token, ":", item, now=self._now) for item in items))


def find_token(name: str, within: Group | None) -> Token | None:
    """Find the token that a name means, outside of groups or within one."""
    if within is None:
        return BY_NAME.get(canonical(name))
    relative, absolute = BY_NAME.get(canonical(f"{within}.{name}")), BY_NAME.get(canonical(name))
    return relative or (absolute if absolute and absolute.full.startswith(f"{within}.") else None)


def find_group(name: str, within: Group | None) -> Group | None:
    """Find the group that a name means; within one, only what is part of it."""
    if within is None:
        return BY_GROUP.get(canonical(name))
    relative, absolute = BY_GROUP.get(canonical(f"{within}.{name}")), BY_GROUP.get(canonical(name))
    return relative or (absolute if absolute and f"{absolute}.".startswith(f"{within}.") else None)


def token_of(field: Named, within: Group | None) -> Token:
    """Find the token that a name means.

    Raises:
        Wrong: there is none; the three that are most like it are told.
    """
    found = find_token(field.name, within)
    if found is None:
        raise _unknown(field, within)
    return found


def group_of(field: Named, within: Group | None) -> Group:
    """Find the group that a name means.

    Raises:
        Wrong: there is none, or it is not part of the one around it.
    """
    if found := find_group(field.name, within):
        return found
    if token := find_token(field.name, within):
        why = f"{token.full} is one value, and no group of tokens"
        raise Wrong(field.at, why, f"Write {field.name}:value, or a list: {field.name}:[a, b].")
    raise _unknown(field, within)


def _unknown(field: Named, within: Group | None) -> Wrong:
    relative = canonical(f"{within}.{field.name}" if within else field.name)
    if reason := NOT_OFFERED.get(relative):
        return Wrong(
            field.at, f"{field.name} is not offered: {reason}", "`reedbed query tokens` lists all tokens."
        )
    likely = nearest(field.name if within else relative, names_within(within))
    where = f" in {within}" if within else ""
    why = f"there is no token {field.name[:60]}{where}"
    return Wrong(
        field.at, why, f"Did you mean {', '.join(likely)}? `reedbed query tokens` lists all.", likely
    )


def _free(value: Written, within: Group | None) -> Free:
    if within:
        why = f"“{value.text[:30]}” stands alone, and inside of {within}:(…) each value needs a token"
        raise Wrong(value.at, why, f"Name a token, as {names_within(within)[0]}:{value.text[:30]}.")
    if value.style == "exact":
        why = "backticks mean the whole value of a token, and there is no token here"
        raise Wrong(value.at, why, 'Write "…" to search for words that follow each other.')
    if "*" in value.text and value.style == "bare":
        raise Wrong(
            value.at, "an asterisk needs a token before it", f"Write finding.title:{value.text[:30]}."
        )
    test = text_test(value)
    assert isinstance(test, Words)
    return Free(test)
