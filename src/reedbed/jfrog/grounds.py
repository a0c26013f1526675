"""What a repository's blocking rests on, as a digest: a proof holds as long as that stays the same. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from reedbed.jfrog.blocking import State
from reedbed.jfrog.wire import Policy, Repo, Resource, Watch


def grounds(state: State) -> dict[str, str]:
    """Hash for each repository its kind, its indexing, the watches that reach it, and their policies' rules.

    A watch that reaches only a part of a repository counts too. Which members a virtual repository has is
    told to administrators alone, so its ground is that of all the repositories of its type.
    """
    indexed = {repo.name for repo in state.indexing.indexed_repos or ()}
    watches = sorted((w for w in state.watches if w.general_data.active), key=lambda watch: watch.name)
    policies = {policy.name: policy for policy in state.policies}
    physical = {
        repo.key: _digest([_words(repo), repo.key in indexed, *_reach(watches, repo.key, policies)])
        for repo in state.repositories
        if not _virtual(repo)
    }
    return {
        repo.key: physical[repo.key]
        if repo.key in physical
        else _digest([_words(repo), _behind(repo, state.repositories, physical)])
        for repo in state.repositories
    }


def _virtual(repo: Repo) -> bool:
    return repo.type.lower() == "virtual"


def _words(repo: Repo) -> tuple[str, str]:
    return repo.type.lower(), repo.packageType.lower()


def _behind(virtual: Repo, repos: Iterable[Repo], physical: Mapping[str, str]) -> list[tuple[str, str]]:
    of_type = (repo for repo in repos if _words(repo)[1] == _words(virtual)[1])
    return sorted((repo.key, physical[repo.key]) for repo in of_type if repo.key in physical)


def _reach(watches: Iterable[Watch], key: str, policies: Mapping[str, Policy]) -> Iterable[Any]:
    """Give each watch that reaches a repository, with how it does and what its policies' rules are."""
    for watch in watches:
        resources = watch.project_resources.resources if watch.project_resources else ()
        reaching = [resource for resource in resources or () if _names(resource, key)]
        if reaching:
            assigned = sorted(each.name for each in watch.assigned_policies or ())
            yield [
                watch.name,
                [(resource.type, resource.filters or ()) for resource in reaching],
                [(name, (policies[name].rules or ()) if name in policies else ()) for name in assigned],
            ]


def _names(resource: Resource, key: str) -> bool:
    return resource.type == "all-repos" or (resource.type == "repository" and resource.name == key)


def _digest(about: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(about, order="deterministic")).hexdigest()
