"""Fixtures that several areas use, and how properties are looked for."""

import keyring
from hypothesis import HealthCheck, settings
from keyring.backends.fail import Keyring as NoKeyring

from databases import cluster, database, database_url, empty_database_url, migrated, migrated_file

__all__ = ["cluster", "database", "database_url", "empty_database_url", "migrated", "migrated_file"]

settings.register_profile("reedbed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("reedbed")  # a busy machine proves nothing about a property

keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # nobody's own keychain is read or written
