"""Logins at SafeDep: the row of a profile and its key together, whichever place keeps the key."""

import asyncio
from datetime import datetime

from reedbed.errors import SettingsError
from reedbed.model.secret import Secret
from reedbed.store import keychain, profiles
from reedbed.store.database import Database
from reedbed.store.profiles import Keeper, Profile
from reedbed.store.vault import Vault


async def keep(
    db: Database,
    vault: Vault,
    *,
    name: str,
    tenant: str,
    key: Secret,
    expires_at: datetime | None,
    now: datetime,
    in_keychain: bool,
) -> Profile:
    """Store a login in place of the one of its name: in the keychain if asked for and it works, else sealed.

    Raises:
        Unreachable: the database does not answer.
    """
    account = profiles.key_context(name)
    kept = in_keychain and await asyncio.to_thread(keychain.keep, account, key)
    profile = Profile(
        name=name,
        tenant=tenant,
        keeper=Keeper.KEYCHAIN if kept else Keeper.VAULT,
        key_expires_at=expires_at,
        saved_at=now,
    )
    sealed = None if kept else vault.seal(key, context=account)
    before = await db.read(profiles.load, name)
    await db.write(profiles.save, profile, sealed_key=sealed)
    if before and before.keeper is Keeper.KEYCHAIN and not kept:
        await asyncio.to_thread(keychain.forget, account)
    return profile


async def find(db: Database, vault: Vault, name: str) -> tuple[Secret, str] | None:
    """Give a login's API key and tenant; None: there is no login of this name.

    Raises:
        SettingsError: its key can't be had from where it is kept.
        Unreachable: the database does not answer.
    """
    profile = await db.read(profiles.load, name)
    if profile is None:
        return None
    account = profiles.key_context(name)
    if profile.keeper is Keeper.KEYCHAIN:
        found = await asyncio.to_thread(keychain.find, account)
        if found is None:
            raise _not_in_keychain(name)
        return found, profile.tenant
    sealed = await db.read(profiles.sealed_key, name)
    return (vault.open(sealed, context=account), profile.tenant) if sealed else None


async def forget(db: Database, name: str) -> bool:
    """Remove a login and its key from here; False: there is none. At SafeDep the key goes on being valid."""
    profile = await db.read(profiles.load, name)
    if profile and profile.keeper is Keeper.KEYCHAIN:
        await asyncio.to_thread(keychain.forget, profiles.key_context(name))
    return await db.write(profiles.forget, name)


def _not_in_keychain(name: str) -> SettingsError:
    return SettingsError(
        f"Could not get the API key of the profile {name}",
        why="it was put into the keychain of a user's session, and that keychain does not give it here",
        fix=f"Log in again with `reedbed auth login --api-key --profile {name} --no-keychain`, or set "
        "SAFEDEP_API_KEY and SAFEDEP_TENANT_ID.",
    )
