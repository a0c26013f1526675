import nodesemver
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from model.strategies import CLAUSES, NUMBERS, VERSIONS, intervals_between
from reedbed.model.ecosystem import PackageType
from reedbed.model.versions import (
    EVERY,
    Between,
    Clause,
    Exactly,
    Versions,
    holds,
    parse_clause,
    version,
    versions,
    without,
)

OPERATORS = {True: ("<=", ">="), False: ("<", ">")}

SEMVERS = st.tuples(NUMBERS, st.sampled_from(["", "-alpha", "-beta.2", "-rc.10"])).map("".join)


@given(CLAUSES)
def test_a_clause_is_read_back_as_it_was_written(clause: Clause) -> None:
    assert parse_clause(str(clause)) == clause


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_union_does_not_depend_on_order_grouping_or_repeats(
    a: Versions, b: Versions, c: Versions
) -> None:
    assert a | b == b | a
    assert (a | b) | c == a | (b | c)
    assert a | a == a


@given(VERSIONS, VERSIONS, NUMBERS)
def test_the_union_holds_what_either_holds(a: Versions, b: Versions, candidate: str) -> None:
    either = {holds(a, candidate, PackageType.NPM), holds(b, candidate, PackageType.NPM)}

    united = holds(a | b, candidate, PackageType.NPM)

    assert united is (True if True in either else None if None in either else False)


def test_no_version_never_means_every_version() -> None:
    with pytest.raises(ValueError, match="never means all"):
        versions([])


def test_beside_every_version_nothing_else_is_named() -> None:
    assert str(versions([Exactly(version("1.0")), EVERY])) == "(,)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.0",
        "[]",
        "()",
        "[,]",
        "(1.0)",
        "[1.0",
        "[,1.0]",
        "[1.0,]",
        "[1,2,3]",
        "[1.0,1.0]",
        "[1 0]",
        "{1.0}",
    ],
)
def test_what_is_not_in_the_notation_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_clause(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("1" * 257, "257 characters"),
        ("1.0,2.0", "','"),
        ("1.0)", r"'\)'"),
        ("1 0", "white space"),
        ("1\u00a00", "white space"),
        ("1.0\u202e", "U\\+202E"),
    ],
)
def test_a_version_that_could_change_the_notation_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        version(text)


@given(intervals_between(NUMBERS.map(version)), NUMBERS)
def test_python_intervals_hold_what_specifiers_hold(clause: Between, candidate: str) -> None:
    specifier = ",".join(_ends(clause))

    held = holds(versions([clause]), candidate, PackageType.PYPI)

    assert held == SpecifierSet(specifier, prereleases=True).contains(candidate)


@given(st.tuples(SEMVERS, SEMVERS), st.tuples(st.booleans(), st.booleans()), NUMBERS)
def test_npm_intervals_hold_what_npm_ranges_hold(
    ends: tuple[str, str], closed: tuple[bool, bool], candidate: str
) -> None:
    assume(ends[0] != ends[1])
    clause = Between(
        lower=version(ends[0]), upper=version(ends[1]), lower_closed=closed[0], upper_closed=closed[1]
    )

    held = holds(versions([clause]), candidate, PackageType.NPM)

    by_npm = nodesemver.satisfies(candidate, " ".join(_ends(clause)), loose=False)
    assert held is by_npm


@pytest.mark.parametrize(
    ("package_type", "named", "candidate", "held"),
    [
        (PackageType.PYPI, "1.0", "1.0.0", True),
        (PackageType.PYPI, "1.0", "1.0.0.0", True),
        (PackageType.PYPI, "1.0.post1", "1.0-1", True),
        (PackageType.PYPI, "1.0", "1.0.1", False),
        (PackageType.PYPI, "1.0", "9" * 5000, False),
        (PackageType.NUGET, "3.2", "3.2.0.0", True),
        (PackageType.NUGET, "3.02.2", "3.2.2", True),
        (PackageType.NUGET, "3.2.2", "3.2.3", False),
        (PackageType.GO, "1.2.4", "v1.2.4", True),
        (PackageType.NPM, "1.2.4", "1.2.40", False),
        (PackageType.MAVEN, "1.0", "1.0", True),
    ],
)
def test_a_named_version_is_met_in_each_of_its_spellings(
    package_type: PackageType, named: str, candidate: str, held: bool
) -> None:
    assert holds(versions([Exactly(version(named))]), candidate, package_type) is held


def test_an_interval_without_a_known_order_is_said_to_be_unknown() -> None:
    clauses = versions([parse_clause("[1.0,2.0)")])

    assert holds(clauses, "1.5", PackageType.MAVEN) is None
    assert holds(versions([EVERY]), "1.5", PackageType.MAVEN) is True


def test_a_release_that_is_no_version_is_not_guessed_at() -> None:
    assert holds(versions([parse_clause("[1.0.0,2.0.0)")]), "latest", PackageType.NPM) is None


def _ends(clause: Between) -> list[str]:
    upper, _ = OPERATORS[clause.upper_closed]
    _, lower = OPERATORS[clause.lower_closed]
    return [sign + end for sign, end in ((lower, clause.lower), (upper, clause.upper)) if end is not None]


@given(VERSIONS, SEMVERS, st.lists(SEMVERS, max_size=8))
def test_taking_one_version_out_leaves_every_other_as_it_was(
    affected: Versions, released: str, others: list[str]
) -> None:
    left = without(affected, released, PackageType.NPM)

    assert left is None or not holds(left, released, PackageType.NPM)
    for other in others:
        before = holds(affected, other, PackageType.NPM)
        after = left is not None and holds(left, other, PackageType.NPM)
        assert other == released or after == before
