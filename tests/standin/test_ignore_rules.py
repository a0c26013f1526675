import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog_standin.access import User
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.server import Running
from jfrog_standin.xray.custom_issue import CustomIssue
from jfrog_standin.xray.enforcement import Release
from jfrog_standin.xray.ignoring import Case, ComponentFilter, IgnoreFilters, IgnoreRule, covers
from standin.conftest import Client
from standin.flagged import IGNORE_RULES, download, flag, ignore

REED = Case(
    watch="everywhere",
    policy="no-malware",
    issue=CustomIssue(id="REED-1", package_type="npm"),
    release=Release(
        repository=Repository(key="npm-local", package_type="npm"),
        package_type="npm",
        name="reed",
        version="1.0.0",
        path="reed/-/reed-1.0.0.tgz",
    ),
)


async def test_a_rule_lets_the_download_through_and_deleting_it_blocks_again(
    standin: Running, ask: Client
) -> None:
    await flag(standin, ask)
    before = await download(ask)

    made = await ignore(ask)
    meanwhile = await download(ask)
    (rule_id,) = re.findall(r"Successfully added Ignore rule with id: (\S+)$", made.json["info"])
    deleted = await ask("DELETE", f"{IGNORE_RULES}/{rule_id}")
    again = await ask("DELETE", f"{IGNORE_RULES}/{rule_id}")

    assert (made.status, list(made.json)) == (201, ["info"])
    assert (before, meanwhile, await download(ask)) == (403, 200, 403)
    assert (deleted.status, deleted.body, again.status) == (204, b"", 404)


@pytest.mark.parametrize(
    ("filters", "covered"),
    [
        ({"vulnerabilities": ["any"]}, True),
        ({"vulnerabilities": ["REED-2"]}, False),
        ({"vulnerabilities": [], "cves": ["any"]}, False),
        ({"watches": ["everywhere"], "policies": ["no-malware"]}, True),
        ({"watches": ["elsewhere"]}, False),
        ({"policies": ["other"]}, False),
        ({"components": [{"name": "reed"}]}, True),
        ({"components": [{"name": "npm://reed", "version": "1.0.0"}]}, True),
        ({"components": [{"name": "reed", "version": "2.0.0"}]}, False),
        ({"components": [{"name": "sedge"}, {"name": "reed"}]}, True),
        ({"artifacts": [{"name": "reed-1.0.0.tgz", "path": "default/npm-local/reed/-/"}]}, True),
        ({"artifacts": [{"name": "reed", "path": "npm-local/reed/-/"}]}, True),
        ({"artifacts": [{"name": "reed-1.0.0.tgz", "path": "pypi-local/"}]}, False),
        ({"builds": [{"name": "a-build"}]}, False),
        ({"docker-layers": ["abc"]}, False),
    ],
)
async def test_a_rule_covers_what_all_its_kinds_of_filters_name(
    standin: Running, ask: Client, filters: dict[str, Any], covered: bool
) -> None:
    await flag(standin, ask)

    await ignore(ask, **filters)

    assert await download(ask) == (200 if covered else 403)


async def test_a_rule_without_an_objective_is_400(ask: Client) -> None:
    answers = [
        await ask("POST", IGNORE_RULES, json={"ignore_filters": {"watches": ["everywhere"]}}),
        await ask("POST", IGNORE_RULES, json={"notes": "nothing"}),
        await ask("POST", IGNORE_RULES, json={"ignore_filters": {"cves": "any"}}),
        await ask(
            "POST",
            IGNORE_RULES,
            json={"expires_at": "2026-01-01T00:00:00", "ignore_filters": {"cves": ["any"]}},
        ),
    ]

    assert [answer.status for answer in answers] == [400] * 4
    assert set(answers[0].json) == {"error"}


async def test_a_rule_ends_at_its_time(standin: Running, ask: Client) -> None:
    await flag(standin, ask)
    filters = {"vulnerabilities": ["REED-1"]}
    soon = datetime.now(UTC) + timedelta(hours=1)

    await ask("POST", IGNORE_RULES, json={"ignore_filters": filters, "expires_at": soon.isoformat()})
    before = await download(ask)
    standin.platform.switch(clock_skew_s=2 * 3600)
    (shown,) = (await ask("GET", IGNORE_RULES)).json["data"]

    assert before == 200
    assert shown["is_expired"] is True
    assert await download(ask) == 403


async def test_rules_are_listed_by_pages_that_count_from_one(ask: Client) -> None:
    for name in ("A", "B", "C"):
        await ignore(ask, vulnerabilities=[name])

    first = await ask("GET", f"{IGNORE_RULES}?page_num=1&num_of_rows=2")
    second = await ask("GET", f"{IGNORE_RULES}?page_num=2&num_of_rows=2")
    reverse = await ask("GET", f"{IGNORE_RULES}?order_by=created&direction=desc")
    one = await ask("GET", f"{IGNORE_RULES}?vulnerability=B")
    odd = [await ask("GET", f"{IGNORE_RULES}?{query}") for query in ("order_by=size", "page_num=x")]

    def names(rows: Any) -> list[str]:
        return [row["ignore_filters"]["vulnerabilities"][0] for row in rows["data"]]

    assert (names(first.json), names(second.json)) == (["A", "B"], ["C"])
    assert (first.json["total_count"], one.json["total_count"]) == (3, 1)
    assert (names(reverse.json), names(one.json)) == (["C", "B", "A"], ["B"])
    assert [answer.status for answer in odd] == [400, 400]


async def test_a_rule_is_read_by_its_id_and_there_is_no_second_version(ask: Client) -> None:
    made = await ignore(ask, watches=["everywhere"])
    rule_id = made.json["info"].rpartition(" ")[2]

    shown = await ask("GET", f"{IGNORE_RULES}/{rule_id}")
    newer = await ask("GET", "/xray/api/v2/ignore_rules")

    assert shown.json["id"] == rule_id
    assert shown.json["author"] == "admin"
    assert shown.json["ignore_filters"] == {"vulnerabilities": ["REED-1"], "watches": ["everywhere"]}
    assert newer.headers["Content-Type"] != "application/json" or newer.status == 404


async def test_only_who_manages_watches_manages_ignore_rules(ask: Client, standin: Running) -> None:
    access = standin.platform.access
    access.add_user(User(name="alice", roles=frozenset({"manage_policies"})))
    alice = access.issue("alice").access_token

    answers = [await ask(method, IGNORE_RULES, token=alice, json={}) for method in ("GET", "POST")]

    assert [answer.status for answer in answers] == [403, 403]


NAMES = st.sampled_from(["any", "REED-1", "everywhere", "no-malware", "reed", "other"])
FILTERS = st.builds(
    IgnoreFilters,
    vulnerabilities=st.none() | st.lists(NAMES, max_size=2).map(tuple),
    watches=st.none() | st.lists(NAMES, max_size=2).map(tuple),
    policies=st.none() | st.lists(NAMES, max_size=2).map(tuple),
    components=st.none() | st.lists(st.builds(ComponentFilter, name=NAMES), max_size=2).map(tuple),
)


@given(FILTERS, FILTERS)
def test_one_more_scope_never_makes_a_rule_cover_more(filters: IgnoreFilters, other: IgnoreFilters) -> None:
    for name in ("watches", "policies", "components"):
        narrowed = msgspec.structs.replace(filters, **{name: getattr(filters, name) or getattr(other, name)})

        assert covers(rule(filters), REED) or not covers(rule(narrowed), REED)


@given(FILTERS)
def test_a_rule_without_an_objective_covers_nothing(filters: IgnoreFilters) -> None:
    assert not covers(rule(msgspec.structs.replace(filters, vulnerabilities=None)), REED)


def rule(filters: IgnoreFilters) -> IgnoreRule:
    return IgnoreRule(ignore_filters=filters)
