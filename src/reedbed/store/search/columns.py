"""Which columns hold what tokens ask for."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, FromClause, and_, select

from reedbed.model.inventory import Status, Triage
from reedbed.store.inventory.findings import EPSS, KEV, VULNERABILITIES
from reedbed.store.inventory.wording import Field
from reedbed.store.search.expressions import LAST, Days, Elements, Expression, Plain, Worded

VENDOR, PRODUCT = "JFrog", "JFrog Artifactory & Xray"
OPEN = tuple(status for status in Status if status.open)
IGNORED = (Triage.NOT_AFFECTED, Triage.FALSE_POSITIVE, Triage.RISK_ACCEPTED, Triage.SUPPRESSED)


def asset_columns(asset: FromClause) -> dict[str, Expression]:
    c = asset.c
    return {
        "name": Worded(of=c.name, field=Field.NAME),
        "assetTypeName": Plain(of=c.asset_class),
        "externalAssetId": Plain(of=c.id, folded=True),
        "vendorAssetId": Plain(of=c.vendor_id),
        "criticalityScore": Plain(of=c.criticality),
        "owner": Plain(of=c.owner),
        "firstFoundDate": Plain(of=c.first_seen_at),
        "lastFoundDate": Plain(of=c.last_seen_at),
        "lifecycle": Plain(of=c.lifecycle),
        "riskScore": Plain(of=c.score),
    }


def image_columns(asset: FromClause) -> dict[str, Expression]:
    c = asset.c
    return {
        "registry": Plain(of=c.registry),
        "digest": Plain(of=c.config_digest, folded=True),
        "manifestDigest": Plain(of=c.manifest_digest, folded=True),
        "architecture": Plain(of=c.architecture),
        "os": Plain(of=c.os),
        "sizeInBytes": Plain(of=c.size_bytes),
        "creationDate": Plain(of=c.built_at),
        "uploadedDate": Plain(of=c.uploaded_at),
        "baseImage.name": Plain(of=c.base_image),
        "scanStatus": Plain(of=c.coverage),
        "lastScanned": Plain(of=c.scanned_at),
    }


def finding_columns(finding: FromClause) -> dict[str, Expression]:
    c = finding.c
    return {
        "cveId": Plain(of=c.vulnerability, folded=True, present=_is_cve(c.vulnerability)),
        "vendorFindingId": Plain(of=c.issue, folded=True, present=c.issue != ""),
        "externalFindingId": Plain(of=c.id, folded=True),
        "title": Worded(of=c.title, field=Field.TITLE),
        "description": Worded(of=c.vulnerability, field=Field.DESCRIPTION),
        "severity": Plain(of=c.severity),
        "sourceSeverity": Plain(of=c.source_severity),
        "cvss3BaseScore": Plain(of=c.cvss3_score),
        "applicability": Plain(of=c.applicability),
        "status": Plain(of=c.status),
        "triage": Plain(of=c.triage),
        "isFound": Plain(of=c.status.in_(OPEN)),
        "isIgnored": Plain(of=c.triage.in_(IGNORED)),
        "isPatchAvailable": Plain(of=c.fix_version.is_not(None)),
        "firstFoundDate": Plain(of=c.first_found_at),
        "lastFoundDate": Plain(of=c.last_found_at),
        "lastFixedDate": Plain(of=c.fixed_at),
        "reopenedDate": Plain(of=c.reopened_at),
        "publishedDate": Plain(of=c.published_at),
        "detectionAge": Plain(of=c.first_found_at),
        "ttr": Plain(of=Days(c.fixed_at, c.first_found_at)),
        "vendorName": Plain(of=sa.literal(VENDOR)),
        "vendorProductName": Plain(of=sa.literal(PRODUCT)),
        "type": Plain(of=c.type),
        "connectionName": Plain(of=c.connection),
        "fixVersion": Plain(of=c.fix_version),
        "fixGroup": Plain(of=c.component + "@" + c.fix_version),
        "occurrenceCount": Plain(of=c.images),
        "riskScore": Plain(of=c.score),
        **_joined(c.vulnerability),
    }


def _joined(vulnerability: ColumnElement[Any]) -> dict[str, Expression]:
    """What is said of the vulnerability, wherever it is found: joined at read time."""
    known = select(sa.literal(1)).where(KEV.c.cve == vulnerability).correlate_except(None).exists()
    return {
        "jfrogSeverity": Plain(
            of=_of(VULNERABILITIES.c.jfrog_severity, VULNERABILITIES.c.key, vulnerability)
        ),
        "cvss2BaseScore": Plain(of=_of(VULNERABILITIES.c.cvss2_score, VULNERABILITIES.c.key, vulnerability)),
        "cvss4BaseScore": Plain(of=_of(VULNERABILITIES.c.cvss4_score, VULNERABILITIES.c.key, vulnerability)),
        "cweId": Elements(of=_of(VULNERABILITIES.c.cwe, VULNERABILITIES.c.key, vulnerability)),
        "epssScore": Plain(of=_of(EPSS.c.score, EPSS.c.cve, vulnerability)),
        "epssPercentile": Plain(of=_of(EPSS.c.percentile, EPSS.c.cve, vulnerability)),
        "isCisaKnownExploit": Plain(of=known),
    }


def _of(
    column: ColumnElement[Any], key: ColumnElement[Any], vulnerability: ColumnElement[Any]
) -> ColumnElement[Any]:
    return select(column).where(key == vulnerability).correlate_except(None).scalar_subquery()


def _is_cve(vulnerability: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(vulnerability >= "CVE-", vulnerability < "CVE-" + LAST)
