"""The ids of assets and findings: functions of what they are, so that a lost store gives them again.

Each carries the version of its rule. No id holds what a vendor rewrites or a build changes: no title, text,
severity, score, tag, version, path or order; of an image its manifest digest, of a finding not even that.
"""

import base64
import hashlib

import msgspec

from reedbed.model.inventory import AssetClass, FindingType

ASSET_RULE = "rba1"
FINDING_RULE = "rbf1"


def asset_id(connection: str, asset_class: AssetClass, native: str) -> str:
    """Name an asset for ever: `rba1:` and 32 characters.

    `native` is an image's manifest digest (`sha256:…`), a repository's key, or a package file's
    `repository/path`. The same digest under two connections stays two assets.
    """
    return f"{ASSET_RULE}:{_digest([connection, asset_class.value, native])}"


def finding_id(
    connection: str, scope: str, finding_type: FindingType, vulnerability: str, component: str
) -> str:
    """Name a finding for ever: `rbf1:` and 32 characters.

    `scope` is `repository/image path` without a tag (or a package file's), `vulnerability` the CVE in upper
    case, else Xray's id, `component` the purl without its version, else `~` and the artifact's name.
    """
    return (
        f"{FINDING_RULE}:{_digest(['v1', connection, scope, finding_type.value, vulnerability, component])}"
    )


def occurrence_id(finding: str, manifest_digest: str) -> str:
    """Name a finding in one image, for consumers that want an id for each asset."""
    return f"{finding}:{manifest_digest.removeprefix('sha256:')[:12]}"


def _digest(parts: list[str]) -> str:
    canonical = msgspec.json.encode(parts)
    return base64.b32encode(hashlib.sha256(canonical).digest()[:20]).decode().lower()
