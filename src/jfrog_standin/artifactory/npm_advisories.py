"""What a registry tells `npm audit`: advisories by package, for the versions that somebody has. Pure.

Source: the npm registry's bulk endpoint as npm's own client reads it (github.com/npm/metavuln-calculator).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
import nodesemver


class Cvss(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How bad a flaw is: the score from 0 to 10, and the vector that it comes from."""

    score: float = 0
    vector_string: str | None = None


class Advisory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A flaw in versions of one npm package."""

    id: int
    name: str
    title: str
    vulnerable_versions: str  # npm's own notation: "<1.2.3 || >=2.0.0 <2.0.5"
    severity: Literal["info", "low", "moderate", "high", "critical"] = "high"
    url: str = "https://example.com/advisory"
    cwe: tuple[str, ...] = ()
    cvss: Cvss = Cvss()


def affecting(
    advisories: Iterable[Advisory], asked: Mapping[str, Iterable[str]]
) -> dict[str, list[dict[str, Any]]]:
    """The advisories about any of the versions that are asked about, by name; names without are left out."""
    told: dict[str, list[dict[str, Any]]] = {}
    for advisory in advisories:
        if any(_is_in(version, advisory.vulnerable_versions) for version in asked.get(advisory.name, ())):
            fields = msgspec.to_builtins(advisory)
            told.setdefault(advisory.name, []).append(
                {field: value for field, value in fields.items() if field != "name"}
            )
    return told


def _is_in(version: str, versions: str) -> bool:
    try:
        return bool(nodesemver.satisfies(version, versions, loose=True, include_prerelease=True))
    except (ValueError, TypeError):  # what is no version is in no range
        return False
