"""How bad vendors say that something is: their words and scores as ours."""

import re

from reedbed.model.inventory import Severity

_SCORE = re.compile(r"\s*(\d{1,2}(?:\.\d{1,2})?)\s*(?:/|$)")


def severity(word: str) -> Severity:
    """Read a severity; a word that is not known is unknown, and never low."""
    try:
        return Severity[word.strip().upper()]
    except KeyError:
        return Severity.UNKNOWN


def score(text: str | None) -> float | None:
    """Read the score of `9.8/CVSS:3.1/…`, or of a bare `5.9`; None: there is none, or it is out of range."""
    found = _SCORE.match(text or "")
    value = float(found[1]) if found else None
    return value if value is not None and value <= 10 else None
