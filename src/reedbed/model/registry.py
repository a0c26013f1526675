"""Registries: the repositories of packages that projects are resolved through, and nothing else is."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from reedbed.model.platform import NAME, Platform


class Manager(StrEnum):
    """What speaks to a repository of packages; JFrog has the same word for the repository's type."""

    NPM = "npm"
    PYPI = "pypi"
    GO = "go"


REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PATHS = {Manager.NPM: "/api/npm/{}/", Manager.PYPI: "/api/pypi/{}/simple", Manager.GO: "/api/go/{}"}


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One repository of packages, as its manager speaks to it."""

    manager: Manager
    base: str  # what stands before /api/: "https://company.jfrog.io/artifactory"
    repository: str  # its key: "npm-virtual"

    @property
    def path(self) -> str:
        """Where it is below its base: `/api/npm/npm-virtual/`."""
        return _PATHS[self.manager].format(self.repository)

    @property
    def url(self) -> str:
        return self.base + self.path


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """Repositories of one JFrog Platform that one token reads: at most one for each manager."""

    name: str
    endpoints: Mapping[Manager, Endpoint]
    ca_file: str | None = None  # PEM; None: the system's certificate authorities
    proxy: str | None = None
    timeout_s: float = 60.0  # for one request, from connect to the last byte
    token_expires_at: datetime | None = None  # UTC; None: not known, or never

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"a registry's name is of a-z, 0-9 and -, at most 63 long; not {self.name!r}")
        if not self.endpoints:
            raise ValueError("a registry has at least one URL: of npm, PyPI or Go")
        if len({urlsplit(each.base)[:2] for each in self.endpoints.values()}) > 1:
            raise ValueError("its URLs are of several hosts, and a token goes to one alone")

    def reached(self, endpoint: Endpoint) -> Platform:
        """Give what a session needs to speak with one of its repositories."""
        return Platform(
            name=self.name,
            url=endpoint.base,
            ca_file=self.ca_file,
            proxy=self.proxy,
            timeout_s=self.timeout_s,
        )
