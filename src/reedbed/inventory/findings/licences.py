"""Licences and operational risks, as a summary of Xray tells them, made into findings. Pure.

A licence is one finding of an image's path, with the components that have it: hundreds have the same few, and
which licence each of them has is asked of the software. An operational risk is one of a component.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from reedbed.inventory.findings.plan import Facts, Observed, Occurrence
from reedbed.jfrog.component_id import component
from reedbed.model.identity import finding_id
from reedbed.model.inventory import FindingType, Severity
from reedbed.model.ratings import severity
from reedbed.model.records import Shape
from reedbed.store.columns import storable_key

RISK = "operational-risk"
"""The key of such a finding: a component has one, whatever its reasons are today."""

MOST_COMPONENTS = 200
"""So many of those that have a licence stand with it in an image."""

LONGEST = 300


def licences(told: Sequence[Shape], *, connection: str, scope: str, path: str) -> tuple[Observed, ...]:
    """Make findings of an artifact's licences; `path` is the artifact's below its repository."""
    by_name: dict[str, set[str]] = {}
    for each in told:
        by_name.setdefault(_text(each, "name"), set()).update(_texts(each, "components"))
    return tuple(
        _licence(name, sorted(components), connection=connection, scope=scope, path=path)
        for name, components in sorted(by_name.items())
    )


def _licence(name: str, components: list[str], *, connection: str, scope: str, path: str) -> Observed:
    key, artifact = storable_key(name or "Unknown"), f"~{path}"
    facts = Facts(
        type=FindingType.LICENCE,
        vulnerability=key,
        component=artifact,
        package_type="",
        issue="",
        severity=Severity.UNKNOWN,  # how bad it is, a policy says
        source_severity="",
        title=f"{key} in {path}"[:LONGEST],
    )
    return Observed(
        finding=finding_id(connection, scope, FindingType.LICENCE, key, artifact),
        facts=facts,
        occurrences=(Occurrence(version="", paths=tuple(components[:MOST_COMPONENTS])),),
    )


def risks(told: Sequence[Shape], *, connection: str, scope: str) -> tuple[Observed, ...]:
    """Make findings of an artifact's operational risks."""
    found: dict[str, Observed] = {}
    for each in told:
        part = component(_text(each, "component_id"), version=_text(each, "version"))
        identity = finding_id(connection, scope, FindingType.OPERATIONAL_RISK, RISK, part.purl)
        before = found.get(identity)
        versions = {*((one.version for one in before.occurrences) if before else ()), part.version}
        found[identity] = Observed(
            finding=identity,
            facts=before.facts if before else _risk(each, part.purl, part.type, part.name),
            occurrences=tuple(Occurrence(version=version) for version in sorted(versions)),
        )
    return tuple(found.values())


def _risk(told: Shape, purl: str, package_type: str, name: str) -> Facts:
    word = _text(told, "risk")
    reasons = [_text(told, "risk_reason"), _text(told, "eol_message") if told.get("is_eol") else ""]
    latest = _text(told, "latest_version")
    reasons.append(f"the latest version is {latest}" if latest else "")
    why = "; ".join(filter(None, reasons)) or "operational risk"
    return Facts(
        type=FindingType.OPERATIONAL_RISK,
        vulnerability=RISK,
        component=purl,
        package_type=package_type,
        issue="",
        severity=severity(word),
        source_severity=word,
        title=f"{name}: {why}"[:LONGEST],
    )


def _text(told: Shape, name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _texts(told: Shape, name: str) -> Iterable[str]:
    value: Any = told.get(name)
    return (each for each in value if isinstance(each, str)) if isinstance(value, list | tuple) else ()
