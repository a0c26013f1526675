"""The inventory: connections, what they land, assets and findings."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("platforms", sa.Column("shielded", sa.Boolean, nullable=False, server_default=sa.true()))
    _connections()
    _streams()
    _landed()
    _assets()
    _findings()
    _enrichment()
    _maps()
    _words()


def _connections() -> None:
    op.create_table(
        "connections",
        sa.Column("name", KEY, nullable=False),
        sa.Column("platform", KEY, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sealed_token", sa.Text),
        sa.Column("token_expires_at", UTC),
        sa.Column("proved_at", UTC),
        sa.Column("runs_from", UTC),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("changed_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_connections"),
        sa.ForeignKeyConstraint(["platform"], ["platforms.name"], name="fk_connections_platform_platforms"),
    )
    op.create_table(
        "connection_checks",
        sa.Column("connection", KEY, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("fix", sa.Text, nullable=False),
        sa.Column("duration_s", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("connection", "at", "name", name="pk_connection_checks"),
        sa.ForeignKeyConstraint(
            ["connection"],
            ["connections.name"],
            name="fk_connection_checks_connection_connections",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_connection_checks_connection_at", "connection_checks", ["connection", "at"])


def _streams() -> None:
    op.create_table(
        "run_streams",
        sa.Column("run", KEY, nullable=False),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("watermark", sa.Text),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("gaps", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("changed_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("run", "stream", name="pk_run_streams"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_run_streams_run_runs", ondelete="CASCADE"),
    )
    op.create_table(
        "run_units",
        sa.Column("run", KEY, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("owner", sa.String),
        sa.Column("until", UTC),
        sa.Column("done_at", UTC),
        sa.Column("counts", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run", "number", name="pk_run_units"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_run_units_run_runs", ondelete="CASCADE"),
    )
    op.create_table(
        "stream_marks",
        sa.Column("connection", KEY, nullable=False),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("watermark", sa.Text),
        sa.Column("complete_run", sa.String),
        sa.Column("complete_at", UTC),
        sa.Column("scope_digest", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("connection", "stream", name="pk_stream_marks"),
        sa.ForeignKeyConstraint(
            ["connection"],
            ["connections.name"],
            name="fk_stream_marks_connection_connections",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "run_events",
        sa.Column("run", KEY, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("stream", sa.String),
        sa.Column("item", sa.Text),
        sa.Column("message", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run", "number", name="pk_run_events"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_run_events_run_runs", ondelete="CASCADE"),
    )


def _landed() -> None:
    op.create_table(
        "landed",
        sa.Column("connection", KEY, nullable=False),
        sa.Column("model", KEY, nullable=False),
        sa.Column("native", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("first_at", UTC, nullable=False),
        sa.Column("last_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("connection", "model", "native", "digest", name="pk_landed"),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name="fk_landed_connection_connections", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_landed_connection_model_last_at", "landed", ["connection", "model", "last_at"])
    op.create_table(
        "landed_texts",
        sa.Column("digest", KEY, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_landed_texts"),
    )
    op.create_table(
        "landed_blobs",
        sa.Column("connection", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("connection", "digest", name="pk_landed_blobs"),
        sa.ForeignKeyConstraint(
            ["connection"],
            ["connections.name"],
            name="fk_landed_blobs_connection_connections",
            ondelete="CASCADE",
        ),
    )


def _assets() -> None:
    op.create_table(
        "assets",
        sa.Column("id", KEY, nullable=False),
        sa.Column("connection", KEY, nullable=False),
        sa.Column("asset_class", sa.String, nullable=False),
        sa.Column("native", KEY, nullable=False),
        sa.Column("vendor_id", sa.Text, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("lifecycle", sa.String, nullable=False),
        sa.Column("registry", sa.Text),
        sa.Column("repository", KEY),
        sa.Column("path", KEY),
        sa.Column("tag", KEY),
        sa.Column("manifest_digest", KEY),
        sa.Column("config_digest", KEY),
        sa.Column("media_type", sa.String),
        sa.Column("architecture", sa.String),
        sa.Column("os", sa.String),
        sa.Column("size_bytes", NUMBER),
        sa.Column("built_at", UTC),
        sa.Column("uploaded_at", UTC),
        sa.Column("package_type", sa.String),
        sa.Column("repository_type", sa.String),
        sa.Column("project", sa.String),
        sa.Column("xray_indexed", sa.Boolean),
        sa.Column("description", sa.Text),
        sa.Column("artifact_count", NUMBER),
        sa.Column("is_index", sa.Boolean, nullable=False),
        sa.Column("base_image", sa.Text),
        sa.Column("criticality", sa.Integer),
        sa.Column("owner", sa.Text),
        sa.Column("coverage", sa.String),
        sa.Column("coverage_reason", sa.Text),
        sa.Column("scanned_at", UTC),
        sa.Column("checked_at", UTC),
        sa.Column("due_run", sa.String),
        sa.Column("scan_counts", sa.Text),
        sa.Column("critical", sa.Integer, nullable=False),
        sa.Column("high", sa.Integer, nullable=False),
        sa.Column("medium", sa.Integer, nullable=False),
        sa.Column("low", sa.Integer, nullable=False),
        sa.Column("other", sa.Integer, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("chain", KEY),
        sa.Column("base_layers", sa.Integer),
        sa.Column("first_seen_at", UTC, nullable=False),
        sa.Column("last_seen_at", UTC, nullable=False),
        sa.Column("last_run", sa.String, nullable=False),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("mapped", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assets"),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name="fk_assets_connection_connections", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_assets_asset_class_name", "assets", ["asset_class", "name"])
    op.create_index("ix_assets_chain", "assets", ["chain"])
    op.create_index(
        "ix_assets_connection_asset_class_repository_path",
        "assets",
        ["connection", "asset_class", "repository", "path"],
    )
    op.create_table(
        "image_refs",
        sa.Column("connection", KEY, nullable=False),
        sa.Column("repository", KEY, nullable=False),
        sa.Column("path", KEY, nullable=False),
        sa.Column("tag", KEY, nullable=False),
        sa.Column("asset", KEY, nullable=False),
        sa.Column("current", sa.Boolean, nullable=False),
        sa.Column("in_scope", sa.Boolean, nullable=False),
        sa.Column("uploaded_at", UTC),
        sa.Column("uploaded_by", sa.Text),
        sa.Column("listed", sa.Text, nullable=False),
        sa.Column("first_seen_at", UTC, nullable=False),
        sa.Column("last_seen_at", UTC, nullable=False),
        sa.Column("gone_at", UTC),
        sa.Column("last_run", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("connection", "repository", "path", "tag", "asset", name="pk_image_refs"),
        sa.ForeignKeyConstraint(
            ["connection"],
            ["connections.name"],
            name="fk_image_refs_connection_connections",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_image_refs_asset", "image_refs", ["asset"])
    op.create_table(
        "index_children",
        sa.Column("parent", KEY, nullable=False),
        sa.Column("child", KEY, nullable=False),
        sa.Column("platform", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("parent", "child", name="pk_index_children"),
        sa.ForeignKeyConstraint(
            ["parent"], ["assets.id"], name="fk_index_children_parent_assets", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_index_children_child", "index_children", ["child"])
    op.create_table(
        "image_layers",
        sa.Column("asset", KEY, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("size_bytes", NUMBER),
        sa.Column("diff_id", sa.String),
        sa.Column("created_by", sa.Text),
        sa.PrimaryKeyConstraint("asset", "position", name="pk_image_layers"),
        sa.ForeignKeyConstraint(
            ["asset"], ["assets.id"], name="fk_image_layers_asset_assets", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_image_layers_digest", "image_layers", ["digest"])
    op.create_table(
        "software",
        sa.Column("asset", KEY, nullable=False),
        sa.Column("purl", KEY, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("licences", sa.Text, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("layer", sa.String),
        sa.PrimaryKeyConstraint("asset", "purl", "version", name="pk_software"),
        sa.ForeignKeyConstraint(
            ["asset"], ["assets.id"], name="fk_software_asset_assets", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_software_name", "software", ["name"])
    op.create_index("ix_software_purl_version", "software", ["purl", "version"])
    op.create_table(
        "asset_tags",
        sa.Column("asset", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("value", KEY, nullable=False),
        sa.Column("origin", KEY, nullable=False),
        sa.Column("place", KEY, nullable=False),
        sa.PrimaryKeyConstraint("asset", "key", "value", "origin", "place", name="pk_asset_tags"),
        sa.ForeignKeyConstraint(
            ["asset"], ["assets.id"], name="fk_asset_tags_asset_assets", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_asset_tags_key_value", "asset_tags", ["key", "value"])
    op.create_table(
        "scopes",
        sa.Column("connection", KEY, nullable=False),
        sa.Column("repository", KEY, nullable=False),
        sa.Column("path", KEY, nullable=False),
        sa.Column("read_run", sa.String, nullable=False),
        sa.Column("read_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("connection", "repository", "path", name="pk_scopes"),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name="fk_scopes_connection_connections", ondelete="CASCADE"
        ),
    )


def _findings() -> None:
    op.create_table(
        "vulnerabilities",
        sa.Column("key", KEY, nullable=False),
        sa.Column("issue", KEY),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("jfrog_severity", sa.Integer),
        sa.Column("cwe", sa.Text, nullable=False),
        sa.Column("cvss3_score", sa.Float),
        sa.Column("cvss3_vector", sa.Text),
        sa.Column("cvss2_score", sa.Float),
        sa.Column("cvss4_score", sa.Float),
        sa.Column("provider", sa.Text),
        sa.Column("text", KEY, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_vulnerabilities"),
    )
    op.create_table(
        "inventory_findings",
        sa.Column("id", KEY, nullable=False),
        sa.Column("connection", KEY, nullable=False),
        sa.Column("repository", KEY, nullable=False),
        sa.Column("path", KEY, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("vulnerability", KEY, nullable=False),
        sa.Column("component", KEY, nullable=False),
        sa.Column("package_type", sa.String, nullable=False),
        sa.Column("issue", KEY, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("triage", sa.String, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("source_severity", sa.String, nullable=False),
        sa.Column("applicability", sa.String),
        sa.Column("fix_version", sa.String),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("cvss3_score", sa.Float),
        sa.Column("published_at", UTC),
        sa.Column("first_found_at", UTC, nullable=False),
        sa.Column("last_found_at", UTC, nullable=False),
        sa.Column("last_confirmed_at", UTC),
        sa.Column("fixed_at", UTC),
        sa.Column("fixed_because", sa.Text),
        sa.Column("reopened_at", UTC),
        sa.Column("reopened", sa.Integer, nullable=False),
        sa.Column("images", sa.Integer, nullable=False),
        sa.Column("in_scope", sa.Boolean, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("text", KEY, nullable=False),
        sa.Column("mapped", sa.Text, nullable=False),
        sa.Column("last_run", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_findings"),
        sa.ForeignKeyConstraint(
            ["connection"],
            ["connections.name"],
            name="fk_inventory_findings_connection_connections",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_inventory_findings_component_severity_status_in_scope",
        "inventory_findings",
        ["component", "severity", "status", "in_scope"],
    )
    op.create_index(
        "ix_inventory_findings_connection_repository_path",
        "inventory_findings",
        ["connection", "repository", "path"],
    )
    for column in ("issue", "path", "repository", "title"):
        op.create_index(f"ix_inventory_findings_{column}", "inventory_findings", [column])
    op.create_index(
        "ix_inventory_findings_pages",
        "inventory_findings",
        ["severity", "id", "repository", "status", "in_scope"],
    )
    op.create_index(
        "ix_inventory_findings_exports",
        "inventory_findings",
        ["vulnerability", "id", "repository", "severity", "status", "in_scope"],
    )
    op.create_table(
        "occurrences",
        sa.Column("finding", KEY, nullable=False),
        sa.Column("asset", KEY, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("fixed_versions", sa.Text, nullable=False),
        sa.Column("applicability", sa.String),
        sa.Column("paths", sa.Text, nullable=False),
        sa.Column("layer", sa.String),
        sa.Column("first_seen_at", UTC, nullable=False),
        sa.Column("gone_at", UTC),
        sa.PrimaryKeyConstraint("finding", "asset", "version", name="pk_occurrences"),
        sa.ForeignKeyConstraint(
            ["finding"],
            ["inventory_findings.id"],
            name="fk_occurrences_finding_inventory_findings",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_occurrences_asset", "occurrences", ["asset"])
    op.create_table(
        "mapped_texts",
        sa.Column("text", KEY, nullable=False),
        sa.Column("map", KEY, nullable=False),
        sa.Column("mapped", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("text", "map", name="pk_mapped_texts"),
    )
    op.create_table(
        "closings",
        sa.Column("connection", KEY, nullable=False),
        sa.Column("finding", KEY, nullable=False),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("planned_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("connection", "finding", name="pk_closings"),
        sa.ForeignKeyConstraint(
            ["connection"],
            ["connections.name"],
            name="fk_closings_connection_connections",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "finding_events",
        sa.Column("finding", KEY, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("run", sa.String),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("finding", "at", "kind", name="pk_finding_events"),
        sa.ForeignKeyConstraint(
            ["finding"],
            ["inventory_findings.id"],
            name="fk_finding_events_finding_inventory_findings",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "triage",
        sa.Column("finding", KEY, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("justification", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("until", UTC),
        sa.Column("rule", sa.Text),
        sa.PrimaryKeyConstraint("finding", name="pk_triage"),
        sa.ForeignKeyConstraint(
            ["finding"],
            ["inventory_findings.id"],
            name="fk_triage_finding_inventory_findings",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "violations",
        sa.Column("finding", KEY, nullable=False),
        sa.Column("watch", KEY, nullable=False),
        sa.Column("policies", sa.Text, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("created_at", UTC),
        sa.PrimaryKeyConstraint("finding", name="pk_violations"),
        sa.ForeignKeyConstraint(
            ["finding"],
            ["inventory_findings.id"],
            name="fk_violations_finding_inventory_findings",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_violations_watch", "violations", ["watch"])


def _enrichment() -> None:
    op.create_table(
        "epss",
        sa.Column("cve", KEY, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("percentile", sa.Float, nullable=False),
        sa.Column("as_of", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("cve", name="pk_epss"),
    )
    op.create_table(
        "kev",
        sa.Column("cve", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("added", sa.String, nullable=False),
        sa.Column("due", sa.String),
        sa.PrimaryKeyConstraint("cve", "source", name="pk_kev"),
    )


def _maps() -> None:
    op.create_table(
        "transform_maps",
        sa.Column("name", KEY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("source_model", sa.String, nullable=False),
        sa.Column("target_model", sa.String, nullable=False),
        sa.Column("parent_name", sa.String),
        sa.Column("parent_version", sa.Integer),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name="pk_transform_maps"),
    )


def _words() -> None:
    op.create_table(
        "wordings",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wordings"),
    )
    op.create_table(
        "words",
        sa.Column("word", KEY, nullable=False),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("wording", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("word", "field", "wording", name="pk_words"),
        sa.ForeignKeyConstraint(
            ["wording"], ["wordings.id"], name="fk_words_wording_wordings", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_words_wording", "words", ["wording"])
