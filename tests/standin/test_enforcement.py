from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.server import Running
from jfrog_standin.xray.custom_issue import CustomIssue, affects
from jfrog_standin.xray.versions import compare, contains, is_interval, parse_interval
from standin.conftest import Client
from standin.test_events import EVENTS, issue
from standin.test_policies_watches import POLICIES, WATCHES, policy, watch


def inside(text: str, version: str, package_type: str) -> bool:
    return contains(parse_interval(text), version, package_type)


@pytest.mark.parametrize(
    ("package_type", "interval", "within", "outside"),
    [
        ("npm", "[1.0.5]", ["1.0.5"], ["1.0.4", "1.0.50", "1.0.5-rc.1"]),
        ("npm", "(,)", ["0.0.0", "99.0.0-beta"], []),
        ("npm", "[1.0.0,2.0.0)", ["1.0.0", "1.10.0", "2.0.0-rc.1"], ["0.9.9", "2.0.0", "1.0.0-rc.1"]),
        ("npm", "(1.0.0,2.0.0]", ["1.0.1", "2.0.0"], ["1.0.0", "2.0.1"]),
        ("npm", "(,2.0.0)", ["1.9.9"], ["2.0.0"]),
        ("npm", "[2.0.0,)", ["2.0.0", "10.0.0"], ["1.9.9"]),
        ("npm", "[0]", ["0.0.0"], ["0.0.1", "1.0.0"]),
        ("npm", "[1.0.0-alpha.2,1.0.0-alpha.10]", ["1.0.0-alpha.9"], ["1.0.0-alpha.1", "1.0.0"]),
        ("pypi", "[1.0]", ["1.0", "1.0.0"], ["1.0rc1", "1.0.post1"]),
        ("pypi", "[1.0,2.0)", ["1.5.dev1", "2.0rc1"], ["1.0.dev1", "2.0"]),
        ("pypi", "[1!1.0]", ["1!1.0"], ["1.0"]),
        ("go", "[v1.2.4]", ["v1.2.4", "1.2.4"], ["v1.2.5"]),
        ("go", "[1.2.4]", ["v1.2.4", "v1.2.4+incompatible"], ["v1.2.3"]),
        ("go", "[v0.0.0-20260101000000-abcdefabcdef]", ["v0.0.0-20260101000000-abcdefabcdef"], ["v0.0.0"]),
        ("maven", "[16.0]", ["16.0", "16"], ["16.0.1", "1.6"]),
        ("maven", "[1.0,2.0)", ["1.10", "2.0-rc1"], ["2.0", "0.9"]),
        ("rubygems", "(,1.2.10)", ["1.2.9"], ["1.2.10", "1.2.11"]),
    ],
)
def test_an_interval_holds_the_versions_that_its_package_type_puts_there(
    package_type: str, interval: str, within: list[str], outside: list[str]
) -> None:
    assert [version for version in within if not inside(interval, version, package_type)] == []
    assert [version for version in outside if inside(interval, version, package_type)] == []


@pytest.mark.parametrize("text", ["1.0.5", "[]", "()", "(1.0)", "[1.0", "1.0]", "[1,2,3]", "[1.0][2.0]", ""])
def test_what_has_no_brackets_or_no_version_is_no_interval(text: str) -> None:
    assert not is_interval(text)


NPM = st.from_regex(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(-(a|b|rc)\.[1-9][0-9]?)?", fullmatch=True)
PYPI = st.from_regex(
    r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\.post[0-9])?(\.dev[0-9])?", fullmatch=True
)
ANY = st.from_regex(r"[0-9a-z]{1,4}([.\-_+][0-9a-z]{1,4}){0,4}", fullmatch=True)
VERSIONS = st.one_of(
    st.tuples(st.just("npm"), st.lists(NPM, min_size=3, max_size=6)),
    st.tuples(st.just("go"), st.lists(NPM.map("v{}".format), min_size=3, max_size=6)),
    st.tuples(st.just("pypi"), st.lists(PYPI, min_size=3, max_size=6)),
    st.tuples(st.just("maven"), st.lists(ANY, min_size=3, max_size=6)),
)


@given(VERSIONS)
def test_versions_have_one_order(case: tuple[str, list[str]]) -> None:
    package_type, versions = case

    def order(left: str, right: str) -> int:
        return compare(left, right, package_type)

    ordered = sorted(versions, key=cmp_to_key(order))

    assert all(compare(version, version, package_type) == 0 for version in versions)
    for place, lower in enumerate(ordered):
        for upper in ordered[place:]:
            assert compare(lower, upper, package_type) <= 0 <= compare(upper, lower, package_type)


@given(VERSIONS)
def test_an_interval_is_what_lies_between_its_ends(case: tuple[str, list[str]]) -> None:
    package_type, (low, high, version, *_) = case
    above, below = compare(version, low, package_type), compare(version, high, package_type)

    assert inside(f"[{low},{high}]", version, package_type) == (above >= 0 and below <= 0)
    assert inside(f"({low},{high})", version, package_type) == (above > 0 and below < 0)
    assert inside(f"[{low},)", version, package_type) == (above >= 0)
    assert inside(f"(,{high})", version, package_type) == (below < 0)
    assert inside(f"[{low}]", version, package_type) == (above == 0)


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["npm", "pypi", "go", "maven"]))
def test_no_text_breaks_the_comparison(left: str, right: str, package_type: str) -> None:
    assert compare(left, right, package_type) == -compare(right, left, package_type)


def test_pypi_names_are_one_package_in_every_spelling_and_npm_names_are_not() -> None:
    pypi = CustomIssue(
        package_type="pypi", components=(component("Flask_Foo"),), severity="High", type="security"
    )
    npm = CustomIssue(package_type="npm", components=(component("Left-Pad"),))

    assert affects(pypi, "pypi", "flask-foo", "1.0.0")
    assert affects(npm, "npm", "Left-Pad", "1.0.0")
    assert not affects(npm, "npm", "left-pad", "1.0.0")
    assert not affects(npm, "pypi", "Left-Pad", "1.0.0")


def component(name: str) -> Any:
    from jfrog_standin.xray.custom_issue import Component

    return Component(id=name, vulnerable_versions=("[1.0.0]",))


# The whole chain: issue, policy, watch, indexing


class Chain:
    """A platform where one npm package is flagged, and each link of the chain can be taken away."""

    def __init__(self, standin: Running, ask: Client) -> None:
        self.platform = standin.platform
        self.ask = ask

    async def forge(self, **criteria: Any) -> None:
        add = self.platform.artifactory.add
        add(Repository(key="npm-local", package_type="npm", xray_index=True))
        add(Repository(key="npm-remote", rclass="remote", package_type="npm", xray_index=True))
        await self.ask("POST", EVENTS, json=issue())
        await self.ask("POST", POLICIES, json=policy(**criteria))
        await self.ask("POST", WATCHES, json=watch())

    def block(
        self, name: str = "left-pad-evil", version: str = "1.0.0", repo: str = "npm-local"
    ) -> str | None:
        path = f"{name}/-/{name}-{version}.tgz"
        return self.platform.xray.block(repo, "npm", name, version, path)


@pytest.fixture
def chain(standin: Running, ask: Client) -> Chain:
    return Chain(standin, ask)


async def test_issue_policy_watch_and_index_together_block_the_flagged_version_alone(chain: Chain) -> None:
    await chain.forge()

    assert chain.block() == (
        "Artifact download request rejected: left-pad-evil/-/left-pad-evil-1.0.0.tgz was not downloaded "
        "due to the download blocking policy configured in Xray for npm-local."
    )
    assert chain.block(version="1.0.2") is None
    assert chain.block(name="left-pad") is None
    assert chain.block(repo="npm-remote") is None
    assert chain.block(repo="nowhere") is None


async def test_a_deleted_issue_lets_the_download_through(chain: Chain) -> None:
    await chain.forge()

    await chain.ask("DELETE", f"{EVENTS}/RB-left-pad-evil")

    assert chain.block() is None


async def test_a_replaced_issue_blocks_what_it_says_now(chain: Chain) -> None:
    await chain.forge()
    narrowed = issue(components=[{"id": "left-pad-evil", "vulnerable_versions": ["[1.0.1]"]}])

    await chain.ask("PUT", f"{EVENTS}/RB-left-pad-evil", json=narrowed)

    assert chain.block() is None
    assert chain.block(version="1.0.1") is not None


async def test_no_repository_that_is_not_indexed_blocks(chain: Chain) -> None:
    await chain.forge()

    await chain.ask("PUT", "/xray/api/v1/binMgr/default/repos", json={"indexed_repos": []})

    assert chain.block() is None


async def test_a_watch_that_is_off_or_gone_blocks_nothing(chain: Chain) -> None:
    await chain.forge()
    off = watch() | {"general_data": {"name": "reedbed", "active": False}}

    await chain.ask("PUT", f"{WATCHES}/reedbed", json=off)
    while_off = chain.block()
    await chain.ask("PUT", f"{WATCHES}/reedbed", json=watch())
    while_on = chain.block()
    await chain.ask("DELETE", f"{WATCHES}/reedbed")

    assert while_off is None
    assert while_on is not None
    assert chain.block() is None


async def test_a_rule_that_does_not_block_downloads_blocks_nothing(chain: Chain) -> None:
    await chain.forge()
    lenient = policy()
    lenient["rules"][0]["actions"]["block_download"]["active"] = False

    await chain.ask("PUT", f"{POLICIES}/block-malware", json=lenient)

    assert chain.block() is None


async def test_a_watch_on_a_remote_covers_its_cache(chain: Chain) -> None:
    await chain.forge()
    body = watch()
    body["project_resources"]["resources"][0] |= {"name": "npm-remote", "repo_type": "remote"}

    await chain.ask("PUT", f"{WATCHES}/reedbed", json=body)

    assert chain.block(repo="npm-remote") is not None
    assert chain.block(repo="npm-remote-cache") is not None
    assert chain.block(repo="npm-local") is None


@pytest.mark.parametrize(
    ("filters", "blocks"),
    [
        ([], True),
        ([{"type": "package-type", "value": "Npm"}], True),
        ([{"type": "package-type", "value": "Docker"}], False),
        ([{"type": "regex", "value": r".*evil-1\.0\.0.*"}], True),
        ([{"type": "path-regex", "value": "^other/"}], False),
        ([{"type": "path-regex", "value": "^left"}, {"type": "regex", "value": "zip$"}], False),
    ],
)
async def test_a_watch_on_all_repositories_sees_what_its_filters_let_it_see(
    chain: Chain, filters: list[dict[str, str]], blocks: bool
) -> None:
    await chain.forge()
    body = watch()
    body["project_resources"]["resources"] = [{"type": "all-repos", "name": "All", "filters": filters}]

    await chain.ask("PUT", f"{WATCHES}/reedbed", json=body)

    assert (chain.block() is not None) is blocks


@pytest.mark.parametrize(
    ("criteria", "blocks"),
    [
        ({"min_severity": "Critical"}, True),
        ({"min_severity": "high"}, True),
        ({"min_severity": "All Severities"}, True),
        ({"cvss_range": {"from": 9.0, "to": 10.0}}, True),
        ({"cvss_range": {"from": 1.0, "to": 2.0}}, False),
        ({"vulnerability_ids": ["CVE-2026-1"]}, True),
        ({"vulnerability_ids": ["CVE-2026-2"]}, False),
        ({"package_name": "left-pad-evil", "package_type": "npm", "package_versions": ["1.0.0"]}, True),
        ({"package_name": "left-pad-evil", "package_type": "npm", "package_versions": ["[2.0,)"]}, False),
        ({"package_name": "left-pad-evil", "package_type": "npm"}, True),
        ({"package_name": "left-pad-evil", "package_type": "pypi"}, False),
        ({"package_name": "other", "package_type": "npm"}, False),
        ({"exposures": {"min_severity": "High"}}, False),
        ({"min_severity": "Low", "fix_version_dependant": True}, False),
    ],
)
async def test_each_criterion_blocks_what_it_names(
    chain: Chain, criteria: dict[str, Any], blocks: bool
) -> None:
    await chain.forge(**criteria)
    scored = issue(issue_kind=0, cves=[{"cve": "CVE-2026-1", "cvss_v3": "9.8/CVSS:3.1/AV:N"}])

    await chain.ask("PUT", f"{EVENTS}/RB-left-pad-evil", json=scored)

    assert (chain.block() is not None) is blocks


async def test_a_severity_below_the_least_does_not_block(chain: Chain) -> None:
    await chain.forge(min_severity="High")

    await chain.ask("PUT", f"{EVENTS}/RB-left-pad-evil", json=issue(severity="Medium"))

    assert chain.block() is None


async def test_an_ignored_malicious_flag_defeats_its_criterion_and_not_the_severity(chain: Chain) -> None:
    await chain.forge()
    chain.platform.switch(malicious_flag="never")
    by_flag = chain.block()

    await chain.ask("PUT", f"{POLICIES}/block-malware", json=policy(min_severity="Critical"))

    assert by_flag is None
    assert chain.block() is not None


async def test_an_issue_may_need_some_downloads_until_it_blocks(chain: Chain) -> None:
    await chain.forge()
    chain.platform.switch(indexing_delay_polls=2)

    seen = [chain.block() is not None for _ in range(4)]

    assert seen == [False, False, True, True]


async def test_an_issue_may_need_some_time_until_it_blocks(chain: Chain) -> None:
    await chain.forge()

    chain.platform.switch(indexing_delay_ms=3_600_000)
    soon = chain.block()
    chain.platform.switch(indexing_delay_ms=0)

    assert soon is None
    assert chain.block() is not None


async def test_without_xray_nothing_is_blocked(chain: Chain) -> None:
    await chain.forge()

    chain.platform.switch(xray_missing=True)

    assert chain.block() is None
