"""Finds the artifacts that Xray knows: by path, by checksum, or all of a repository.

An artifact is known when its repository is indexed. What was found in it is what somebody has put for its
checksum (`Xray.put_scan`), else what a seed says, and the custom issues about the release that it is.
"""

from collections.abc import Iterator, Sequence
from typing import get_args

import msgspec

from jfrog_standin.artifactory.aql_fields import ITEM_FIELDS
from jfrog_standin.artifactory.coordinates import coordinates_of
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item
from jfrog_standin.platform import Platform
from jfrog_standin.xray.artifacts import BESIDE
from jfrog_standin.xray.bundle import Bundle
from jfrog_standin.xray.custom_issue import Component, CustomIssue, Cve
from jfrog_standin.xray.enforcement import Release
from jfrog_standin.xray.scan import SCHEMES, Hit, Scan, ScanCve, ScanIssue, ScannedComponent, Severity
from jfrog_standin.xray.scanned import IMAGES, ScannedArtifact
from jfrog_standin.xray.xray import Xray

MANIFEST = "manifest.json"


def artifact_at(platform: Platform, repo: str, path: str) -> ScannedArtifact | None:
    """Find what is known of an artifact; None: it isn't there, or its repository is not indexed."""
    repository = indexed_repository(platform, repo)
    item = platform.artifactory.get(repo, path) if repository is not None else None
    return artifact_of(platform, repository, item) if repository is not None and item is not None else None


def artifact_with(platform: Platform, digest: str) -> ScannedArtifact | None:
    """Find the first artifact of an indexed repository, by repository and path, with a SHA-256 or SHA-1."""
    for item in platform.orders.with_digest(digest):
        repository = indexed_repository(platform, item.repo)
        found = artifact_of(platform, repository, item) if repository is not None else None
        if found is not None:
            return found
    return None


def artifacts_in(platform: Platform, repo: str) -> Iterator[ScannedArtifact]:
    """Give the artifacts of an indexed repository, by path."""
    repository = indexed_repository(platform, repo)
    for item in files_in(platform, repo, "path") if repository is not None else ():
        artifact = artifact_of(platform, repository, item) if repository is not None else None
        if artifact is not None:
            yield artifact


def files_in(platform: Platform, repo: str, order: str) -> Sequence[Item]:
    """All that lies in an indexed repository, sorted by a field of AQL; the same until something changes."""
    repository = indexed_repository(platform, repo)
    if repository is None:
        return ()
    fields = [(name, ITEM_FIELDS[name]) for name in dict.fromkeys((order, "path", "name"))]
    return platform.orders.all(repository.storage_key, fields)


def indexed_repository(platform: Platform, repo: str) -> Repository | None:
    """The repository that files are kept under a key for; None: there is none, or Xray does not index it."""
    repository = platform.artifactory.owner(repo)
    return repository if repository is not None and repository.xray_index else None


def artifact_of(platform: Platform, repository: Repository, item: Item) -> ScannedArtifact | None:
    """Tell what is known of a file; None: it is no artifact."""
    named = named_as(repository, item)
    if item.checksums is None or named is None:
        return None
    name, version = named
    release = Release(
        repository=repository,
        package_type=repository.package_type,
        name=name,
        version=version,
        path=item.path,
    )
    found = platform.xray.findings_of(item.checksums.sha256)
    return ScannedArtifact(
        repo=item.repo,
        path=item.path,
        kind=repository.package_type,
        name=name,
        version=version,
        sha256=item.checksums.sha256,
        sha1=item.checksums.sha1,
        size=found.size or item.size,
        created=item.created,
        deployed_by=item.created_by,
        status=found.status,
        at=found.at or item.updated,
        bundles=(*found.bundles, *_custom(platform.xray, release)),
        further_ids=found.further_ids,
    )


def named_as(repository: Repository, item: Item) -> tuple[str, str] | None:
    """Tell the name and version of an artifact by its path; None: it is none.

    An image's version is its tag, the folder that its manifest is in.
    """
    if repository.package_type in IMAGES:
        name, _, version = item.folder.rpartition("/")
        return (name, version) if item.name == MANIFEST and name else None
    found = coordinates_of(repository.package_type, item.path)
    return None if found is None or item.path.endswith(BESIDE) else (found.name, found.version)


def _custom(xray: Xray, release: Release) -> tuple[Bundle, ...]:
    """Show the custom issues about a release as Xray's summary does: as issues at the release itself."""
    component = ScannedComponent(kind=release.package_type, name=release.name, version=release.version)
    issues = tuple(_as_found(stored.issue, component, stored.created) for stored in xray.affecting(release))
    return (Bundle(Scan(issues=issues)),) if issues else ()


def _as_found(issue: CustomIssue, component: ScannedComponent, created: str) -> ScanIssue:
    fixes = (version for entry in issue.components or () for version in entry.fixed() or ())
    return ScanIssue(
        id=issue.id,
        severity=_severity(issue.severity),
        summary=issue.summary or issue.id,
        description=issue.description,
        cves=tuple(
            ScanCve(cve=entry.cve, cvss_v2=entry.cvss_v2, cvss_v3=entry.cvss_v3) for entry in issue.cves or ()
        ),
        created=created,
        provider=issue.provider,
        hits=(Hit(component=component, fixed_versions=tuple(fixes)),),
    )


def as_custom(issue: ScanIssue) -> CustomIssue:
    """Show an issue of a scan as policies read one."""
    return CustomIssue(
        id=issue.id or "",
        type="Security",
        provider=issue.provider,
        package_type=issue.hits[0].component.kind if issue.hits else "generic",
        severity=issue.severity,
        components=tuple(
            Component(id=hit.component.name, fixed_versions=hit.fixed_versions) for hit in issue.hits
        ),
        summary=issue.summary,
        description=issue.description or issue.summary,
        cves=tuple(Cve(cve=one.cve, cvss_v2=one.cvss_v2, cvss_v3=one.cvss_v3) for one in issue.cves),
    )


def _severity(word: str) -> Severity:
    known: tuple[Severity, ...] = get_args(Severity)
    return next((severity for severity in known if severity.lower() == word.lower()), "Unknown")


def children_of(platform: Platform, repo: str, path: str) -> Iterator[ScannedArtifact]:
    """Find the images of single platforms that an index at a path names."""
    item = platform.artifactory.get(repo, path)
    if item is None:
        return
    image = item.folder.rpartition("/")[0]
    try:
        named = msgspec.json.decode(platform.artifactory.body(item), type=_Index).manifests
    except msgspec.MsgspecError:
        return
    for entry in named:
        found = artifact_at(platform, repo, f"{image}/{entry.digest}/{MANIFEST}")
        if found is not None:
            yield found


class _Entry(msgspec.Struct, frozen=True):
    digest: str


class _Index(msgspec.Struct, frozen=True):
    manifests: tuple[_Entry, ...] = ()


def components_like(platform: Platform, component_id: str) -> Bundle | None:
    """Gather what is known of one component: the custom issues about it. None: its id has no version."""
    kind, separator, rest = component_id.partition("://")
    name, _, version = rest.rpartition(":")
    if not separator or not name:
        return None
    kind = next((word for word, scheme in SCHEMES.items() if scheme == kind), kind)
    component = ScannedComponent(kind=kind, name=name, version=version)
    release = Release(repository=Repository(key=""), package_type=kind, name=name, version=version, path="")
    custom = _custom(platform.xray, release)
    return Bundle(Scan(components=(component,), issues=custom[0].scan.issues if custom else ()))
