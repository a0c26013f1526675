"""Tells from a query's criteria where the field that it is sorted by can lie at most. Pure.

Pages by key ask for `updated` after the last one seen, in one of these forms:

    {"updated": {"$gt": "…"}}
    {"$or": [{"updated": {"$gt": "…"}}, {"updated": "…", "path": {"$gt": "…"}}]}
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from jfrog_standin.artifactory.aql_language import Comparison, Criterion, Either, Every
from jfrog_standin.artifactory.ordering import EVERYTHING, Span


def span_of(criterion: Criterion, field: str, now: datetime) -> Span:
    """Give a span that holds all that meets a criterion; it may hold more."""
    match criterion:
        case Comparison(field=name) if name == field:
            return _compared(criterion, now)
        case Every(parts=parts):
            return _both([span_of(part, field, now) for part in parts])
        case Either(parts=parts) if parts:
            return _either([span_of(part, field, now) for part in parts])
    return EVERYTHING


def _compared(criterion: Comparison, now: datetime) -> Span:
    value = criterion.value
    if isinstance(value, timedelta):
        return _relative(criterion, value, now)
    match criterion.operator:
        case "$eq":
            return Span(least=value, most=value)
        case "$gt" | "$gte":
            return Span(least=value)
        case "$lt" | "$lte":
            return Span(most=value)
    return EVERYTHING


def _relative(criterion: Comparison, span: timedelta, now: datetime) -> Span:
    try:
        since = now - span
    except OverflowError:
        return EVERYTHING
    return Span(least=since) if criterion.operator == "$last" else Span(most=since)


def _both(spans: Sequence[Span]) -> Span:
    return Span(
        least=max(_given(span.least for span in spans), default=None),
        most=min(_given(span.most for span in spans), default=None),
    )


def _either(spans: Sequence[Span]) -> Span:
    least, most = _given(span.least for span in spans), _given(span.most for span in spans)
    return Span(
        least=min(least) if len(least) == len(spans) else None,
        most=max(most) if len(most) == len(spans) else None,
    )


def _given(bounds: Iterable[Any]) -> list[Any]:
    """The bounds that there are; those of one field are all of its type."""
    return [bound for bound in bounds if bound is not None]
