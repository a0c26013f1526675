"""Which upgrade removes most, by the order of each ecosystem's versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.inventory.findings.fixes import Group, mends, order_of, upgrades

NPM = "pkg:npm/lodash"


def _group(version: str, *fixes: str, component: str = NPM, kind: str = "npm", many: int = 1) -> Group:
    return Group(
        component=component, package_type=kind, version=version, fixed_versions=fixes, occurrences=many
    )


def test_the_lowest_version_that_mends_everything_is_the_upgrade() -> None:
    (found,) = upgrades(
        [_group("1.0.0", "1.0.5"), _group("1.0.0", "1.2.0"), _group("1.0.0", "1.1.0", "2.0.0")]
    )

    assert (found.to, found.order_known) == ("1.2.0", True)
    assert len(found.mends) == 3


def test_the_upgrade_that_mends_more_wins_over_a_lower_one() -> None:
    (found,) = upgrades([_group("1.0.0", "1.0.5"), _group("1.0.0", "2.0.0", many=5)])

    assert found.to == "2.0.0"
    assert len(found.mends) == 2


def test_installed_versions_with_the_same_upgrade_are_one_fix() -> None:
    (found,) = upgrades([_group("1.0.0", "1.2.0"), _group("1.1.0", "1.2.0")])

    assert {version for version, _ in found.mends} == {"1.0.0", "1.1.0"}


def test_a_downgrade_is_no_fix() -> None:
    assert upgrades([_group("3.0.0", "2.9.9")]) == []


def test_what_nothing_mends_gives_no_fix() -> None:
    assert upgrades([_group("1.0.0")]) == []


@pytest.mark.parametrize(("kind", "component"), [("deb", "pkg:deb/debian/openssl"), ("alpine", "pkg:apk/x")])
def test_where_the_order_is_not_known_only_named_versions_count(kind: str, component: str) -> None:
    groups = [
        _group("1.1.1n-0+deb11u4", "1.1.1n-0+deb11u5", kind=kind, component=component),
        _group("1.1.1n-0+deb11u4", "1.1.1w-0+deb11u1", kind=kind, component=component),
    ]

    found = upgrades(groups)

    assert [(each.to, each.order_known, len(each.mends)) for each in found] == [
        ("1.1.1n-0+deb11u5", False, 1),
        ("1.1.1w-0+deb11u1", False, 1),
    ]


def test_a_version_that_cannot_be_read_takes_the_order_away_and_nothing_else() -> None:
    (found,) = upgrades([_group("not a version", "1.0.0")])

    assert (found.to, found.order_known) == ("1.0.0", False)


@pytest.mark.parametrize(
    ("to", "fixed", "mended"),
    [
        ("1.2.5", ["1.2.5"], True),
        ("1.2.4", ["1.2.5"], False),
        ("1.3.0", ["1.2.5", "2.0.1"], True),
        ("1.3.0", ["1.2.5", "1.3.2"], False),
        ("2.0.0", ["1.2.5", "2.0.1"], False),
        ("2.0.1", ["1.2.5", "2.0.1"], True),
        ("3.0.0", ["1.2.5", "2.0.1"], True),
        ("1.2.6", ["1.2.5", "1.3.2"], True),
    ],
)
def test_a_fix_holds_on_its_own_release_line(to: str, fixed: list[str], mended: bool) -> None:
    order = order_of("npm", [to, *fixed])

    assert order
    assert mends(to, fixed, order) is mended


VERSIONS = st.builds("{}.{}.{}".format, *(st.integers(0, 3),) * 3)


@given(st.lists(st.tuples(VERSIONS, st.lists(VERSIONS, max_size=3)), max_size=6))
def test_an_upgrade_mends_what_it_says_and_never_goes_back(made: list[tuple[str, list[str]]]) -> None:
    groups = [_group(version, *sorted(set(fixes))) for version, fixes in made]

    for upgrade in upgrades(groups):
        order = order_of("npm", [upgrade.to])
        assert order
        for version, fixes in upgrade.mends:
            assert order(upgrade.to) > order(version)
            assert mends(upgrade.to, fixes, order)
            assert any(group.version == version and group.fixed_versions == fixes for group in groups)
