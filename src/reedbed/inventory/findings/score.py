"""How urgent a finding is, from 0 to 100, and of what that is made. Pure.

    (base x applicability + known exploited + EPSS + research) x current x criticality, within 0 and 100

It is our own measure: it is no CVSS, no probability, and no vendor's score. docs/score.md has an example.
"""

import math
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from reedbed.model.inventory import Applicability, Severity

Factor = Annotated[float, Meta(ge=0, le=1)]
Points = Annotated[float, Meta(ge=0, le=100)]


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each input counts."""

    applicable: Annotated[Factor, Meta(description="Factor where the vulnerable code is reached.")] = 1.0
    undetermined: Annotated[
        Factor, Meta(description="Factor where that is not known, or was not looked at.")
    ] = 0.8
    not_applicable: Annotated[
        Factor, Meta(description="Factor where the vulnerable code is not reached.")
    ] = 0.2
    kev: Annotated[Points, Meta(description="Points for a vulnerability that is known to be exploited.")] = (
        15.0
    )
    epss: Annotated[Points, Meta(description="Points at EPSS percentile 1; in proportion below.")] = 10.0
    research: Annotated[
        Points,
        Meta(description="Points for JFrog's research severity Critical; half of it for High, less for Low."),
    ] = 10.0
    not_current: Annotated[
        Factor, Meta(description="Factor where only images have it that no tag leads to any more.")
    ] = 0.5
    criticality: Annotated[
        float, Meta(ge=0, le=0.25, description="Each step of an asset's criticality above or below 3.")
    ] = 0.1
    growth: Annotated[
        float, Meta(ge=0, le=1, description="How an asset's score grows with the number of its findings.")
    ] = 0.02


BASE = {
    Severity.CRITICAL: 95.0,
    Severity.HIGH: 80.0,
    Severity.MEDIUM: 55.0,
    Severity.LOW: 25.0,
    Severity.INFORMATION: 5.0,
    Severity.UNKNOWN: 50.0,  # what is not known is neither high nor low
}
"""Where there is no CVSS score; each about the middle of what CVSS 3.1 calls by this word, times ten."""

RESEARCH = {Severity.CRITICAL: 1.0, Severity.HIGH: 0.5, Severity.LOW: -1.0, Severity.INFORMATION: -1.0}


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a finding that counts."""

    severity: Severity
    cvss3_score: float | None = None
    applicability: Applicability | None = None
    epss_percentile: float | None = None
    kev: bool = False
    research: Severity | None = None  # JFrog's own
    current: bool = True  # an image has it that a tag leads to
    criticality: int | None = None  # 1 to 5, of its most critical asset


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One step towards a score."""

    name: str
    because: str
    effect: str  # "x 0.8", "+ 9.7"
    score: float  # after it


class Score(msgspec.Struct, frozen=True, kw_only=True):
    value: float  # 0 to 100, one decimal
    parts: tuple[Part, ...]


def score(given: Inputs, weights: Weights) -> Score:
    """Score a finding, and say how."""
    value = BASE[given.severity] if given.cvss3_score is None else given.cvss3_score * 10
    source = "severity" if given.cvss3_score is None else "CVSS 3"
    parts = [Part(name="base", because=f"{source} {_told(given)}", effect=f"{value:g}", score=value)]
    for name, because, points in _points(given, weights, value):
        value += points
        parts.append(Part(name=name, because=because, effect=f"{points:+.1f}", score=round(value, 1)))
    for name, because, factor in _factors(given, weights):
        value *= factor
        parts.append(Part(name=name, because=because, effect=f"x {factor:g}", score=round(value, 1)))
    return Score(value=round(min(100.0, max(0.0, value)), 1), parts=tuple(parts))


def _told(given: Inputs) -> str:
    return given.severity.word if given.cvss3_score is None else f"{given.cvss3_score:g}"


def _points(given: Inputs, weights: Weights, base: float) -> Iterable[tuple[str, str, float]]:
    """What adds; that the code is not reached takes off the base alone."""
    reached = _reached(given.applicability, weights)
    yield "applicability", given.applicability or "not looked at", base * (reached - 1)
    if given.kev:
        yield "exploited", "in a list of known exploited vulnerabilities", weights.kev
    if given.epss_percentile is not None:
        told = f"EPSS percentile {given.epss_percentile:.2f}"
        yield "epss", told, weights.epss * given.epss_percentile
    if given.research is not None:
        share = RESEARCH.get(given.research, 0.0)
        yield "research", f"JFrog's research says {given.research.word}", weights.research * share


def _reached(applicability: Applicability | None, weights: Weights) -> float:
    match applicability:
        case Applicability.APPLICABLE:
            return weights.applicable
        case Applicability.NOT_APPLICABLE:
            return weights.not_applicable
        case _:
            return weights.undetermined


def _factors(given: Inputs, weights: Weights) -> Iterable[tuple[str, str, float]]:
    if not given.current:
        yield "current", "no tag leads to an image that has it", weights.not_current
    if given.criticality is not None:
        factor = round(1 + weights.criticality * (given.criticality - 3), 4)
        yield "criticality", f"the asset's criticality is {given.criticality}", factor


def asset_score(highest: float, total: float, weights: Weights) -> float:
    """Score an asset: its worst finding, and slowly more for all others. One more never makes it less.

    A mean would hide one bad finding behind many harmless ones. `total` is the sum of all scores.
    """
    others = max(0.0, total - highest) / 100
    return round(min(100.0, highest * math.pow(1 + others, weights.growth)), 1)
