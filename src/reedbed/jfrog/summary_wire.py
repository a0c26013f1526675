"""The shapes of `summary/artifact`, v1 and v2, in JFrog's words. Every field is missing in some answer.

Source: docs.jfrog.com/security/reference, artifact-summary, v1 and v2; answers recorded in public test data.
"""

from typing import Any

import msgspec


class Cve(msgspec.Struct, frozen=True):
    cve: str | None = None
    cwe: tuple[str, ...] | None = None
    cvss_v2: str | None = None
    cvss_v3: str | None = None
    cvss_v4: str | None = None


class Component(msgspec.Struct, frozen=True):
    """v2 alone."""

    component_id: str = ""
    version: str | None = None
    pkg_type: str | None = None
    fixed_versions: tuple[str, ...] | None = None


class Applicability(msgspec.Struct, frozen=True):
    component_id: str | None = None
    vulnerability_id: str | None = None
    result: str | None = None


class Issue(msgspec.Struct, frozen=True):
    issue_id: str | None = None
    summary: str | None = None
    description: str | None = None
    issue_type: str | None = None
    severity: str | None = None
    provider: str | None = None
    created: str | None = None
    edited: str | None = None
    references: tuple[str, ...] | None = None
    cves: tuple[Cve, ...] | None = None
    impact_path: tuple[str, ...] | None = None
    components: tuple[Component, ...] | None = None
    component_physical_paths: tuple[str, ...] | None = None
    extended_information: dict[str, Any] | None = None
    applicability_details: tuple[Applicability, ...] | None = None


class General(msgspec.Struct, frozen=True):
    path: str = ""
    sha256: str = ""


class Summary(msgspec.Struct, frozen=True):
    general: General = General()
    issues: tuple[Issue, ...] | None = None
    licenses: tuple[dict[str, Any], ...] | None = None
    operational_risks: tuple[dict[str, Any], ...] | None = None


class Missing(msgspec.Struct, frozen=True):
    identifier: str = ""
    error: str = ""


class Summaries(msgspec.Struct, frozen=True):
    artifacts: tuple[Summary, ...] | None = None
    errors: tuple[Missing, ...] | None = None
