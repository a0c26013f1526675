"""Repositories as the list and the detail show them: the two spell type and package type differently. Pure.

Source: jfrog.com/help/r/jfrog-rest-apis/get-repositories, repository-configuration-json.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from jfrog_standin.artifactory.repository import Repository

LAYOUTS = {"npm": "npm-default", "go": "go-default"}

SECRET = frozenset(("password",))
"""What a configuration is sent with and never shown; a real one shows it encrypted."""

_LISTED_TYPES = {"nuget": "NuGet", "gitlfs": "GitLfs", "yum": "YUM", "p2": "P2", "sbt": "SBT"}


def listed(repository: Repository, url: str) -> dict[str, Any]:
    """A row of the list: `type` in upper case, `packageType` with a capital."""
    package_type = repository.package_type
    return {
        "key": repository.key,
        "description": repository.description,
        "type": repository.rclass.upper(),
        "url": url,
        "packageType": _LISTED_TYPES.get(package_type, package_type.capitalize()),
    }


def reduced(repository: Repository) -> dict[str, Any]:
    """What somebody sees who is no administrator; it differs from version to version of Artifactory."""
    return {
        "key": repository.key,
        "rclass": repository.rclass,
        "packageType": repository.package_type,
        "description": repository.description,
    }


def detailed(repository: Repository, upstream: str) -> dict[str, Any]:
    """The whole configuration: what its creator sent and what this Artifactory knows."""
    shown = {
        "repoLayoutRef": LAYOUTS.get(repository.package_type, "simple-default"),
        "notes": "",
        "includesPattern": "**/*",
        "excludesPattern": "",
        "projectKey": "",
        "environments": [],
        **({"dockerApiVersion": "V2"} if repository.package_type == "docker" else {}),
        **{name: value for name, value in repository.configuration.items() if name not in SECRET},
        **reduced(repository),
    }
    match repository.rclass:
        case "virtual":
            members = {"repositories": list(repository.members)}
            deployment = {"defaultDeploymentRepo": repository.default_deployment}
            return shown | members | (deployment if repository.default_deployment else {})
        case "remote":
            cached = {"retrievalCachePeriodSecs": 7200, "missedRetrievalCachePeriodSecs": 1800}
            return cached | shown | {"url": upstream, "xrayIndex": repository.xray_index}
    return shown | {"xrayIndex": repository.xray_index}


class Configuration(msgspec.Struct, frozen=True):
    """What we use of a configuration that is sent; the rest is kept and echoed."""

    key: str | None = None
    rclass: str | None = None
    package_type: str | None = msgspec.field(name="packageType", default=None)
    description: str | None = None
    xray_index: bool | None = msgspec.field(name="xrayIndex", default=None)
    repositories: list[str] | None = None
    default_deployment: str | None = msgspec.field(name="defaultDeploymentRepo", default=None)
    url: str | None = None


def configured(key: str, sent: Mapping[str, Any], before: Repository | None = None) -> Repository:
    """The repository that a configuration describes; what it does not say stays as it was `before`.

    Raises:
        ValueError: it describes none. (msgspec's ValidationError is one.)
    """
    old = before or Repository(key=key)
    new = msgspec.convert(sent, Configuration)
    if new.key not in {None, key}:
        raise ValueError(f"The key in the body is {new.key!r}, not {key!r}.")
    if before is None and new.rclass is None:
        raise ValueError("The configuration has no rclass.")
    return msgspec.convert(
        {
            "key": key,
            "rclass": new.rclass or old.rclass,
            "package_type": (new.package_type or old.package_type).lower(),
            "description": _first(new.description, old.description),
            "xray_index": _first(new.xray_index, old.xray_index),
            "members": tuple(_first(new.repositories, old.members)),
            "default_deployment": _first(new.default_deployment, old.default_deployment),
            "upstream": _first(new.url, old.upstream),
            "configuration": {**old.configuration, **sent},
        },
        Repository,
    )


def _first(new: Any, old: Any) -> Any:
    return old if new is None else new
