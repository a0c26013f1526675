"""Fixtures that several areas use, and how properties are looked for."""

from collections.abc import Iterator

import keyring
import pytest
from hypothesis import HealthCheck, settings
from keyring.backends.fail import Keyring as NoKeyring

from databases import (
    cluster,
    database,
    database_url,
    empty_database_url,
    file_database,
    migrated,
    migrated_file,
)
from processes.prepared import PARENT

__all__ = [
    "cluster",
    "database",
    "database_url",
    "empty_database_url",
    "file_database",
    "migrated",
    "migrated_file",
]

settings.register_profile(
    "searching", deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)
"""For `pytest --hypothesis-profile=searching`: other examples every time."""

settings.register_profile("reedbed", settings.get_profile("searching"), derandomize=True, database=None)
settings.load_profile("reedbed")  # what is green here is green elsewhere; and no deadline: machines are busy

keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # nobody's own keychain is read or written


@pytest.fixture(scope="session", autouse=True)
def _prepared_processes() -> Iterator[None]:
    """The parent of prepared processes starts with the first of them, and ends with the tests."""
    yield
    PARENT.end()
