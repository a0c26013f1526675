"""A repository as a value, in the words of Artifactory's repository configuration."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

RepositoryClass = Literal["local", "remote", "virtual", "federated"]

CACHE = "-cache"
"""What follows a remote repository's key where the files that it fetched are kept."""


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """One repository of Artifactory.

    Source: jfrog.com/help/r/jfrog-rest-apis/repository-configuration-json.
    """

    key: str
    rclass: RepositoryClass = "local"
    package_type: str = "generic"  # as configurations spell it, in lower case: "npm", "pypi", "go"
    description: str = ""
    xray_index: bool = False
    members: tuple[str, ...] = ()  # keys, in the order in which a virtual repository asks them
    default_deployment: str = ""  # the local member that takes what is deployed to a virtual repository
    upstream: str = ""  # of a remote; empty: what the machine's own pip, npm or go is set to
    configuration: Mapping[str, Any] = {}  # whatever else its creator sent, echoed in the detail

    @property
    def storage_key(self) -> str:
        """The key under which its files are kept; a virtual repository keeps none."""
        return self.key + CACHE if self.rclass == "remote" else self.key

    @property
    def is_offline(self) -> bool:
        """Is it a remote that is set to serve what it has cached, and to fetch nothing?"""
        return self.configuration.get("offline") is True

    @property
    def has_priority(self) -> bool:
        """Is it marked for priority resolution: are others asked only for packages that it lacks?"""
        return self.configuration.get("priorityResolution") is True

    @property
    def includes(self) -> tuple[str, ...]:
        """The patterns of which a path has to fit one."""
        return _patterns(self.configuration.get("includesPattern")) or ("**/*",)

    @property
    def excludes(self) -> tuple[str, ...]:
        """The patterns of which a path must fit none."""
        return _patterns(self.configuration.get("excludesPattern"))


def _patterns(configured: Any) -> tuple[str, ...]:
    text = configured if isinstance(configured, str) else ""
    return tuple(pattern for part in text.split(",") if (pattern := part.strip()))
