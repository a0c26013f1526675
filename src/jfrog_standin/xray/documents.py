"""What Xray exports about an artifact: CycloneDX with its flaws, SPDX, and a form of its own. Pure."""

from typing import Any
from urllib.parse import quote

from jfrog_standin.xray.scan import ScanIssue, ScannedComponent
from jfrog_standin.xray.scanned import ScannedArtifact

PURL_TYPES = {"debian": "deb", "alpine": "apk", "go": "golang", "rubygems": "gem", "cpp": "conan"}


def purl_of(component: ScannedComponent) -> str:
    """The package URL of a component, with its distribution where it has one."""
    name = component.name.replace(":", "/") if component.kind == "maven" else component.name
    space = f"{component.kind}/" if component.distribution else ""
    end = f"?distro={quote(component.distribution)}" if component.distribution else ""
    kind = PURL_TYPES.get(component.kind, component.kind)
    return f"pkg:{kind}/{space}{quote(name, safe='/')}@{quote(component.version)}{end}"


def cyclonedx(found: ScannedArtifact, *, with_vulnerabilities: bool) -> dict[str, Any]:
    """A CycloneDX 1.4 document; `cwes` is null where there are none, which its schema does not allow."""
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.4",
        "version": 1,
        "metadata": {
            "timestamp": f"{found.at:%Y-%m-%dT%H:%M:%SZ}",
            "tools": [{"vendor": "JFrog Inc.", "name": "Xray", "version": "3.140.2"}],
            "component": {"type": "container", "name": found.name, "version": found.version},
        },
        "components": [_component(component) for component in found.components],
    }
    if with_vulnerabilities:
        document["vulnerabilities"] = [_vulnerability(issue) for issue in found.issues]
    return document


def _component(component: ScannedComponent) -> dict[str, Any]:
    return {
        "bom-ref": component.uri,
        "type": "library",
        "name": component.name,
        "version": component.version,
        "purl": purl_of(component),
        "licenses": [{"license": {"id": entry.name}} for entry in component.licenses] or None,
    }


def _vulnerability(issue: ScanIssue) -> dict[str, Any]:
    cves = [entry for entry in issue.cves if entry.cve]
    scores = [entry.cvss_v3 for entry in issue.cves if entry.cvss_v3]
    weaknesses = [word for entry in issue.cves for word in entry.cwe or ()]
    numbers = [int(word[4:]) for word in weaknesses if word.startswith("CWE-") and word[4:].isdigit()]
    return {
        "id": cves[0].cve if cves else issue.id,
        "source": {"name": issue.provider},
        "description": issue.description or issue.summary,
        "ratings": [
            {"method": "CVSSv3", "severity": issue.severity.lower(), "vector": score} for score in scores
        ],
        "cwes": numbers or None,
        "created": issue.created,
        "affects": [{"ref": hit.component.uri} for hit in issue.hits],
    }


def spdx(found: ScannedArtifact) -> dict[str, Any]:
    """An SPDX 2.3 document."""
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": found.display_name,
        "documentNamespace": f"https://jfrog.example/spdx/{found.sha256}",
        "creationInfo": {
            "created": f"{found.at:%Y-%m-%dT%H:%M:%SZ}",
            "creators": ["Tool: JFrog Xray-3.140.2"],
        },
        "packages": [_package(number, component) for number, component in enumerate(found.components)],
    }


def _package(number: int, component: ScannedComponent) -> dict[str, Any]:
    locator = {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": purl_of(component),
    }
    return {
        "SPDXID": f"SPDXRef-Package-{number}",
        "name": component.name,
        "versionInfo": component.version,
        "downloadLocation": "NOASSERTION",
        "licenseConcluded": " AND ".join(entry.name for entry in component.licenses) or "NOASSERTION",
        "externalRefs": [locator],
    }


def details(found: ScannedArtifact, *, security: bool, licenses: bool) -> dict[str, Any]:
    """Xray's own form, of which little is documented."""
    document: dict[str, Any] = {
        "component_id": found.display_name,
        "package_type": found.kind,
        "components": [component.uri for component in found.components],
    }
    if security:
        document["data"] = [
            {"id": issue.id, "severity": issue.severity, "summary": issue.summary, "cves": issue.cves}
            for issue in found.issues
        ]
    if licenses:
        document["licenses"] = sorted({entry.name for part in found.components for entry in part.licenses})
    return document
