import os
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog.flagged import ANY_FLAGGED, AXIOS, ONE_OF_EACH, SOURCE, exactly, flagged
from reedbed.jfrog.custom_issue import (
    PACKAGE_TYPES,
    Component,
    CustomIssue,
    IssueStyle,
    component_ids,
    custom_issue,
    enforceable,
    issue_id,
)
from reedbed.jfrog.proof import fingerprint, outdated, same
from reedbed.jfrog.wire import EchoComponent, EchoRange, IssueEcho
from reedbed.model.ecosystem import PackageType
from reedbed.model.ledger import Flagged, Source
from reedbed.model.purl import purl
from reedbed.model.text import hidden
from reedbed.model.versions import parse_clause

GOLDEN = Path(__file__).parent / "golden"
STYLE = IssueStyle(link_base="https://reedbed.example.com/why")


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_the_payload_of_each_ecosystem_is_the_golden_one(name: str) -> None:
    issue = custom_issue(ONE_OF_EACH[name], STYLE)

    written = msgspec.json.format(msgspec.json.encode(issue), indent=2).decode() + "\n"

    golden = GOLDEN / f"{name}.json"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(written)
    assert written == golden.read_text()


@given(ANY_FLAGGED)
def test_whatever_strangers_wrote_the_issue_is_one_that_xray_keeps(stranger: Flagged) -> None:
    issue = custom_issue(stranger, IssueStyle())

    assert len(issue.id) == 29
    assert 0 < len(issue.summary) <= 300
    assert len(issue.description) <= 2_100
    assert not any(hidden(text) for text in (issue.summary, *issue.description.split("\n")))
    assert not set("<>") & set(issue.summary + issue.description)
    assert all(source.url is None or source.url.startswith("http") for source in issue.sources)
    assert all(parse_clause(v) for c in issue.components for v in c.vulnerable_versions)


@given(ANY_FLAGGED, st.randoms(use_true_random=False))
def test_what_xray_shows_in_another_order_and_casing_is_proved(
    stranger: Flagged, shuffle: random.Random
) -> None:
    issue = custom_issue(stranger, IssueStyle())
    echo = echoed(issue)
    for component in echo.components or ():
        shuffle.shuffle(component.vulnerable_versions or [])
    shuffle.shuffle(echo.components or [])
    echo.severity, echo.provider, echo.package_type = "CRITICAL", "reedbed", issue.package_type.upper()

    assert same(issue, echo) == []
    assert not outdated(issue, echo)


def echoed(issue: CustomIssue) -> IssueEcho:
    """Give what v2 GET would show of an issue."""
    return msgspec.convert({**msgspec.to_builtins(issue), "malicious_package": True}, IssueEcho)


def test_versions_may_come_back_in_the_ranges_alone() -> None:
    issue = custom_issue(AXIOS, IssueStyle())
    echo = echoed(issue)
    echo.components = [
        EchoComponent(
            id=component.id,
            vulnerable_ranges=[EchoRange(vulnerable_versions=[v]) for v in component.vulnerable_versions],
        )
        for component in issue.components
    ]

    assert same(issue, echo) == []


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"id": "RB-OTHER"}, "id: sent"),
        ({"provider": "JFrog"}, "provider: sent"),
        ({"package_type": "pypi"}, "package_type: sent"),
        ({"severity": "Low"}, "severity: sent"),
        ({"components": None}, "versions of axios: lacks [0.30.4] [1.14.1]"),
        ({"components": [EchoComponent(id="axios", vulnerable_versions=["[1.14.1]"])]}, "lacks [0.30.4]"),
        (
            {"components": [EchoComponent(id="axios", vulnerable_versions=["[0.30.4]", "[1.14.1]", "(,)"])]},
            "has added (,)",
        ),
    ],
)
def test_whatever_would_block_less_or_more_is_a_difference(
    change: dict[str, object], difference: str
) -> None:
    issue = custom_issue(AXIOS, IssueStyle())
    echo = msgspec.structs.replace(echoed(issue), **change)

    differences = same(issue, echo)

    assert difference in "; ".join(differences)


def test_other_words_alone_are_worth_an_update_but_not_a_failure() -> None:
    issue = custom_issue(AXIOS, IssueStyle())
    echo = msgspec.structs.replace(echoed(issue), description="an older text")

    assert same(issue, echo) == []
    assert outdated(issue, echo)


def test_the_id_depends_on_package_type_and_normalised_name_alone() -> None:
    ids = {issue_id(purl(PackageType.PYPI, name)) for name in ("Flask_Foo", "flask-foo", "flask.foo")}

    assert ids == {issue_id(purl(PackageType.PYPI, "flask-foo"))}
    assert issue_id(purl(PackageType.NPM, "flask-foo")) not in ids
    assert issue_id(AXIOS.package) == "RB-BOGFROHMGZK3A3O254HZGBHGP6"


@given(ANY_FLAGGED, ANY_FLAGGED)
def test_equal_issues_have_equal_fingerprints_and_others_do_not(one: Flagged, other: Flagged) -> None:
    issues = custom_issue(one, IssueStyle()), custom_issue(other, IssueStyle())

    assert (fingerprint(issues[0]) == fingerprint(issues[1])) == (issues[0] == issues[1])


@pytest.mark.parametrize(
    "change",
    [
        *({"id": "R" * 33}, {"id": ""}, {"id": "XrAy-1"}, {"provider": "jFrog"}, {"provider": ""}),
        *({"package_type": "gem"}, {"components": ()}),
        {"components": (Component(id="npm://axios", vulnerable_versions=("[1.0]",)),)},
        {"components": (Component(id="axios", vulnerable_versions=()),)},
        {"components": (Component(id="axios", vulnerable_versions=("1.0",)),)},
        {"components": (Component(id="axios", vulnerable_versions=("[]",)),)},
    ],
)
def test_an_issue_that_xray_would_drop_cannot_be_made(change: dict[str, object]) -> None:
    good = custom_issue(AXIOS, IssueStyle())

    with pytest.raises(ValueError, match="Xray would drop"):
        msgspec.structs.replace(good, **change)


@pytest.mark.parametrize("package_type", sorted(set(PackageType) - set(PACKAGE_TYPES)))
def test_what_xray_has_no_word_for_is_not_enforceable(package_type: PackageType) -> None:
    name = "a/b" if package_type is PackageType.GITHUB_ACTIONS else "evil"

    assert not enforceable(package_type)
    with pytest.raises(ValueError, match="not enforceable"):
        custom_issue(flagged(package_type, name), IssueStyle())


def test_the_style_decides_what_the_documentation_leaves_open() -> None:
    style = IssueStyle(
        issue_kind=0, malicious_flag=True, go_prefix="v", pypi_original_spelling=True, severity="High"
    )

    go = custom_issue(flagged(PackageType.GO, "example.com/x", exactly("1.0.0")), style)

    assert go.components[0].vulnerable_versions == ("[v1.0.0]",)
    assert (go.issue_kind, go.malicious_package, go.severity) == (0, True, "High")
    assert component_ids(ONE_OF_EACH["pypi"], style) == ("Flask_Foo", "flask-foo")


def test_a_hostile_source_is_told_without_its_tricks() -> None:
    hostile = Source("osv\x1b[31m", "MAL\u202e<script>", "javascript:alert(1)")
    stranger = msgspec.structs.replace(AXIOS, sources=(hostile, SOURCE), summary="a\n<b>\x00bold")

    issue = custom_issue(stranger, IssueStyle())

    assert issue.summary == "a (b) bold"
    assert issue.sources[0].url is None
    assert "\x1b" not in issue.description
    assert "script>" not in issue.description


def test_more_sources_than_can_be_told_are_counted() -> None:
    many = tuple(Source("osv", f"MAL-{n:05}", f"https://example.com/{n}") for n in range(60))

    issue = custom_issue(msgspec.structs.replace(AXIOS, sources=many), IssueStyle())

    assert issue.description.endswith("and 40 more")
