"""Which findings an ignore rule of Xray covers."""

from typing import Any

import pytest

from reedbed.inventory.run.streams.covering import Place, Subject, cover, until
from reedbed.jfrog.ignore_rules import IgnoreRule, Named
from reedbed.model.inventory import FindingType
from reedbed.store.inventory.violations import Broken

HERE = Place(
    repository="docker-local",
    storage="docker-local",
    path="team/app",
    tag="1.0",
    version="2.0",
    layer="sha256:aa",
)
THERE = Place(repository="docker-local", storage="docker-local", path="team/app", tag="1.1", version="2.0")


def subject(*places: Place, watch: str | None = None) -> Subject:
    broken = watch and Broken(finding="f", watch=watch, policies=("p",), kind="Security", created_at=None)
    return Subject(
        type=FindingType.VIOLATION if watch else FindingType.VULNERABILITY,
        vulnerability="CVE-1",
        issue="XRAY-1",
        component="pkg:npm/moment",
        places=places or (HERE,),
        broken=broken or None,
    )


def rule(**filters: Any) -> IgnoreRule:
    return IgnoreRule(**{"id": "r", "cves": ("CVE-1",), **filters})


@pytest.mark.parametrize(
    ("filters", "covered"),
    [
        ({}, True),
        ({"cves": ("cve-1",)}, True),
        ({"cves": ("any",)}, True),
        ({"cves": ("CVE-2",)}, False),
        ({"cves": (), "vulnerabilities": ("XRAY-1",)}, True),
        ({"cves": (), "licenses": ("MIT",)}, False),
        ({"is_expired": True}, False),
        ({"elsewhere": ("builds",)}, False),
        ({"watches": ("w",)}, False),
        ({"components": (Named(name="npm://moment"),)}, True),
        ({"components": (Named(name="moment", version="2.0"),)}, True),
        ({"components": (Named(name="moment", version="1.0"),)}, False),
        ({"components": (Named(name="other"),)}, False),
        ({"artifacts": (Named(name="team/app"),)}, True),
        ({"artifacts": (Named(name="app", version="1.0", path="docker-local/team/"),)}, True),
        ({"artifacts": (Named(name="app", version="1.1"),)}, False),
        ({"artifacts": (Named(name="app", path="elsewhere/team/"),)}, False),
        ({"docker_layers": ("aa",)}, True),
        ({"docker_layers": ("bb",)}, False),
    ],
)
def test_each_filter_of_a_rule_must_hold(filters: dict[str, Any], covered: bool) -> None:
    assert bool(cover([rule(**filters)], subject())) is covered


def test_a_rule_about_one_tag_does_not_hide_the_others() -> None:
    one = rule(id="one", artifacts=(Named(name="app", version="1.0"),))
    other = rule(id="other", artifacts=(Named(name="app", version="1.1"),), expires_at="2026-06-01T00:00:00Z")

    assert not cover([one], subject(HERE, THERE))
    both = cover([one, other], subject(HERE, THERE))
    assert [each.id for each in both] == ["one", "other"]
    assert until(both) == "2026-06-01T00:00:00+00:00"


def test_a_rule_about_a_watch_covers_its_violations_alone() -> None:
    mine = rule(watches=("w",), policies=("p",))

    assert cover([mine], subject(watch="w"))
    assert not cover([mine], subject(watch="other"))
    assert not cover([rule(watches=("w",), policies=("q",))], subject(watch="w"))


def test_what_stands_nowhere_is_not_covered() -> None:
    nowhere = Subject(
        type=FindingType.VULNERABILITY, vulnerability="CVE-1", issue="", component="", places=()
    )

    assert not cover([rule()], nowhere)
