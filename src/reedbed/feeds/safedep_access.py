"""Who asks SafeDep: the API key of a tenant, and where a feed gets it from."""

import re
from collections.abc import Awaitable, Callable

import msgspec

from reedbed.errors import SettingsError
from reedbed.model.secret import Secret

Credentials = Callable[[str], Awaitable[tuple[Secret, str] | None]]
"""Gives the API key and the tenant of a profile; None where there are none."""

_HEADER_TEXT = re.compile(r"[!-~]{1,4096}")


class SafeDepCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """An API key, and the tenant that it belongs to by its domain (`acme.safedep.io`).

    Raises:
        ValueError: one of them can't stand in a header; the message doesn't show it.
    """

    api_key: Secret
    tenant: str

    def __post_init__(self) -> None:
        for name, text in (("API key", self.api_key.reveal()), ("tenant", self.tenant)):
            if not _HEADER_TEXT.fullmatch(text):
                raise ValueError(f"the {name} is empty, or holds a space or a character outside ASCII")


async def nobody(profile: str) -> tuple[Secret, str] | None:
    """Know no credentials."""
    return None


async def required(credentials: Credentials, profile: str, *, feed: str) -> SafeDepCredentials:
    """Give the credentials of a profile.

    Raises:
        SettingsError: there are none, or they can't be sent.
    """
    found = await credentials(profile)
    if found is None:
        why = f"the two variables are not both set, and nobody has logged in as the profile {profile}"
        raise _unusable(feed, profile, why)
    key, tenant = found
    try:
        return SafeDepCredentials(api_key=Secret(key.reveal().strip()), tenant=tenant.strip())
    except ValueError as error:
        raise _unusable(feed, profile, str(error)) from error


def _unusable(feed: str, profile: str, why: str) -> SettingsError:
    fix = how_to_log_in(profile)
    return SettingsError(
        f"The feed {feed} has no credentials that can be used", why=why, fix=f"{fix[:1].upper()}{fix[1:]}."
    )


def how_to_log_in(profile: str) -> str:
    login = f"run `reedbed auth login --api-key --profile {profile}`"
    return f"{login}, or set SAFEDEP_API_KEY and SAFEDEP_TENANT_ID"
