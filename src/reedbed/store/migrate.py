"""Bringing a database to the schema of this release."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from reedbed.errors import ReedbedError, SettingsError
from reedbed.model.text import one_line
from reedbed.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
REVISIONS = tuple(sorted(file.name[1:5] for file in (MIGRATIONS / "versions").glob("r[0-9]*.py")))
"""Oldest first, by the names of their files: Alembic is loaded only where there is something to do."""
HEAD = REVISIONS[-1]


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
    from alembic import command
    from alembic.config import Config

    _revision(connection, name)  # again, now that nobody else can change it
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _revision(connection: Connection, name: str) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found is not None and found not in REVISIONS:
        raise SettingsError(
            f"Could not use the database {name}",
            why=f"its schema is {found}, which a newer release of Reedbed made; this one knows up to {HEAD}",
            fix="Run the newer release, or name another database.",
        )
    return found
