"""A repository's ground changes with whatever could change what is blocked in it, and with nothing else."""

from typing import Any

import msgspec
import pytest

from reedbed.jfrog.blocking import State, own_policy
from reedbed.jfrog.grounds import grounds
from reedbed.jfrog.wire import (
    Assigned,
    General,
    IndexedRepo,
    Indexing,
    Policy,
    Repo,
    Resource,
    Resources,
    Watch,
)

POLICY = own_policy("malicious")


def watch(called: str = "guard", *, active: bool = True, **resource: Any) -> Watch:
    return Watch(
        general_data=General(name=called, active=active),
        project_resources=Resources((Resource(**{"type": "repository", "name": "npm-local", **resource}),)),
        assigned_policies=(Assigned(name=POLICY.name),),
    )


STATE = State(
    repositories=(
        Repo(key="npm-local", type="LOCAL", packageType="Npm"),
        Repo(key="npm-remote", type="REMOTE", packageType="Npm"),
        Repo(key="npm", type="VIRTUAL", packageType="Npm"),
        Repo(key="pypi", type="VIRTUAL", packageType="PyPI"),
    ),
    indexing=Indexing(indexed_repos=(IndexedRepo(name="npm-local"),)),
    policies=(POLICY,),
    watches=(watch(),),
    own_watch=None,
)


def changed(**changes: Any) -> set[str]:
    """Change a platform; give the repositories whose ground is another."""
    before, after = grounds(STATE), grounds(msgspec.structs.replace(STATE, **changes))
    return {key for key in after if after[key] != before.get(key)}


def test_the_same_platform_in_another_order_is_the_same() -> None:
    two = msgspec.structs.replace(STATE, watches=(watch(), watch("other")))
    turned = msgspec.structs.replace(
        two, watches=two.watches[::-1], repositories=STATE.repositories[::-1], own_watch={"a": 1}
    )

    assert grounds(two) == grounds(turned)


@pytest.mark.parametrize(
    "changes",
    [
        {"indexing": Indexing()},
        {"watches": ()},
        {"watches": (watch(active=False),)},
        {"watches": (watch(filters=({"type": "regex", "value": "x"},)),)},
        {"watches": (watch(), watch("other"))},
        {"policies": ()},
        {"policies": (own_policy("severity"),)},
        {
            "policies": (
                Policy(
                    name=POLICY.name,
                    rules=tuple(msgspec.structs.replace(r, priority=2) for r in POLICY.rules or ()),
                ),
            )
        },
        {
            "repositories": (
                Repo(key="npm-local", type="FEDERATED", packageType="Npm"),
                *STATE.repositories[1:],
            )
        },
    ],
)
def test_each_change_shows_in_the_repository_and_in_the_virtual_ones_of_its_type(
    changes: dict[str, Any],
) -> None:
    assert changed(**changes) == {"npm-local", "npm"}


@pytest.mark.parametrize(
    "changes",
    [
        {"policies": (POLICY, Policy(name="elsewhere"))},
        {"watches": (watch(), watch("elsewhere", name="npm-other"))},
        {"watches": (watch(), watch("builds", type="build", name="npm-local"))},
        {"policies": (msgspec.structs.replace(POLICY, description="new words"),)},
        {"indexing": Indexing(indexed_repos=(IndexedRepo(name="npm-local"), IndexedRepo(name="gone")))},
    ],
)
def test_what_has_nothing_to_do_with_a_repository_leaves_it_as_it_is(changes: dict[str, Any]) -> None:
    assert changed(**changes) == set()


def test_a_watch_of_all_repositories_is_in_each_ground() -> None:
    assert changed(watches=(watch(), watch("all", type="all-repos"))) == {"npm-local", "npm-remote", "npm"}
