"""Fixtures that several areas use."""

from databases import cluster, database, database_url, empty_database_url, migrated, migrated_file

__all__ = ["cluster", "database", "database_url", "empty_database_url", "migrated", "migrated_file"]
