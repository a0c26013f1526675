"""The platforms: where each JFrog Platform is, and its token, sealed."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, Connection, Float, Integer, Table, Text, delete, select, true
from sqlalchemy import update as change

from reedbed.errors import SettingsError
from reedbed.model.platform import Platform
from reedbed.store import ledger
from reedbed.store.columns import KEY, METADATA, Json, Utc
from reedbed.store.dialects import upsert
from reedbed.store.inventory.connections import CONNECTIONS
from reedbed.store.rows import structs
from reedbed.store.vault import Vault

PLATFORMS = Table(
    "platforms",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("url", Text, nullable=False),
    Column("ca_file", Text),
    Column("proxy", Text),
    Column("per_second", Float, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("timeout_s", Float, nullable=False),
    Column("token_expires_at", Utc),
    Column("sealed_token", Text, nullable=False),
    Column("shielded", Boolean, nullable=False, server_default=true()),
    Column("blob_hosts", Json(tuple[str, ...]), nullable=False, server_default="[]"),
)
_PLATFORM = tuple(PLATFORMS.c[name] for name in Platform.__struct_fields__)


def token_context(name: str) -> str:
    """Where a platform's token is kept: what it is sealed for."""
    return f"platforms/{name}/token"


def add(connection: Connection, platform: Platform, *, sealed_token: str) -> None:
    """Add a platform.

    Raises:
        SettingsError: there is one of this name.
    """
    adding = upsert(connection, PLATFORMS).values(
        **msgspec.structs.asdict(platform), sealed_token=sealed_token
    )
    adding = adding.on_conflict_do_nothing(index_elements=["name"])
    if connection.execute(adding.returning(PLATFORMS.c.name)).first() is None:
        raise SettingsError(
            f"Could not add the platform {platform.name}",
            why="there is one of this name",
            fix="Choose another name, or remove that one first.",
        )


def get(connection: Connection, name: str) -> Platform:
    """Give a platform.

    Raises:
        SettingsError: there is none of this name.
    """
    found = structs(connection, select(*_PLATFORM).where(PLATFORMS.c.name == name), Platform)
    if not found:
        raise _unknown(connection, name)
    return found[0]


def list_all(connection: Connection) -> list[Platform]:
    """List the platforms by name."""
    return structs(connection, select(*_PLATFORM).order_by(PLATFORMS.c.name), Platform)


def shielded(connection: Connection) -> list[Platform]:
    """List the platforms that what feeds say is pushed to, by name."""
    return [platform for platform in list_all(connection) if platform.shielded]


def update(connection: Connection, platform: Platform) -> None:
    """Change how a platform is reached; its token stays.

    Raises:
        SettingsError: there is none of this name.
    """
    values = msgspec.structs.asdict(platform)
    _change(connection, values.pop("name"), **values)


def remove(connection: Connection, name: str, *, forget_issues: bool = False) -> None:
    """Remove a platform with its token, its plan and its outbox, and if asked with its ledger.

    Raises:
        SettingsError: there is none of this name, connections read it, or issues of ours stand in its Xray,
            not to be forgotten.
    """
    used = (
        connection.execute(select(CONNECTIONS.c.name).where(CONNECTIONS.c.platform == name)).scalars().all()
    )
    if used:
        raise SettingsError(
            f"Could not remove the platform {name}",
            why=f"connections read it: {', '.join(sorted(used))}",
            fix="Remove them first, with `reedbed connection remove`.",
        )
    standing = ledger.count(connection, name)
    if standing and not forget_issues:
        raise SettingsError(
            f"Could not remove the platform {name}",
            why=f"{standing} custom issues of ours stand in its Xray, and would block on unattended",
            fix="Withdraw them first, or remove the platform together with the memory of them.",
        )
    if not connection.execute(delete(PLATFORMS).where(PLATFORMS.c.name == name)).rowcount:
        raise _unknown(connection, name)


def sealed_token(connection: Connection, name: str) -> str:
    """Give a platform's token as it is stored; a vault opens it for `token_context(name)`.

    Raises:
        SettingsError: there is none of this name.
    """
    found: str | None = connection.execute(
        select(PLATFORMS.c.sealed_token).where(PLATFORMS.c.name == name)
    ).scalar()
    if found is None:
        raise _unknown(connection, name)
    return found


def replace_token(
    connection: Connection, name: str, sealed_token: str, *, expires_at: datetime | None
) -> None:
    """Put a new token in the place of the old one.

    Raises:
        SettingsError: there is none of this name.
    """
    _change(connection, name, sealed_token=sealed_token, token_expires_at=expires_at)


def note_expiry(connection: Connection, name: str, expires_at: datetime | None) -> None:
    """Note when a platform's token ends (UTC); None: not known, or never."""
    _change(connection, name, token_expires_at=expires_at)


def reseal_tokens(connection: Connection, vault: Vault) -> int:
    """Encrypt every token with the vault's current key; give the number of those that another had sealed.

    Raises:
        SettingsError: the key of one is not in the vault; then none is changed.
    """
    query = select(PLATFORMS.c.name, PLATFORMS.c.sealed_token).with_for_update()
    resealed = 0
    for name, sealed in connection.execute(query).all():
        anew = vault.reseal(sealed, context=token_context(name))
        if anew != sealed:
            _change(connection, name, sealed_token=anew)
            resealed += 1
    return resealed


def _change(connection: Connection, name: str, **values: Any) -> None:
    if not connection.execute(change(PLATFORMS).where(PLATFORMS.c.name == name).values(**values)).rowcount:
        raise _unknown(connection, name)


def _unknown(connection: Connection, name: str) -> SettingsError:
    known = ", ".join(platform.name for platform in list_all(connection)) or "none yet"
    return SettingsError(
        f"Could not find the platform {name}",
        why=f"no platform has that name; there are: {known}",
        fix="Name one of those, or add it with `reedbed platform add`.",
    )
