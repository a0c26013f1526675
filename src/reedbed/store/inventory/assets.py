"""Assets: repositories and images, where they are placed, and what they are made of."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    exists,
    select,
    update,
)

from reedbed.model.inventory import AssetClass, Coverage, Lifecycle
from reedbed.store.columns import KEY, METADATA, Amount, Json, Utc, Word
from reedbed.store.dialects import merge
from reedbed.store.inventory import wording
from reedbed.store.rows import slices

ASSETS = Table(
    "assets",
    METADATA,
    Column("id", KEY, primary_key=True),  # `model.identity.asset_id`, and the external id
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), nullable=False),
    Column("asset_class", Word(AssetClass), nullable=False),
    Column("native", KEY, nullable=False),  # a manifest's digest, a repository's key
    Column("vendor_id", Text, nullable=False),
    Column("name", KEY, nullable=False),
    Column("lifecycle", Word(Lifecycle), nullable=False),
    Column("registry", Text),
    Column("repository", KEY),  # its key; of a repository its own
    Column("path", KEY),  # an image's, without the repository
    Column("tag", KEY),  # the newest
    Column("manifest_digest", KEY),
    Column("config_digest", KEY),
    Column("media_type", String),
    Column("architecture", String),
    Column("os", String),
    Column("size_bytes", Amount),
    Column("built_at", Utc),
    Column("uploaded_at", Utc),
    Column("package_type", String),  # a repository's, lower case
    Column("repository_type", String),  # local, remote, virtual, federated
    Column("project", String),
    Column("xray_indexed", Boolean),
    Column("description", Text),
    Column("artifact_count", Amount),  # of a repository
    Column("is_index", Boolean, nullable=False),  # a multi-arch index: its children have the findings
    Column("base_image", Text),  # the name of the known image with the most of its first layers
    Column("criticality", Integer),  # 1 to 5
    Column("owner", Text),
    Column("coverage", Word(Coverage)),
    Column("coverage_reason", Text),
    Column("scanned_at", Utc),  # by Xray
    Column("checked_at", Utc),  # when we last had an answer
    Column("due_run", String),  # the newest run that wanted to read it
    Column("scan_counts", Text),  # as Xray's list of scans has them: when they change, so did the findings
    Column("critical", Integer, nullable=False),  # open findings, by severity
    Column("high", Integer, nullable=False),
    Column("medium", Integer, nullable=False),
    Column("low", Integer, nullable=False),
    Column("other", Integer, nullable=False),
    Column("score", Float),  # 0 to 100, ours
    Column("chain", KEY),  # a digest of its layers, in their order: what its base is found by
    Column("base_layers", Integer),  # how many of its layers, from the first, are its base's
    Column("first_seen_at", Utc, nullable=False),
    Column("last_seen_at", Utc, nullable=False),
    Column("last_run", String, nullable=False),
    Column("missed", Integer, nullable=False),  # complete lists in a row that did not have it
    Column("mapped", Json(dict[str, Any], canonical=True), nullable=False),  # target path → value
    Index(None, "connection", "asset_class", "repository", "path"),
    Index(None, "asset_class", "name"),
    Index(None, "chain"),
)

IMAGE_REFS = Table(
    "image_refs",
    METADATA,
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), primary_key=True),
    Column("repository", KEY, primary_key=True),
    Column("path", KEY, primary_key=True),
    Column("tag", KEY, primary_key=True),  # "" where it is there by its digest alone
    Column("asset", KEY, primary_key=True),
    Column("current", Boolean, nullable=False),  # a tag leads there, itself or by an index
    Column("in_scope", Boolean, nullable=False),  # the connection's filters let it in
    Column("uploaded_at", Utc),
    Column("uploaded_by", Text),
    Column("listed", Json(dict[str, Any]), nullable=False),  # what the listing tells of the manifest's file
    Column("first_seen_at", Utc, nullable=False),
    Column("last_seen_at", Utc, nullable=False),
    Column("gone_at", Utc),  # when a tag had moved, or a complete list did not have it any more
    Column("last_run", String, nullable=False),
    Index(None, "asset"),
)

INDEX_CHILDREN = Table(
    "index_children",
    METADATA,
    Column("parent", KEY, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("child", KEY, primary_key=True),
    Column("platform", String, nullable=False),  # linux/amd64
    Index(None, "child"),
)

IMAGE_LAYERS = Table(
    "image_layers",
    METADATA,
    Column("asset", KEY, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("digest", KEY, nullable=False),
    Column("size_bytes", Amount),
    Column("diff_id", String),
    Column("created_by", Text),  # of the image's history, redacted
    Index(None, "digest"),
)

SOFTWARE = Table(
    "software",
    METADATA,
    Column("asset", KEY, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("purl", KEY, primary_key=True),  # without a version
    Column("version", KEY, primary_key=True),
    Column("type", String, nullable=False),
    Column("name", KEY, nullable=False),
    Column("licences", Json(tuple[str, ...]), nullable=False),
    Column("path", Text),
    Column("layer", String),
    Index(None, "purl", "version"),
    Index(None, "name"),
)

ASSET_TAGS = Table(
    "asset_tags",
    METADATA,
    Column("asset", KEY, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("key", KEY, primary_key=True),
    Column("value", KEY, primary_key=True),
    Column("origin", KEY, primary_key=True),  # property, label, repository, user, rule
    # Where in Artifactory it stands, `repository/path:tag`; "": it is said of the asset wherever that is.
    Column("place", KEY, primary_key=True, default=""),
    Index(None, "key", "value"),
)


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """What a run says of an asset; what is None is not known."""

    id: str
    asset_class: AssetClass
    native: str
    vendor_id: str
    name: str
    lifecycle: Lifecycle = Lifecycle.PRESENT
    registry: str | None = None
    repository: str | None = None
    path: str | None = None
    tag: str | None = None
    manifest_digest: str | None = None
    config_digest: str | None = None
    media_type: str | None = None
    architecture: str | None = None
    os: str | None = None
    size_bytes: int | None = None
    built_at: datetime | None = None
    uploaded_at: datetime | None = None
    package_type: str | None = None
    repository_type: str | None = None
    project: str | None = None
    xray_indexed: bool | None = None
    description: str | None = None
    artifact_count: int | None = None
    is_index: bool = False
    mapped: dict[str, Any] = {}


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a look for findings on an asset came to."""

    asset: str
    coverage: Coverage
    reason: str | None
    scanned_at: datetime | None


def save_listed(
    connection: Connection, name: str, assets: Iterable[Asset], *, run: str, now: datetime
) -> None:
    """Write assets of which no more than a listing is known; what is known of them already stays."""
    details = [field for field in Asset.__struct_fields__ if field not in ("id", "lifecycle")]
    save(connection, name, assets, run=run, now=now, keep=details)


def save(
    connection: Connection,
    name: str,
    assets: Iterable[Asset],
    *,
    run: str,
    now: datetime,
    keep: Sequence[str] = (),
) -> None:
    """Write assets as a run saw them; what people said of them, and what looks found, stays."""
    kept = {
        "base_image": None,
        "base_layers": None,
        "chain": None,
        "score": None,
        "criticality": None,
        "owner": None,
        "coverage": None,
        "coverage_reason": None,
        "scanned_at": None,
        "checked_at": None,
        "due_run": None,
        "scan_counts": None,
        **dict.fromkeys(COUNTED, 0),
        "first_seen_at": now,
    }
    rows = [
        {
            **msgspec.structs.asdict(asset),
            "connection": name,
            "last_seen_at": now,
            "last_run": run,
            "missed": 0,
            **kept,
        }
        for asset in {asset.id: asset for asset in assets}.values()
    ]
    merge(connection, ASSETS, rows, once=[*kept, *keep])
    names = [name for row in rows for name in (row["name"], row["repository"], row["path"])]
    wording.learn_names(connection, names)


COUNTED = ("critical", "high", "medium", "low", "other")


def note_looks(connection: Connection, looks: Sequence[Look], *, now: datetime) -> None:
    """Note what looks came to; one that was not answered leaves the time of the last answer."""
    for answered in (True, False):
        rows = [
            {"of": look.asset, "how": look.coverage, "why": look.reason, "scan": look.scanned_at}
            for look in looks
            if (look.coverage is not Coverage.UNAVAILABLE) == answered
        ]
        values: dict[str, Any] = {"coverage": bindparam("how"), "coverage_reason": bindparam("why")}
        if answered:
            values |= {"scanned_at": bindparam("scan"), "checked_at": bindparam("at")}
            rows = [{**row, "at": now} for row in rows]
        if rows:
            connection.execute(update(ASSETS).where(ASSETS.c.id == bindparam("of")).values(values), rows)


def known(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Say which assets there are."""
    found: set[str] = set()
    for some in slices(sorted(set(ids))):
        found |= set(connection.execute(select(ASSETS.c.id).where(ASSETS.c.id.in_(some))).scalars())
    return found


def retire_unplaced(connection: Connection, name: str) -> int:
    """Retire the images that are nowhere any more, after complete lists; give how many."""
    placed = exists().where(IMAGE_REFS.c.asset == ASSETS.c.id, IMAGE_REFS.c.gone_at.is_(None))
    statement = (
        update(ASSETS)
        .where(
            ASSETS.c.connection == name,
            ASSETS.c.asset_class == AssetClass.IMAGE,
            ASSETS.c.lifecycle != Lifecycle.RETIRED,
            ~placed,
        )
        .values(lifecycle=Lifecycle.RETIRED)
    )
    return connection.execute(statement).rowcount
