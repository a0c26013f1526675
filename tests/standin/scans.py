"""What Xray found, made up in a line: for the tests of its summaries, lists and reports."""

from jfrog_standin.artifactory import images
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.server import Running
from jfrog_standin.xray.scan import Hit, Scan, ScanCve, ScanIssue, ScannedComponent

OPENSSL = ScannedComponent(
    kind="alpine", name="libssl", version="1.1.1k-r0", distribution="3.12", layer="ab" * 32
)
SHELL = ScannedComponent(kind="alpine", name="busybox", version="1.31", distribution="3.12", layer="cd" * 32)
MOMENT = ScannedComponent(kind="npm", name="moment", version="2.29.3", layer="ef" * 32, path="app/moment")


def issue(
    number: int = 1, *components: ScannedComponent, cves: tuple[ScanCve, ...] | None = None
) -> ScanIssue:
    """A High issue, of `moment` unless said otherwise."""
    return ScanIssue(
        id=f"XRAY-{number}",
        severity="High",
        summary=f"Flaw {number}",
        cves=(ScanCve(cve=f"CVE-2026-{number:04}", cvss_v3="7.5/CVSS:3.1/AV:N"),) if cves is None else cves,
        hits=tuple(
            Hit(component=component, fixed_versions=("2.29.4",), applicability="not_applicable")
            for component in components or (MOMENT,)
        ),
    )


def put_image(standin: Running, tag: str, scan: Scan | None = None, *, repo: str = "docker-local") -> str:
    """Put `team/app` with a tag into an indexed repository, and give the SHA-256 of its manifest."""
    storage = standin.platform.artifactory
    if repo not in storage.repositories:
        storage.add(Repository(key=repo, package_type="docker", xray_index=True))
    made = images.image([images.layer({"tag": tag.encode()})])
    images.put(storage, repo, "team/app", tag, made)
    sha256 = made.digest.removeprefix("sha256:")
    if scan is not None:
        standin.platform.xray.put_scan(sha256, scan)
    return sha256
