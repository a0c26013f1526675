"""What is known of repositories beside their list: their configuration, and how much they hold.

Both calls are for administrators; whoever is none is refused, and knows less. Source: RepositoriesApi and
StorageInfoApi of JFrog's merged OpenAPI; `projectKey`, `environments` and `xrayIndex` as the Terraform
provider of Artifactory reads them.
"""

import msgspec

from reedbed.jfrog.exchange import Call
from reedbed.jfrog.session import JFrog

LARGEST = 64 * 1024 * 1024


class Configuration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The part of a repository's configuration that says what it is for."""

    key: str = ""
    description: str | None = None
    notes: str | None = None
    project_key: str | None = None
    environments: tuple[str, ...] | None = None
    xray_index: bool | None = None
    repositories: tuple[str, ...] | None = None  # the members of a virtual one


class Usage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How much a repository holds; of a remote one its cache."""

    repo_key: str = ""
    repo_type: str = ""  # LOCAL, CACHE, VIRTUAL, …
    files_count: int | None = None
    used_space_in_bytes: int | None = None  # older releases tell a text alone, “1.50 GB”


class _Storage(msgspec.Struct, frozen=True, rename="camel"):
    repositories_summary_list: tuple[Usage, ...] = ()


async def configurations(jfrog: JFrog) -> dict[str, Configuration]:
    """Read the configurations of all repositories in one call, by key.

    Raises:
        Refused: the token's user is no administrator.
        Unreachable, Unreadable: as any call.
    """
    call = Call(
        method="GET",
        route="/artifactory/api/repositories/configurations",
        doing="read the configurations of the repositories",
        needs="an administrator's role, for the configurations of repositories",
        max_bytes=LARGEST,
    )
    by_type = await jfrog.fetch(call, dict[str, tuple[Configuration, ...]])
    return {each.key: each for some in by_type.values() for each in some}


async def configuration(jfrog: JFrog, key: str) -> Configuration:
    """Read the configuration of one repository; who is no administrator is shown a part of it.

    Raises:
        Refused: the user may not read it, or it is gone.
        Unreachable, Unreadable: as any call.
    """
    call = Call(
        method="GET",
        route="/artifactory/api/repositories/{key}",
        at={"key": key},
        doing=f"read the configuration of {key}",
        needs=f"permission to read {key}",
    )
    return await jfrog.fetch(call, Configuration)


async def storage(jfrog: JFrog) -> dict[str, Usage]:
    """Read how much repositories hold, as Artifactory last counted it, by key; a cache by its remote's.

    Raises:
        Refused: the token's user may not see it.
        Unreachable, Unreadable: as any call.
    """
    call = Call(
        method="GET",
        route="/artifactory/api/storageinfo",
        doing="read how much repositories hold",
        needs="an administrator's role, or a token with the scope system:info/storage:r",
        max_bytes=LARGEST,
    )
    found = await jfrog.fetch(call, _Storage)
    return {_shown(each): each for each in found.repositories_summary_list}


def _shown(usage: Usage) -> str:
    return usage.repo_key.removesuffix("-cache") if usage.repo_type == "CACHE" else usage.repo_key
