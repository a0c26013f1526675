"""The registry of tokens: what can be asked for. Help, completion, and documentation are made from it."""

import difflib
from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

import msgspec

from reedbed.model.inventory import (
    Applicability,
    AssetClass,
    Coverage,
    FindingType,
    Lifecycle,
    Status,
    Triage,
)


class View(StrEnum):
    """What a query gives."""

    ASSETS = "assets"
    FINDINGS = "findings"


class Kind(StrEnum):
    """What a token's values are; it decides which comparisons there are."""

    KEYWORD = "keyword"
    TEXT = "text"
    NUMBER = "number"
    SIZE = "size"
    DATE = "date"
    AGE = "age"  # days up to now
    BOOLEAN = "boolean"
    SEVERITY = "severity"
    VERSION = "version"

    @property
    def ordered(self) -> bool:
        return self in (Kind.NUMBER, Kind.SIZE, Kind.DATE, Kind.AGE, Kind.SEVERITY)


class Group(StrEnum):
    """Tokens that are about one thing, so that `group:(…)` can ask that one and the same thing meets all."""

    ASSET = "asset"
    TAG = "asset.tag"
    INVENTORY = "inventory"
    CONTAINER = "container"
    LAYERS = "container.layers"
    LABELS = "container.labels"
    REPOSITORY = "repository"
    SOFTWARE = "software"
    ATTRIBUTES = "customAttributes"
    FINDING = "finding"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A name that a query may compare."""

    group: Group
    name: str  # within its group
    kind: Kind
    about: str
    words: tuple[str, ...] = ()  # the only values there are
    case: Literal["upper", "lower"] | None = None  # its values all are, so that an index finds them
    many: bool = False  # a list: any element counts
    example: str = ""

    @property
    def full(self) -> str:
        return f"{self.group}.{self.name}"


GROUPS = {
    Group.ASSET: "An asset: an image or a repository.",
    Group.TAG: "A tag of an asset, by people or rules. An image's own tag is `container.tag`.",
    Group.INVENTORY: "Where an asset is known from.",
    Group.CONTAINER: "An image, in one of the places where it is now.",
    Group.LAYERS: "A layer of an image.",
    Group.LABELS: "A label of an image.",
    Group.REPOSITORY: "The repository that an image is in; of a repository itself.",
    Group.SOFTWARE: "A component in an image; of a finding the one that it is about.",
    Group.ATTRIBUTES: "A property that Artifactory holds of an asset.",
    Group.FINDING: "A finding; of an asset one that stands.",
}


def _words(kind: type[StrEnum]) -> tuple[str, ...]:
    return tuple(each.value for each in kind)


def _group(
    group: Group, *rows: tuple[str, Kind, str] | tuple[str, Kind, str, dict[str, object]]
) -> list[Token]:
    made = []
    for name, kind, about, *more in rows:
        options: dict[str, object] = more[0] if more else {}
        made.append(
            msgspec.convert({"group": group, "name": name, "kind": kind, "about": about, **options}, Token)
        )
    return made


K = Kind
TOKENS = (
    *_group(
        Group.ASSET,
        ("name", K.TEXT, "Its name: repository, path and tag of an image, or a repository's key."),
        ("assetTypeName", K.KEYWORD, "What it is.", {"words": _words(AssetClass)}),
        ("externalAssetId", K.KEYWORD, "Reedbed's own id of it, which never changes.", {"case": "lower"}),
        ("vendorAssetId", K.KEYWORD, "Its place at JFrog: host/repository/image@digest."),
        ("criticalityScore", K.NUMBER, "How much it matters, 1 to 5."),
        ("owner", K.KEYWORD, "Who it belongs to."),
        ("firstFoundDate", K.DATE, "When a run first saw it."),
        ("lastFoundDate", K.DATE, "When a run last saw it."),
        ("lifecycle", K.KEYWORD, "Whether it is there.", {"words": _words(Lifecycle)}),
        ("riskScore", K.NUMBER, "The highest score of its open findings, 0 to 100."),
    ),
    *_group(
        Group.TAG,
        ("name", K.KEYWORD, "The tag's name.", {"many": True}),
        ("value", K.KEYWORD, "The tag's value.", {"many": True}),
    ),
    *_group(
        Group.INVENTORY,
        ("source", K.KEYWORD, "The product that it is known from: JFrog."),
        ("connector.name", K.KEYWORD, "The connection's name."),
        ("connector.id", K.KEYWORD, "The connection's name, too: it is the id."),
        ("createdDate", K.DATE, "When the connection first saw it."),
        ("lastFoundDate", K.DATE, "When the connection last saw it."),
        ("nativeId", K.KEYWORD, "JFrog's own name: an image's manifest digest, a repository's key."),
    ),
    *_group(
        Group.CONTAINER,
        ("registry", K.KEYWORD, "The registry's host."),
        ("repository", K.KEYWORD, "The key of a repository that it is in.", {"many": True}),
        ("name", K.TEXT, "Its path in a repository.", {"many": True}),
        ("tag", K.KEYWORD, "A tag that leads to it. A tag of the asset is `asset.tag.name`.", {"many": True}),
        (
            "digest",
            K.KEYWORD,
            "The digest of its config, which Docker calls the image's id.",
            {"case": "lower"},
        ),
        ("manifestDigest", K.KEYWORD, "The digest of its manifest.", {"case": "lower"}),
        ("architecture", K.KEYWORD, "amd64, arm64, …"),
        ("os", K.KEYWORD, "linux, windows."),
        ("sizeInBytes", K.SIZE, "Its size as it is stored, compressed."),
        ("creationDate", K.DATE, "When it was built."),
        ("uploadedDate", K.DATE, "When it was pushed."),
        ("baseImage.name", K.KEYWORD, "The image that it is built on, where that is known."),
        ("scanStatus", K.KEYWORD, "How far Xray's look at it came.", {"words": _words(Coverage)}),
        ("lastScanned", K.DATE, "When Xray looked at it."),
    ),
    *_group(
        Group.LAYERS,
        ("digest", K.KEYWORD, "The layer's digest.", {"many": True, "case": "lower"}),
        ("sizeInBytes", K.SIZE, "The layer's size.", {"many": True}),
    ),
    *_group(
        Group.LABELS,
        ("key", K.KEYWORD, "The label's name.", {"many": True}),
        ("value", K.KEYWORD, "The label's value.", {"many": True}),
    ),
    *_group(
        Group.REPOSITORY,
        ("key", K.TEXT, "Its key.", {"many": True}),
        ("packageType", K.KEYWORD, "docker, oci, npm, …", {"many": True}),
        ("type", K.KEYWORD, "local, remote, virtual, federated.", {"many": True}),
        ("description", K.KEYWORD, "What is said of it in Artifactory.", {"many": True}),
        ("project", K.KEYWORD, "The project that it belongs to.", {"many": True}),
        ("xrayIndexed", K.BOOLEAN, "Whether Xray indexes it.", {"many": True}),
        ("usedSpace", K.SIZE, "How much it holds, as Artifactory last counted it.", {"many": True}),
        ("artifactCount", K.NUMBER, "How many files it has, counted so too.", {"many": True}),
    ),
    *_group(
        Group.SOFTWARE,
        ("purl", K.KEYWORD, "The package URL without a version.", {"many": True}),
        ("name", K.TEXT, "The component's name.", {"many": True}),
        ("version", K.VERSION, "A version of it that is there.", {"many": True}),
        ("type", K.KEYWORD, "The package type: deb, npm, pypi, …", {"many": True}),
        ("license", K.KEYWORD, "A licence of it.", {"many": True}),
        ("path", K.KEYWORD, "Where in the image it lies.", {"many": True}),
        ("layerDigest", K.KEYWORD, "The layer that brings it.", {"many": True}),
        ("fixedVersion", K.VERSION, "A version that mends it.", {"many": True}),
    ),
    *_group(
        Group.ATTRIBUTES,
        ("key", K.KEYWORD, "The property's name.", {"many": True}),
        ("value", K.KEYWORD, "The property's value.", {"many": True}),
        ("connectorId", K.KEYWORD, "The connection that it is from.", {"many": True}),
    ),
    *_group(
        Group.FINDING,
        ("cveId", K.KEYWORD, "The CVE; null where there is none.", {"case": "upper"}),
        (
            "vendorFindingId",
            K.KEYWORD,
            "Xray's id: XRAY-…; findings of one issue share it.",
            {"case": "upper"},
        ),
        ("externalFindingId", K.KEYWORD, "Reedbed's own id of it, which never changes.", {"case": "lower"}),
        ("title", K.TEXT, "Its title."),
        ("description", K.TEXT, "What the advisory says."),
        ("severity", K.SEVERITY, "How bad it is: a word, or 1 to 5."),
        ("sourceSeverity", K.KEYWORD, "Xray's word for that."),
        ("jfrogSeverity", K.SEVERITY, "What JFrog's own researchers say."),
        ("cvss2BaseScore", K.NUMBER, "CVSS 2, 0 to 10."),
        ("cvss3BaseScore", K.NUMBER, "CVSS 3, 0 to 10."),
        ("cvss4BaseScore", K.NUMBER, "CVSS 4, 0 to 10."),
        ("epssScore", K.NUMBER, "The chance that it is exploited within 30 days, 0 to 1."),
        ("epssPercentile", K.NUMBER, "The share of CVEs with no higher EPSS score, 0 to 1."),
        ("isCisaKnownExploit", K.BOOLEAN, "Whether a list of exploited vulnerabilities has it."),
        ("applicability", K.KEYWORD, "Whether vulnerable code is reached.", {"words": _words(Applicability)}),
        ("status", K.KEYWORD, "What the machine knows of it.", {"words": _words(Status)}),
        ("triage", K.KEYWORD, "What people or rules say of it.", {"words": _words(Triage)}),
        ("isFound", K.BOOLEAN, "Whether it is open: new, active or reopened."),
        ("isIgnored", K.BOOLEAN, "Whether triage says that it need not be mended."),
        ("isPatchAvailable", K.BOOLEAN, "Whether one version mends it everywhere."),
        ("firstFoundDate", K.DATE, "When a run first saw it."),
        ("lastFoundDate", K.DATE, "When a run last saw it."),
        ("lastFixedDate", K.DATE, "When it was found to be over."),
        ("reopenedDate", K.DATE, "When it last came back."),
        ("publishedDate", K.DATE, "When the advisory was published."),
        ("detectionAge", K.AGE, "Days since a run first saw it."),
        ("ttr", K.NUMBER, "Days from when it was first seen to when it was over."),
        ("vendorName", K.KEYWORD, "JFrog."),
        ("vendorProductName", K.KEYWORD, "JFrog Artifactory & Xray."),
        ("type", K.KEYWORD, "What kind of finding it is.", {"words": _words(FindingType)}),
        ("connectionName", K.KEYWORD, "The connection that it is from."),
        ("cweId", K.KEYWORD, "A weakness: CWE-79.", {"case": "upper", "many": True}),
        ("fixVersion", K.VERSION, "The lowest version that mends all of it."),
        ("fixGroup", K.KEYWORD, "The component and the version that mends it: pkg:deb/debian/zlib@1.3."),
        ("occurrenceCount", K.NUMBER, "How many current images have it."),
        ("riskScore", K.NUMBER, "Reedbed's own score, 0 to 100."),
    ),
)

BY_NAME = {token.full.lower(): token for token in TOKENS}
BY_GROUP = {group.value.lower(): group for group in Group}

PREFIXES = {
    "findings": "finding",
    "vulnerabilities": "finding",
    "vulnerability": "finding",
    "assets": "asset",
    "asset.tags": "asset.tag",
    "asset.inventory": "inventory",
    "containers": "container",
    "image": "container",
    "repositories": "repository",
    "component": "software",
}
"""Other spellings of groups."""

ALIASES = {
    "cve": "finding.cveid",
    "severity": "finding.severity",
    "status": "finding.status",
    "triage": "finding.triage",
    "applicability": "finding.applicability",
    "tag": "asset.tag.name",
    "purl": "software.purl",
    "asset.inventory.source": "inventory.source",
    "asset.inventory.createddate": "inventory.createddate",
    "connector.name": "inventory.connector.name",
    "connector.id": "inventory.connector.id",
    "finding.firstfoundon": "finding.firstfounddate",
    "finding.name": "finding.title",
    "finding.connectionid": "finding.connectionname",
    "finding.patchavailable": "finding.ispatchavailable",
}
"""Other names of tokens, in lower case."""

NOT_OFFERED = {
    "finding.qds": "that score is Qualys's own; finding.riskScore is ours",
    "finding.qvss": "that score is Qualys's own; finding.riskScore is ours",
    "finding.qid": "that number is Qualys's own",
    "finding.subtype": "JFrog has no such word",
    "finding.sladuedate": "no rule for due dates is kept; use finding.detectionAge",
    "finding.slastate": "no rule for due dates is kept; use finding.detectionAge",
    "finding.ownedby": "owners are those of assets; use asset.owner",
    "container.isrunning": "nothing tells which images run",
    "repository.url": "it is the platform's address and the key; use repository.key",
    "repository.environment": "it is not read; use repository.project",
}
"""Tokens that people know from elsewhere, and why they are not here."""


def canonical(name: str) -> str:
    """Give a name in lower case, with other spellings resolved."""
    lowered = name.lower()
    lowered = ALIASES.get(lowered, lowered)
    for other, ours in PREFIXES.items():
        if lowered == other or lowered.startswith(f"{other}."):
            lowered = ours + lowered[len(other) :]
            break
    return ALIASES.get(lowered, lowered)


def names_within(group: Group | None) -> list[str]:
    """List the names that may be written inside of a group, or outside of any."""
    if group is None:
        return [*(token.full for token in TOKENS), *(each.value for each in Group)]
    prefix = f"{group}."
    below = [each.value.removeprefix(prefix) for each in Group if each.value.startswith(prefix)]
    return [*(t.full.removeprefix(prefix) for t in TOKENS if t.full.startswith(prefix)), *below]


def nearest(name: str, among: Sequence[str], *, count: int = 3) -> list[str]:
    """Give the names that are most like one, the likeliest first; a last part that fits counts most."""
    last = name.lower().rpartition(".")[2]

    def likeness(other: str) -> float:
        lowered = other.lower()
        whole = difflib.SequenceMatcher(None, name.lower(), lowered).ratio()
        return max(whole, difflib.SequenceMatcher(None, last, lowered.rpartition(".")[2]).ratio() * 0.95)

    return sorted(among, key=lambda other: (-likeness(other), other))[:count]
