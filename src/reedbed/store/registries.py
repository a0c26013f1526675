"""The registries: which repositories of packages projects are resolved through, and their tokens, sealed."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Float, Table, Text, delete, select
from sqlalchemy import update as change

from reedbed.errors import SettingsError
from reedbed.model.checks import Check
from reedbed.model.registry import Endpoint, Manager, Registry
from reedbed.store.columns import KEY, METADATA, Json, Utc
from reedbed.store.dialects import upsert
from reedbed.store.rows import structs
from reedbed.store.vault import Vault

REGISTRIES = Table(
    "registries",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("endpoints", Json(dict[Manager, Endpoint]), nullable=False),
    Column("ca_file", Text),
    Column("proxy", Text),
    Column("timeout_s", Float, nullable=False),
    Column("token_expires_at", Utc),
    Column("sealed_token", Text, nullable=False),
    Column("checks", Json(list[Check]), nullable=False),  # of the last test
    Column("tested_at", Utc),
)
_REGISTRY = tuple(REGISTRIES.c[name] for name in Registry.__struct_fields__)


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """What the last test of a registry came to."""

    checks: list[Check]
    tested_at: datetime | None


def token_context(name: str) -> str:
    """Where a registry's token is kept: what it is sealed for."""
    return f"registries/{name}/token"


def add(connection: Connection, registry: Registry, *, sealed_token: str) -> None:
    """Add a registry.

    Raises:
        SettingsError: there is one of this name.
    """
    values = {**_values(registry), "name": registry.name, "sealed_token": sealed_token, "checks": []}
    adding = upsert(connection, REGISTRIES).values(**values).on_conflict_do_nothing(index_elements=["name"])
    if connection.execute(adding.returning(REGISTRIES.c.name)).first() is None:
        raise SettingsError(
            f"Could not add the registry {registry.name}",
            why="there is one of this name",
            fix="Choose another name, or change that one with `reedbed registry edit`.",
        )


def get(connection: Connection, name: str) -> Registry:
    """Give a registry.

    Raises:
        SettingsError: there is none of this name.
    """
    found = structs(connection, select(*_REGISTRY).where(REGISTRIES.c.name == name), Registry)
    if not found:
        raise _unknown(connection, name)
    return found[0]


def list_all(connection: Connection) -> list[Registry]:
    """List the registries by name."""
    return structs(connection, select(*_REGISTRY).order_by(REGISTRIES.c.name), Registry)


def update(connection: Connection, registry: Registry) -> None:
    """Change a registry; its token stays.

    Raises:
        SettingsError: there is none of this name.
    """
    _change(connection, registry.name, **_values(registry))


def remove(connection: Connection, name: str) -> None:
    """Remove a registry with its token.

    Raises:
        SettingsError: there is none of this name.
    """
    if not connection.execute(delete(REGISTRIES).where(REGISTRIES.c.name == name)).rowcount:
        raise _unknown(connection, name)


def sealed_token(connection: Connection, name: str) -> str:
    """Give a registry's token as it is stored; a vault opens it for `token_context(name)`.

    Raises:
        SettingsError: there is none of this name.
    """
    query = select(REGISTRIES.c.sealed_token).where(REGISTRIES.c.name == name)
    found: str | None = connection.execute(query).scalar()
    if found is None:
        raise _unknown(connection, name)
    return found


def replace_token(connection: Connection, registry: Registry, sealed_token: str) -> None:
    """Put a new token in the place of the old one, with what else it changes.

    Raises:
        SettingsError: there is none of this name.
    """
    _change(connection, registry.name, **_values(registry), sealed_token=sealed_token)


def save_test(connection: Connection, name: str, checks: Sequence[Check], *, at: datetime) -> None:
    """Keep what a test came to.

    Raises:
        SettingsError: there is none of this name.
    """
    _change(connection, name, checks=list(checks), tested_at=at)


def last_test(connection: Connection, name: str) -> Tested:
    """Give what the last test came to.

    Raises:
        SettingsError: there is none of this name.
    """
    columns = (REGISTRIES.c.checks, REGISTRIES.c.tested_at)
    found = structs(connection, select(*columns).where(REGISTRIES.c.name == name), Tested)
    if not found:
        raise _unknown(connection, name)
    return found[0]


def reseal_tokens(connection: Connection, vault: Vault) -> int:
    """Encrypt every token with the vault's current key; give the number of those that another had sealed.

    Raises:
        SettingsError: the key of one is not in the vault; then none is changed.
    """
    query = select(REGISTRIES.c.name, REGISTRIES.c.sealed_token).with_for_update()
    resealed = 0
    for name, sealed in connection.execute(query).all():
        anew = vault.reseal(sealed, context=token_context(name))
        if anew != sealed:
            _change(connection, name, sealed_token=anew)
            resealed += 1
    return resealed


def _values(registry: Registry) -> dict[str, object]:
    values = msgspec.structs.asdict(registry)
    del values["name"]
    return values


def _change(connection: Connection, name: str, **values: object) -> None:
    statement = change(REGISTRIES).where(REGISTRIES.c.name == name)
    if not connection.execute(statement.values(**values)).rowcount:
        raise _unknown(connection, name)


def _unknown(connection: Connection, name: str) -> SettingsError:
    known = ", ".join(each.name for each in list_all(connection)) or "none yet"
    return SettingsError(
        f"Could not find the registry {name}",
        why=f"no registry has that name; there are: {known}",
        fix="Name one of those, or add it with `reedbed registry add`.",
    )
