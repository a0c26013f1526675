"""Curation: which releases remotes must not bring in, and the words in which that is said.

Sources: github.com/jfrog/jfrog-cli-security, commands/curation (the texts, what stands in braces, what the
header X-Artifactory-Curation-Request-Waiver does); JFrog's documentation on compliant version selection.
"""

from collections.abc import Iterable
from html import escape
from typing import Literal

import msgspec
from packaging.utils import canonicalize_name

from jfrog_standin import errors
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.xray.versions import compare, contains, is_interval, parse_interval

WAIVER = "X-Artifactory-Curation-Request-Waiver"
LOOK = "syn"
"""With this in the header a refusal tells whether waivers are allowed; any other text asks for one."""

Reason = Literal["policies", "not_in_catalog", "on_demand"]


class Violated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy that a release violates, in Curation's own words."""

    policy: str
    condition: str
    explanation: str = ""
    recommendation: str = ""

    def __str__(self) -> str:
        return f"{{{self.policy}, {self.condition}, {self.explanation}, {self.recommendation}}}"


class Block(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Releases of a package that remotes refuse."""

    package_type: Literal["npm", "pypi", "go"]
    name: str
    versions: str = "(,)"  # one, "1.2.0", or many as Xray writes them: "[1.0.0,2.0.0)"
    reason: Reason = "policies"
    policies: tuple[Violated, ...] = (Violated(policy="no-malware", condition="Malicious package"),)
    waivers: bool = False  # may one ask for a waiver?
    repos: tuple[str, ...] = ()  # the remotes; none: all of them

    def __post_init__(self) -> None:
        if "," in self.versions and not is_interval(self.versions):
            raise ValueError(f"{self.versions!r} is neither a version nor a range of them in brackets.")

    def covers(self, repository: Repository, package_type: str, name: str, version: str) -> bool:
        here = repository.rclass == "remote" and (not self.repos or repository.key in self.repos)
        same = package_type == self.package_type and _normal(package_type, name) == _normal(
            package_type, self.name
        )
        return here and same and self._has(version)

    def _has(self, version: str) -> bool:
        if is_interval(self.versions):
            return contains(parse_interval(self.versions), version, self.package_type)
        return compare(version, self.versions, self.package_type) == 0


class Refusal(errors.OfOneMember):
    """Curation's 403: another member of a virtual repository may still have the release."""


class Curation:
    """What is blocked on one platform."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.asked_for: list[str] = []  # "left-pad:1.3.0", once for each waiver that was asked for

    def find(self, repository: Repository, package_type: str, name: str, version: str) -> Block | None:
        """The first block that keeps a release out of a repository, which only a remote has."""
        return next(
            (block for block in self.blocks if block.covers(repository, package_type, name, version)), None
        )

    def hidden(
        self, repository: Repository, package_type: str, name: str, versions: Iterable[str]
    ) -> frozenset[str]:
        """Those of some versions that are blocked."""
        return frozenset(
            each for each in versions if self.find(repository, package_type, name, each) is not None
        )

    def refusal(self, block: Block, name: str, version: str, *, waiver: str, html: bool) -> Refusal:
        """The answer to a download, `waiver` being what stood in the header."""
        text = message(block, name, version)
        if waiver == LOOK and block.waivers:
            text += " [waivers allowed]"
        elif waiver not in {"", LOOK}:
            text = self._ask_waiver(block, name, version)
        return _refusal(text, html=html)

    def _ask_waiver(self, block: Block, name: str, version: str) -> str:
        """The number of a request for a waiver, and what became of it."""
        self.asked_for.append(f"{name}:{version}")
        return f"{len(self.asked_for)}|{'pending' if block.waivers else 'forbidden'}"


def message(block: Block, name: str, version: str) -> str:
    """The sentence about a release; the two without policies are known by their middles alone."""
    blocked = f"Package {name}:{version} download was blocked by JFrog Packages Curation service"
    match block.reason:
        case "not_in_catalog":
            return f"{blocked} due to the package not being found in catalog"
        case "on_demand":
            return f"{blocked} since its on-demand scan is pending"
    policies = ",".join(str(violated) for violated in block.policies)
    return f"{blocked} due to the following policies violated {policies}"


def _refusal(text: str, *, html: bool) -> Refusal:
    if html:
        page = f"<html><head><title>403 Forbidden</title></head><body><p>{escape(text)}</p></body></html>\n"
        return Refusal(403, page.encode(), "text/html", {})
    said = errors.artifactory(403, text)
    return Refusal(said.status, said.body, said.content_type, said.headers)


def _normal(package_type: str, name: str) -> str:
    return canonicalize_name(name) if package_type == "pypi" else name
