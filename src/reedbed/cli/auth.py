"""`reedbed auth …`: logins at SafeDep, for its feed."""

import getpass
import os
import platform as machine
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    import aiohttp

    from reedbed.model.secret import Secret
    from reedbed.settings import Settings
    from reedbed.store.profiles import Profile
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """One profile as `auth status` shows it."""

    profile: str
    tenant: str
    kept_in: str
    key_expires_at: datetime | None
    key: str  # in words, with a warning when its end is near


class _Given(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be stored."""

    key: "Secret"
    tenant: str
    expires_at: datetime | None


async def login(
    *,
    api_key: Annotated[bool, FLAG] = False,
    api_key_value: str | None = None,
    tenant: str | None = None,
    profile: str | None = None,
    expires: datetime | None = None,
    no_keychain: Annotated[bool, FLAG] = False,
    common: Common | None = None,
) -> int:
    """Store an API key for SafeDep's feed, or log in by device flow and have one made.

    Parameters
    ----------
    api_key
        Log in with an API key, from SAFEDEP_API_KEY, standard input, or asked for.
    api_key_value
        The API key itself; others on this machine can see it in the list of processes.
    tenant
        Your tenant: acme.safedep.io.
    profile
        The name to keep it under; without it SAFEDEP_PROFILE, then default.
    expires
        The day on which the API key ends (2027-02-20), to be warned before.
    no_keychain
        Keep the key encrypted in the database though there is a keychain.
    """
    from reedbed.wiring.parts import opened

    settings = (common or Common()).load()
    name = profile_name(profile)
    async with opened(settings) as parts:
        if api_key or api_key_value is not None or not _has_device_flow(settings):
            given = await _by_key(parts, name, api_key_value, tenant, expires)
        elif (made := await _by_device(settings, tenant)) is None:
            return Exit.FAILED
        else:
            given = made
        kept = await _keep(parts, name, given, in_keychain=not no_keychain)
    show.err.print(f"{name} is logged in to {show.safe(kept.tenant)}; its key is in {_place(kept)}.")
    return Exit.DONE


async def status(*, json: AsJson = False, common: Common | None = None) -> int:
    """List the logins, where each key is kept and when it ends.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.jobs import now_utc
    from reedbed.store import profiles
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        stored = await parts.db.read(profiles.list_all)
    logins = [_shown(each, now_utc()) for each in stored]
    if from_environment := _from_environment():
        logins.insert(0, from_environment)
    if json:
        show.json(logins)
    elif logins:
        rows = [(each.profile, each.tenant, each.kept_in, each.key) for each in logins]
        show.table(["profile", "tenant", "kept in", "key ends"], rows)
    else:
        show.err.print("Nobody is logged in. Log in with `reedbed auth login --api-key`.")
    return Exit.DONE if logins else Exit.FAILED


async def logout(*, profile: str | None = None, common: Common | None = None) -> int:
    """Forget a login and its key; at SafeDep the key stays valid.

    Parameters
    ----------
    profile
        Which login; without it SAFEDEP_PROFILE, then default.
    """
    from reedbed.store import logins
    from reedbed.wiring.parts import opened

    name = profile_name(profile)
    async with opened((common or Common()).load()) as parts:
        if not await logins.forget(parts.db, name):
            raise SettingsError(
                f"{name} was not logged out",
                why="there is no login of that name.",
                fix="See `reedbed auth status`.",
            )
    show.err.print(f"{name} is forgotten. Its API key goes on being valid: revoke it in SafeDep's console.")
    return Exit.DONE


def profile_name(given: str | None) -> str:
    """Give the profile that is meant.

    Raises:
        SettingsError: it can't be a name.
    """
    name = given or os.environ.get("SAFEDEP_PROFILE") or "default"
    if not NAME.fullmatch(name):
        raise SettingsError(
            "That is no name of a profile",
            why="a name has letters, digits, dots, - and _, and at most 63 of them.",
            fix="Change --profile or SAFEDEP_PROFILE.",
        )
    return name


def _has_device_flow(settings: "Settings") -> bool:
    if settings.safedep.client_id:
        return True
    show.err.print(
        "There is no device flow here, because safedep.client_id is not set: an API key is needed."
    )
    return False


async def _by_key(
    parts: "Parts", name: str, value: str | None, tenant: str | None, expires: datetime | None
) -> _Given:
    from reedbed.store import profiles

    if value is not None:
        show.err.print("Others on this machine can see --api-key-value: use SAFEDEP_API_KEY.")
    before = await parts.db.read(profiles.load, name)
    known = tenant or os.environ.get("SAFEDEP_TENANT_ID") or (before.tenant if before else "")
    key = _read_key(value)
    return _Given(
        key=key,
        tenant=_checked_tenant(known or _asked("Tenant (acme.safedep.io): ")),
        expires_at=expires.replace(tzinfo=UTC) if expires else None,
    )


def _read_key(value: str | None) -> "Secret":
    """Read the API key: the flag, the variable, standard input, or the person.

    Raises:
        SettingsError: there is none, or it could not be sent.
    """
    from reedbed.model.secret import Secret

    key = value if value is not None else os.environ.get("SAFEDEP_API_KEY", "")
    if not key and value is None:
        key = getpass.getpass("API key: ") if sys.stdin.isatty() else sys.stdin.readline()
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(
            "There is no API key" if not key else "The API key can't be used",
            why="SAFEDEP_API_KEY is not set, and standard input is empty."
            if not key
            else "it holds white space or other characters that no key has.",
            fix="Pipe it in: reedbed auth login --api-key --tenant acme.safedep.io < key.txt.",
        )
    return Secret(key)


def _asked(question: str) -> str:
    return input(question).strip() if sys.stdin.isatty() else ""


def _checked_tenant(tenant: str) -> str:
    if TENANT.fullmatch(tenant):
        return tenant
    raise SettingsError(
        "There is no tenant" if not tenant else "That is no tenant",
        why="neither --tenant nor SAFEDEP_TENANT_ID names one." if not tenant else "it is no domain.",
        fix="Say --tenant acme.safedep.io; SafeDep's console shows yours.",
    )


async def _by_device(settings: "Settings", tenant: str | None) -> _Given | None:
    """Log in by device flow, and have an API key made; None where the person has to make it."""
    import aiohttp

    from reedbed.feeds.device_login import DeviceLogin, address_to_open

    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=True) as http:
        flow = DeviceLogin(http, settings.safedep)
        device = await flow.begin()
        show.err.print(f"Open {show.safe(address_to_open(device))}")
        show.err.print(f"and check that it shows the code {show.safe(device.user_code)}.")
        token = await flow.token(device)
        show.err.print("You are logged in.")
        return await _key_made(http, settings, token, tenant)


async def _key_made(
    http: "aiohttp.ClientSession", settings: "Settings", token: "Secret", tenant: str | None
) -> _Given | None:
    from reedbed.errors import ReedbedError
    from reedbed.feeds.safedep_keys import ControlPlane

    if not settings.safedep.control_url:
        _say_what_is_missing("safedep.control_url is empty")
        return None
    plane = ControlPlane(http, settings.safedep, token)
    try:
        chosen = _one_of(await plane.tenants(), tenant)
        made = await plane.make_key(chosen, name=f"reedbed@{machine.node() or 'unnamed'}")
    except SettingsError:
        raise
    except ReedbedError as error:
        _say_what_is_missing(error.why)
        return None
    return _Given(key=made.key, tenant=chosen, expires_at=made.expires_at)


def _one_of(tenants: list[str], wanted: str | None) -> str:
    """Choose the tenant: the one that is named, else the only one.

    Raises:
        SettingsError: the person does not belong to it, or to several.
    """
    wanted = wanted or os.environ.get("SAFEDEP_TENANT_ID")
    if wanted in tenants:
        return _checked_tenant(wanted or "")
    if not wanted and len(tenants) == 1:
        return _checked_tenant(tenants[0])
    known = ", ".join(show.safe(each) for each in tenants[:20]) or "none"
    raise SettingsError(
        "It is not clear which tenant is meant",
        why=f"you belong to: {known}.",
        fix="Name one of them with --tenant.",
    )


def _say_what_is_missing(why: str) -> None:
    show.err.print(f"No API key was made: {show.safe(why)}.")
    show.err.print(
        "The feed takes API keys only, so one is still missing: make it in SafeDep's console, then"
    )
    show.err.print("  reedbed auth login --api-key --tenant acme.safedep.io < key.txt")


async def _keep(parts: "Parts", name: str, given: _Given, *, in_keychain: bool) -> "Profile":
    """Store the login. A database that machines share can't lean on the keychain of one of them."""
    from reedbed.jobs import now_utc
    from reedbed.store import logins

    return await logins.keep(
        parts.db,
        parts.vault,
        name=name,
        tenant=given.tenant,
        key=given.key,
        expires_at=given.expires_at,
        now=now_utc(),
        in_keychain=in_keychain and not parts.settings.database,
    )


def _place(profile: "Profile") -> str:
    from reedbed.store.profiles import Keeper

    return "the system's keychain" if profile.keeper is Keeper.KEYCHAIN else "the database, encrypted"


def _shown(profile: "Profile", now: datetime) -> Login:
    from reedbed.intel.status import in_words

    return Login(
        profile=profile.name,
        tenant=profile.tenant,
        kept_in=_place(profile),
        key_expires_at=profile.key_expires_at,
        key=in_words(profile.key_expires_at, now, renew="reedbed auth login"),
    )


def _from_environment() -> Login | None:
    if not (os.environ.get("SAFEDEP_API_KEY") and os.environ.get("SAFEDEP_TENANT_ID")):
        return None
    return Login(
        profile="(all)",
        tenant=os.environ["SAFEDEP_TENANT_ID"],
        kept_in="the environment",
        key_expires_at=None,
        key="not known",
    )
