"""Bringing a database to the schema of this release."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from reedbed.errors import ReedbedError, SettingsError
from reedbed.model.text import one_line
from reedbed.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(database: Database, *, to: str = "head") -> None:
    """Bring the schema forward; where it is current, do nothing. Processes that start together take turns.

    All steps are one transaction: a database is never left between two schemas.

    Raises:
        SettingsError: a newer release has been here.
        Unreachable: the database is locked, full, gone, or does not let us in.
        ReedbedError: a step failed, so none was made.
    """
    if await is_current(database):
        return
    try:
        await database.alone(_upgrade, database.name, to)
    except DBAPIError as error:
        raise ReedbedError(
            f"Could not bring the database {database.name} to this release's schema",
            why=one_line(str(error.orig), limit=300),
            fix="Nothing was changed: run the release that worked before, and report this one's failure.",
        ) from error


async def is_current(database: Database) -> bool:
    """Whether the schema is this release's.

    Raises:
        SettingsError: a newer release has been here.
        Unreachable: the database is locked, full, gone, or does not let us in.
    """
    return await database.read(_revision, database.name) == HEAD


def _upgrade(connection: Connection, name: str, to: str) -> None:
    _revision(connection, name)  # again, now that nobody else can change it
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _revision(connection: Connection, name: str) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in REVISIONS:
        raise SettingsError(
            f"Could not use the database {name}",
            why=f"its schema is {found}, which a newer release of Reedbed made; this one knows up to {HEAD}",
            fix="Run the newer release, or name another database.",
        )
    return found


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


_SCRIPTS = ScriptDirectory.from_config(_config())
REVISIONS = tuple(reversed([script.revision for script in _SCRIPTS.walk_revisions()]))  # oldest first
HEAD = REVISIONS[-1]
