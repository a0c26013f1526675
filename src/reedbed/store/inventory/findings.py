"""Findings of the inventory, where each occurs, and what happened to it."""

from typing import Any

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from reedbed.model.inventory import Applicability, FindingType, Status, Triage
from reedbed.store.columns import KEY, METADATA, Json, Utc, Word

VULNERABILITIES = Table(
    "vulnerabilities",
    METADATA,
    Column("key", KEY, primary_key=True),  # the CVE in upper case, else Xray's id
    Column("issue", KEY),  # Xray's id
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("severity", Integer, nullable=False),  # `Severity`
    Column("jfrog_severity", Integer),
    Column("cwe", Json(tuple[str, ...]), nullable=False),
    Column("cvss3_score", Float),
    Column("cvss3_vector", Text),
    Column("cvss2_score", Float),
    Column("cvss4_score", Float),
    Column("provider", Text),
    Column("text", KEY, nullable=False),  # the digest of its landed text
)

FINDINGS = Table(
    "inventory_findings",
    METADATA,
    Column("id", KEY, primary_key=True),  # `model.identity.finding_id`
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), nullable=False),
    Column("repository", KEY, nullable=False),  # with `path` the scope
    Column("path", KEY, nullable=False),
    Column("type", Word(FindingType), nullable=False),
    Column("vulnerability", KEY, nullable=False),
    Column("component", KEY, nullable=False),  # the purl without a version
    Column("package_type", String, nullable=False),
    Column("issue", KEY, nullable=False),  # Xray's id: findings of one issue belong together
    Column("status", Word(Status), nullable=False),
    Column("triage", Word(Triage), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("source_severity", String, nullable=False),
    Column("applicability", Word(Applicability)),  # the worst of its occurrences
    Column("fix_version", String),  # the lowest that mends every occurrence
    Column("title", Text, nullable=False),
    Column("cvss3_score", Float),
    Column("published_at", Utc),
    Column("first_found_at", Utc, nullable=False),
    Column("last_found_at", Utc, nullable=False),
    Column("last_confirmed_at", Utc),
    Column("fixed_at", Utc),
    Column("fixed_because", Text),
    Column("reopened_at", Utc),
    Column("reopened", Integer, nullable=False),  # how often
    Column("images", Integer, nullable=False),  # current ones that have it
    Column("in_scope", Boolean, nullable=False),
    Column("score", Float),  # 0 to 100, ours
    Column("text", KEY, nullable=False),  # the digest of its advisory's landed text
    Column("mapped", Json(dict[str, Any], canonical=True), nullable=False),  # target path → value
    Column("last_run", String, nullable=False),
    Index(None, "connection", "repository", "path"),
    Index(None, "component", "severity", "status", "in_scope"),  # counts by component are read from it alone
    Index(None, "issue"),
    Index(None, "title"),
    Index(None, "repository"),
    Index(None, "path"),
    # The orders of pages, and of exports. What most conditions are about is in them too, so that SQLite reads
    # few rows that it does not show.
    Index("ix_inventory_findings_pages", "severity", "id", "repository", "status", "in_scope"),
    Index(
        "ix_inventory_findings_exports", "vulnerability", "id", "repository", "severity", "status", "in_scope"
    ),
)

OCCURRENCES = Table(
    "occurrences",
    METADATA,
    Column("finding", KEY, ForeignKey("inventory_findings.id", ondelete="CASCADE"), primary_key=True),
    Column("asset", KEY, primary_key=True),
    Column("version", KEY, primary_key=True),  # "" where it is not known
    Column("fixed_versions", Json(tuple[str, ...]), nullable=False),
    Column("applicability", Word(Applicability)),
    Column("paths", Json(tuple[str, ...]), nullable=False),
    Column("layer", String),
    Column("first_seen_at", Utc, nullable=False),
    Column("gone_at", Utc),  # None: it stands, and was last seen when its image was last checked
    Index(None, "asset"),
)

MAPPED_TEXTS = Table(
    "mapped_texts",
    METADATA,
    Column("text", KEY, primary_key=True),  # a digest of `landed_texts`
    Column("map", KEY, primary_key=True),  # "name@version"
    Column("mapped", Json(dict[str, Any]), nullable=False),  # target path → value
)

CLOSINGS = Table(
    "closings",
    METADATA,
    Column("connection", KEY, ForeignKey("connections.name", ondelete="CASCADE"), primary_key=True),
    Column("finding", KEY, primary_key=True),
    Column("run", String, nullable=False),
    Column("status", Word(Status), nullable=False),  # fixed, retired
    Column("because", Text, nullable=False),
    Column("planned_at", Utc, nullable=False),
)

FINDING_EVENTS = Table(
    "finding_events",
    METADATA,
    Column("finding", KEY, ForeignKey("inventory_findings.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Utc, primary_key=True),
    Column("kind", KEY, primary_key=True),
    Column("run", String),  # None: a person's doing
    # detected, fixed, reopened, severity-changed, triaged, …
    Column("detail", Json(dict[str, Any]), nullable=False),
    Index(None, "at"),
)

TRIAGE = Table(
    "triage",
    METADATA,
    Column("finding", KEY, ForeignKey("inventory_findings.id", ondelete="CASCADE"), primary_key=True),
    Column("state", Word(Triage), nullable=False),
    Column("justification", Text),  # a VEX word
    Column("note", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("origin", String, nullable=False),  # user, ignore-rule, vex
    Column("at", Utc, nullable=False),
    Column("until", Utc),
    Column("rule", Text),  # Xray's id of the ignore rule
)

VIOLATIONS = Table(
    "violations",
    METADATA,
    Column("finding", KEY, ForeignKey("inventory_findings.id", ondelete="CASCADE"), primary_key=True),
    Column("watch", KEY, nullable=False),
    Column("policies", Json(tuple[str, ...]), nullable=False),
    Column("kind", String, nullable=False),  # Security, License, Operational_Risk
    Column("created_at", Utc),  # when Xray first saw it
    Index(None, "watch"),
)

EPSS = Table(
    "epss",
    METADATA,
    Column("cve", KEY, primary_key=True),
    Column("score", Float, nullable=False),
    Column("percentile", Float, nullable=False),
    Column("as_of", String, nullable=False),
)

KEV = Table(
    "kev",
    METADATA,
    Column("cve", KEY, primary_key=True),
    Column("source", KEY, primary_key=True),
    Column("added", String, nullable=False),
    Column("due", String),
)
