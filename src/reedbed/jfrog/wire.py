"""The shapes of JFrog's bodies, in its words; only the fields that we use.

Each of them may be missing, but for those whose absence would read as “nobody uses it”: an answer without
them is not as documented, and blocks nothing.

None of these leaves this folder, but for what a dry run shows. Sources: docs.jfrog.com/security/reference,
pages create-issue-event and get-issue-events-v2; JFrog's merged OpenAPI; the Terraform providers of JFrog.
"""

from typing import Any

import msgspec

# Custom issues: what Xray says of one


class EchoRange(msgspec.Struct):
    vulnerable_versions: list[str] | None = None


class EchoComponent(msgspec.Struct):
    id: str = ""
    vulnerable_versions: list[str] | None = None
    vulnerable_ranges: list[EchoRange] | None = None  # mirrors the field above, either way

    def versions(self) -> set[str]:
        """All the affected intervals, from both places, without white space."""
        nested = (entry for part in self.vulnerable_ranges or () for entry in part.vulnerable_versions or ())
        return {"".join(entry.split()) for entry in (*(self.vulnerable_versions or ()), *nested)}


class IssueEcho(msgspec.Struct):
    """The answer of `GET /xray/api/v2/events/{id}`."""

    id: str = ""
    package_type: str = ""
    provider: str = ""
    severity: str = ""
    summary: str = ""
    description: str = ""
    components: list[EchoComponent] | None = None
    malicious_package: bool | None = None
    issue_kind: int | None = None


# Policies and watches


class Criteria(msgspec.Struct, omit_defaults=True, frozen=True):
    """When a rule applies: one of these alone (the others that exist are not ours to judge)."""

    malicious_package: bool | None = None
    min_severity: str | None = None
    fix_version_dependant: bool | None = None
    applicable_cves_only: bool | None = None


class BlockDownload(msgspec.Struct, frozen=True):
    active: bool = False
    unscanned: bool = False
    grace_period_days: int = 0


class Actions(msgspec.Struct, frozen=True):
    block_download: BlockDownload | None = BlockDownload()


class Rule(msgspec.Struct, frozen=True):
    name: str = ""
    priority: int = 1
    criteria: Criteria | None = Criteria()
    actions: Actions | None = Actions()


class Policy(msgspec.Struct, frozen=True):
    name: str = ""
    type: str = ""
    description: str = ""
    rules: tuple[Rule, ...] | None = ()


class General(msgspec.Struct, frozen=True):
    name: str = ""
    description: str = ""
    active: bool = True


class Resource(msgspec.Struct, frozen=True):
    type: str = ""
    bin_mgr_id: str = "default"
    name: str = ""
    repo_type: str = ""
    filters: tuple[dict[str, Any], ...] | None = ()  # sent as [], never null


class Resources(msgspec.Struct, frozen=True):
    resources: tuple[Resource, ...] | None = ()


class Assigned(msgspec.Struct, frozen=True):
    name: str = ""
    type: str = ""


class Watch(msgspec.Struct, frozen=True):
    general_data: General = General()
    project_resources: Resources | None = Resources()
    assigned_policies: tuple[Assigned, ...] | None = ()
    watch_recipients: tuple[str, ...] | None = ()

    @property
    def name(self) -> str:
        return self.general_data.name


# Indexing: `/xray/api/v1/binMgr/default/repos`


class IndexedRepo(msgspec.Struct, frozen=True, order=True):
    name: str = ""
    type: str = ""
    pkg_type: str = ""

    @property
    def names(self) -> set[str]:
        """What the repository may be known as: whether a remote is listed by its cache is not documented."""
        return {self.name, self.name.removesuffix("-cache")} if self.type.lower() == "remote" else {self.name}


class Indexing(msgspec.Struct, frozen=True):
    bin_mgr_id: str = "default"
    indexed_repos: tuple[IndexedRepo, ...] | None = ()
    non_indexed_repos: tuple[IndexedRepo, ...] | None = ()


# Artifactory


class Repo(msgspec.Struct, frozen=True):
    """An entry of `GET /artifactory/api/repositories`."""

    key: str
    type: str  # LOCAL, REMOTE, VIRTUAL, FEDERATED
    packageType: str  # noqa: N815 - their word; "Npm" here, "npm" elsewhere
    url: str = ""  # of a remote one its upstream's
    description: str | None = None


class Stat(msgspec.Struct, frozen=True):
    downloads: int
    downloaded: str | None = None  # the last time


class Property(msgspec.Struct, frozen=True):
    key: str
    value: str | None = None


class Item(msgspec.Struct, frozen=True):
    """A row of an AQL answer; what follows the name is there where it was asked for."""

    repo: str
    path: str  # the folder; "." is the root
    name: str
    stats: tuple[Stat, ...] = ()
    properties: tuple[Property, ...] = ()  # one entry for each value
    size: int | None = None
    sha256: str = ""
    created: str | None = None  # ISO 8601, as are the next two
    modified: str | None = None
    updated: str | None = None
    created_by: str | None = None
    modified_by: str | None = None

    @property
    def full_path(self) -> str:
        return self.name if self.path == "." else f"{self.path}/{self.name}"


class Range(msgspec.Struct, frozen=True):
    limit: int | None = None
    notification: str | None = None  # says that the answer was trimmed


class Items(msgspec.Struct, frozen=True):
    results: tuple[Item, ...]
    range: Range = Range()

    @property
    def trimmed(self) -> bool:
        """Whether the server gave fewer rows than there are; a `limit` that nobody asked for is its cap."""
        cap = self.range.limit
        return bool(self.range.notification) or (cap is not None and len(self.results) >= cap)


class Checksums(msgspec.Struct, frozen=True):
    sha256: str = ""


class FileInfo(msgspec.Struct, frozen=True):
    """The answer of `GET /artifactory/api/storage/{repo}/{path}`; a folder has no checksums."""

    checksums: Checksums = Checksums()


class FileProperties(msgspec.Struct, frozen=True):
    """The same with `?properties`."""

    properties: dict[str, list[str]]


# Xray's search for artifacts: `/xray/api/v2/search/impactedResources`


class ImpactedPackage(msgspec.Struct, frozen=True):
    version: str = ""


class ImpactedResource(msgspec.Struct, frozen=True):
    type: str = ""
    name: str = ""
    path: str = ""
    repo: str = ""
    impacted_pkg_version: ImpactedPackage = ImpactedPackage()


class ImpactedPage(msgspec.Struct, frozen=True):
    result: tuple[ImpactedResource, ...]
    last_key: str = ""


class Version(msgspec.Struct, frozen=True):
    """The answers of both `system/version`."""

    version: str = ""
    xray_version: str = ""


# Access


class TokenDetails(msgspec.Struct, frozen=True):
    """The answer of `GET /access/api/v1/tokens/me`."""

    token_id: str = ""
    subject: str = ""
    expiry: int | None = None  # Unix seconds
    scope: str = ""
