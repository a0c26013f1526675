"""The credential profiles of SafeDep's feed: whose they are, where their key is kept, and when it ends."""

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import asdict
from sqlalchemy import Column, Connection, Table, Text, delete, select, update

from reedbed.store.columns import KEY, METADATA, Utc, Word
from reedbed.store.dialects import upsert
from reedbed.store.rows import structs
from reedbed.store.vault import Vault


class Keeper(StrEnum):
    """What holds a profile's secret."""

    KEYCHAIN = "keychain"  # of the system, for this user on this machine
    VAULT = "vault"  # this table, sealed


PROFILES = Table(
    "profiles",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("keeper", Word(Keeper), nullable=False),
    Column("key_expires_at", Utc),
    Column("saved_at", Utc, nullable=False),
    Column("sealed_key", Text),
)


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A login at SafeDep under a name. Its API key lives apart, in the keychain or sealed."""

    name: str
    tenant: str  # "acme.safedep.io"
    keeper: Keeper
    key_expires_at: datetime | None = None  # UTC; None: not known, or never
    saved_at: datetime


_PROFILE = tuple(PROFILES.c[name] for name in Profile.__struct_fields__)


def key_context(name: str) -> str:
    """Where a profile's API key is kept: what it is sealed for, and its account in the keychain."""
    return f"profiles/{name}/api_key"


def save(connection: Connection, profile: Profile, *, sealed_key: str | None) -> None:
    """Store a profile in place of what has its name; without a sealed key where the keychain has it."""
    values = {**asdict(profile), "sealed_key": sealed_key}
    saving = upsert(connection, PROFILES).values(**values)
    connection.execute(saving.on_conflict_do_update(index_elements=["name"], set_=values))


def load(connection: Connection, name: str) -> Profile | None:
    """Give a profile; None: there is none of this name."""
    found = structs(connection, select(*_PROFILE).where(PROFILES.c.name == name), Profile)
    return found[0] if found else None


def sealed_key(connection: Connection, name: str) -> str | None:
    """Give a profile's key as it is stored; a vault opens it for `key_context(name)`."""
    found: str | None = connection.execute(
        select(PROFILES.c.sealed_key).where(PROFILES.c.name == name)
    ).scalar()
    return found


def list_all(connection: Connection) -> list[Profile]:
    """List the profiles by name."""
    return structs(connection, select(*_PROFILE).order_by(PROFILES.c.name), Profile)


def forget(connection: Connection, name: str) -> bool:
    """Remove a profile with its sealed key; False: there was none."""
    return bool(connection.execute(delete(PROFILES).where(PROFILES.c.name == name)).rowcount)


def reseal_keys(connection: Connection, vault: Vault) -> int:
    """Encrypt every key with the vault's current key; give the number of those that another had sealed.

    Raises:
        SettingsError: the key of one is not in the vault; then none is changed.
    """
    query = select(PROFILES.c.name, PROFILES.c.sealed_key).where(PROFILES.c.sealed_key.is_not(None))
    resealed = 0
    for name, sealed in connection.execute(query.with_for_update()).all():
        anew = vault.reseal(sealed, context=key_context(name))
        if anew != sealed:
            connection.execute(update(PROFILES).where(PROFILES.c.name == name).values(sealed_key=anew))
            resealed += 1
    return resealed
