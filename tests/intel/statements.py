"""Strategies for what feeds may say of one package."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from reedbed.model.advisory import Advisory, Confidence, Standing, Verdict
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl
from reedbed.model.versions import EVERY, Between, Clause, Exactly, Versions, version, versions

AXIOS = purl(PackageType.NPM, "axios")
NOTED = datetime(2026, 11, 1, tzinfo=UTC)

NUMBERS = [version(f"{major}.{minor}.0") for major in range(3) for minor in range(3)]


def _between(ends: tuple[int, int]) -> Between:
    low, high = sorted(ends)
    return Between(lower=NUMBERS[low], upper=NUMBERS[high], lower_closed=True)


EXACT = st.sampled_from(NUMBERS).map(Exactly)
INTERVALS = (
    st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda ends: ends[0] != ends[1]).map(_between)
)
CLAUSES: st.SearchStrategy[Clause] = st.one_of(EXACT, INTERVALS, st.just(EVERY))
VERSIONS = st.lists(CLAUSES, min_size=1, max_size=4).map(versions)


def advisory(
    record: str = "MAL-2026-1",
    *,
    feed: str = "osv",
    covers: Versions | None = None,
    verdict: Verdict = Verdict.MALICIOUS,
    confidence: Confidence = Confidence.HUMAN_VERIFIED,
) -> Advisory:
    return Advisory(
        feed=feed,
        id=record,
        package=AXIOS,
        spelling="axios",
        versions=covers or versions([Exactly(version("1.0.0"))]),
        summary=f"Malicious code in axios, says {feed}",
        url=f"https://example.com/{record}",
        modified=NOTED,
        verdict=verdict,
        confidence=confidence,
    )


ADVISORIES = st.builds(
    advisory,
    st.sampled_from(["MAL-2026-1", "MAL-2026-2", "MAL-2026-3"]),
    feed=st.sampled_from(["osv", "own"]),
    covers=VERSIONS,
    verdict=st.sampled_from(Verdict),
    confidence=st.sampled_from(Confidence),
)
STANDINGS = st.lists(
    st.builds(Standing, ADVISORIES, st.booleans()),
    max_size=6,
    unique_by=lambda standing: (standing.advisory.feed, standing.advisory.id),
)
