"""Issues and licences of some components as JSON that is encoded once, and put together for each artifact.

Thousands of images share a base, and thousands of answers its issues. What differs from image to image is the
beginning of each impact path. So a bundle keeps the text cut at those places, and joins it anew.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from jfrog_standin.xray.scan import Hit, License, Scan, ScanIssue, ScannedComponent

MARK = "\ue000\ue001"
"""Where an artifact's own path goes in; characters for private use, which no text that is sent has."""

TURNS = 3  # how many orders of impact paths there are

SHOWN_TYPES: Mapping[str, str] = {"pypi": "Pypi", "npm": "npm", "go": "Go"}


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer is written."""

    version: Literal[1, 2] = 2  # 1: without `components`
    bare_ids: bool = False  # "3.12:openssl:1.1.1k-r0" instead of "alpine://3.12:openssl:1.1.1k-r0"
    bracketed_fixes: bool = False  # "[2.29.4]" instead of "2.29.4"
    turn: int = 0  # which order the impact paths have, below TURNS


class Bundle:
    """A part of what was found in an artifact, or all of it."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.severities: Counter[str] = Counter(issue.severity for issue in scan.issues)
        self.components = scan.every_component()
        self.licenses = _licenses(self.components)
        self.risks = msgspec.json.encode(scan.risks)[1:-1]
        self._pieces: dict[Form, tuple[bytes, ...]] = {}

    def issues(self, where: bytes, form: Form) -> bytes:
        """Give the issues as JSON with commas between, found at a path: `b"default/docker-local/app/1/"`."""
        pieces = self._pieces.get(form)
        if pieces is None:
            pieces = self._pieces[form] = _cut(self.scan.issues, form)
        return where.join(pieces)


def package_type(kind: str) -> str:
    """A package type as Xray shows it: "Docker", "Go", but "npm"."""
    return SHOWN_TYPES.get(kind, kind.capitalize())


def licenses_of(bundles: Iterable[Bundle], further: bytes = b"") -> bytes:
    """Write the licences of all, each with its components; `further` are more ids for the last of them."""
    merged: dict[License, list[bytes]] = {}
    for bundle in bundles:
        for found, ids in bundle.licenses.items():
            merged.setdefault(found, []).append(ids)
    if further:
        merged.setdefault(next(reversed(merged), License()), []).append(further)
    return b",".join(_license(found, ids) for found, ids in merged.items())


def _licenses(components: Iterable[ScannedComponent]) -> dict[License, bytes]:
    by_license: dict[License, list[str]] = {}
    for component in components:
        for found in component.licenses or (License(),):
            by_license.setdefault(found, []).append(component.uri)
    return {found: msgspec.json.encode(ids)[1:-1] for found, ids in by_license.items()}


def _license(found: License, ids: list[bytes]) -> bytes:
    head = msgspec.json.encode(found)[:-1]
    return b'%s,"components":[%s]}' % (head, b",".join(ids))


def _cut(issues: Iterable[ScanIssue], form: Form) -> tuple[bytes, ...]:
    encoded = msgspec.json.encode([shown(issue, form) for issue in issues])[1:-1]
    return tuple(encoded.split(MARK.encode()))


def shown(issue: ScanIssue, form: Form, *, where: str = MARK) -> dict[str, Any]:
    """Write one issue of a summary; `where` is the artifact's path with which impact paths begin."""
    paths = [where + hit.component.impacted for hit in issue.hits]
    turn = form.turn % len(paths) if paths else 0
    answer: dict[str, Any] = {} if issue.id is None else {"issue_id": issue.id}
    answer |= {
        "summary": issue.summary,
        "description": issue.description or issue.summary,
        "issue_type": "security",
        "severity": issue.severity,
        "provider": issue.provider,
        "cves": issue.cves,
        "created": issue.created,
        "impact_path": paths[turn:] + paths[:turn],
    }
    if form.version == 2:
        answer["components"] = [_component(hit, form) for hit in issue.hits]
    physical = [hit.component.path for hit in issue.hits if hit.component.path]
    answer |= {"component_physical_paths": physical} if physical else {}
    answer |= {"extended_information": issue.research} if issue.research else {}
    return answer | {"applicability": None, "applicability_details": _applicability(issue, form)}


def _component(hit: Hit, form: Form) -> dict[str, Any]:
    return {
        "component_id": _id(hit, form),
        "version": hit.component.version,
        "pkg_type": package_type(hit.component.kind),
        "fixed_versions": [
            f"[{version}]" if form.bracketed_fixes else version for version in hit.fixed_versions
        ],
    }


def _applicability(issue: ScanIssue, form: Form) -> list[dict[str, Any]] | None:
    details = [
        {
            "component_id": _id(hit, form),
            "source_comp_id": _id(hit, form),
            "vulnerability_id": entry.cve or issue.id,
            "result": hit.applicability,
        }
        for hit in issue.hits
        for entry in issue.cves[:1]
        if hit.applicability is not None
    ]
    return details or None


def _id(hit: Hit, form: Form) -> str:
    return hit.component.bare if form.bare_ids else hit.component.uri
