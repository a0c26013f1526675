"""Hypothesis strategies for the words of the model."""

from hypothesis import strategies as st

from reedbed.model.ecosystem import RULES, PackageType
from reedbed.model.narrowing import Origin
from reedbed.model.purl import Purl, purl
from reedbed.model.ranges import Bound, Event, Range
from reedbed.model.versions import Between, Clause, Exactly, Version, Versions, version, versions


def _readable(text: str) -> bool:
    try:
        version(text)
    except ValueError:
        return False
    return True


def _end(lower: Version | None, upper: Version | None, closed: tuple[bool, bool]) -> Between:
    return Between(
        lower=lower,
        upper=upper,
        lower_closed=closed[0] and lower is not None,
        upper_closed=closed[1] and upper is not None,
    )


NUMBERS = st.lists(st.integers(0, 3), min_size=3, max_size=3).map(lambda parts: ".".join(map(str, parts)))

VERSION = st.one_of(NUMBERS, st.text(min_size=1, max_size=12).filter(_readable)).map(version)


def intervals_between(ends: st.SearchStrategy[Version]) -> st.SearchStrategy[Between]:
    return (
        st.tuples(st.none() | ends, st.none() | ends, st.tuples(st.booleans(), st.booleans()))
        .filter(lambda drawn: drawn[0] is None or drawn[0] != drawn[1])
        .map(lambda drawn: _end(*drawn))
    )


BETWEEN = intervals_between(VERSION)

CLAUSES: st.SearchStrategy[Clause] = VERSION.map(Exactly) | BETWEEN

VERSIONS: st.SearchStrategy[Versions] = st.lists(CLAUSES, min_size=1, max_size=5).map(versions)


def purls(package_type: PackageType) -> st.SearchStrategy[Purl]:
    """Packages of one type, hostile but possible names included."""

    def possible(name: str) -> bool:
        try:
            purl(package_type, name)
        except ValueError:
            return False
        return True

    names = st.from_regex(RULES[package_type].name, fullmatch=True).filter(possible)
    return names.map(lambda name: purl(package_type, name))


PURLS = st.sampled_from(PackageType).flatmap(purls)

EVENTS = st.lists(
    st.builds(Event, st.sampled_from(Bound), st.just("0") | NUMBERS), min_size=1, max_size=4
).map(tuple)

RANGES = st.builds(Range, st.sampled_from(["SEMVER", "ECOSYSTEM", "GIT"]), EVENTS)

ORIGINS = st.builds(
    Origin,
    source=st.sampled_from(["first", "second"]),
    id=st.sampled_from([None, "A", "B"]),
    modified=st.none() | st.datetimes(),
    imported=st.none() | st.datetimes(),
    ranges=st.lists(RANGES, max_size=2).map(tuple),
)
