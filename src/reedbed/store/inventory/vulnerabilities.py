"""What advisories say of vulnerabilities, whatever images have them."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from reedbed.model.ratings import score, severity
from reedbed.model.records import TEXT, VulnerabilityRecord
from reedbed.store.columns import storable, storable_key
from reedbed.store.dialects import merge
from reedbed.store.inventory import wording
from reedbed.store.inventory.findings import VULNERABILITIES
from reedbed.store.inventory.wording import Field


def learn(connection: Connection, texts: Mapping[str, bytes]) -> None:
    """Keep what landed texts say, by their digests; of two about one vulnerability the last one."""
    rows = {}
    for digest, body in sorted(texts.items()):
        record = _record(body)
        key = record.cve or record.issue_id
        if key:
            rows[storable_key(key)] = _row(record, digest)
    merge(connection, VULNERABILITIES, [{"key": key, **row} for key, row in sorted(rows.items())])
    wording.learn(connection, Field.DESCRIPTION, {key: row["description"] for key, row in rows.items()})


def _record(body: bytes) -> VulnerabilityRecord:
    fields = dict(zip(TEXT, msgspec.json.decode(body), strict=True))
    return msgspec.convert(fields, VulnerabilityRecord)


def _row(record: VulnerabilityRecord, digest: str) -> dict[str, Any]:
    own = (record.extended_information or {}).get("jfrog_research_severity")
    return {
        "issue": storable_key(record.issue_id) or None,
        "title": storable(record.summary),
        "description": storable(record.description or record.summary),
        "severity": severity(record.severity),
        "jfrog_severity": severity(own) if isinstance(own, str) and own else None,
        "cwe": record.cwe,
        "cvss3_score": score(record.cvss_v3),
        "cvss3_vector": None if record.cvss_v3 is None else storable(record.cvss_v3),
        "cvss2_score": score(record.cvss_v2),
        "cvss4_score": score(record.cvss_v4),
        "provider": storable(record.provider) or None,
        "text": digest,
    }
