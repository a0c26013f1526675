"""Writes the answer of a summary out of bundles, as bytes: it is asked for by the thousand. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from jfrog_standin.xray.bundle import Bundle, Form, licenses_of, package_type
from jfrog_standin.xray.scanned import ScannedArtifact


def summary(artifacts: Iterable[bytes], failed: Iterable[tuple[str, str]]) -> bytes:
    """Put an answer together; without anything that failed it has no `errors`."""
    wrong = [{"identifier": identifier, "error": text} for identifier, text in failed]
    errors = b',"errors":' + msgspec.json.encode(wrong) if wrong else b""
    return b'{"artifacts":[%s]%s}' % (b",".join(artifacts), errors)


def general(artifact: ScannedArtifact) -> Mapping[str, str]:
    """Name an artifact: an image by its folder, whichever path was asked for."""
    return {
        "name": artifact.display_name,
        "component_id": artifact.display_name,
        "pkg_type": package_type(artifact.kind),
        "path": artifact.shown_path,
        "sha256": artifact.sha256,
    }


def artifact_json(
    named: Mapping[str, Any], bundles: Sequence[Bundle], where: bytes, form: Form, *, further_ids: bytes = b""
) -> bytes:
    """Write one artifact with its issues, licences and operational risks."""
    within = msgspec.json.encode(where.decode())[1:-1]  # as it stands inside of JSON text
    issues = b",".join(text for bundle in bundles if (text := bundle.issues(within, form)))
    risks = b",".join(bundle.risks for bundle in bundles if bundle.risks)
    return b'{"general":%s,"issues":[%s],"licenses":[%s],"operational_risks":[%s]}' % (
        msgspec.json.encode(named),
        issues,
        licenses_of(bundles, further_ids),
        risks,
    )
