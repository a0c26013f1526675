"""`reedbed platform …`: the JFrog Platforms that Reedbed works on."""

import getpass
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.jfrog.check import Check

FLAG = Parameter(negative="")
HOSTS = Parameter(name="--blob-host", negative="")


async def add(
    name: str,
    url: str,
    *,
    ca_file: str | None = None,
    proxy: str | None = None,
    per_second: float = 100.0,
    concurrency: int = 16,
    timeout_s: float = 30.0,
    blob_host: Annotated[tuple[str, ...], HOSTS] = (),
    allow_plain_http: Annotated[bool, FLAG] = False,
    no_test: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Store a platform and its access token (encrypted), after testing both.

    Parameters
    ----------
    name
        Your name for it: a-z, 0-9 and -.
    url
        Its address, in any form that a browser shows.
    ca_file
        PEM file of a private certificate authority.
    proxy
        HTTP proxy to reach it by.
    per_second
        Requests a second at most, over all processes together.
    concurrency
        Requests in flight at most.
    timeout_s
        Seconds after which one request is given up.
    blob_host
        A host that JFrog may redirect to for the content of files, or an ending of such, as
        .s3.example; may be repeated.
    allow_plain_http
        Allow http://, to this machine itself only.
    no_test
        Store it although nothing was tested.
    json
        Print the checks as one JSON value.
    """
    from reedbed.jfrog.access import token_expiry
    from reedbed.jfrog.address import platform_url
    from reedbed.jfrog.check import check
    from reedbed.jobs import now_utc
    from reedbed.model.platform import Platform
    from reedbed.store import platforms
    from reedbed.wiring.parts import opened

    settings = (common or Common()).load()
    try:
        platform = Platform(
            name=name,
            url=platform_url(url, plain_http_to_loopback=allow_plain_http),
            ca_file=ca_file,
            proxy=proxy,
            per_second=per_second,
            concurrency=concurrency,
            timeout_s=timeout_s,
            blob_hosts=_hosts(blob_host),
        )
    except ValueError as error:
        raise SettingsError(
            "Could not add the platform", why=str(error), fix="Change the argument."
        ) from error
    async with opened(settings) as parts:
        token = read_token()
        checks = [] if no_test else await check(platform, token, now=now_utc, style=parts.terms.style)
        _show(checks, as_json=json)
        if any(each.status != "ok" for each in checks):
            show.err.print(f"{name} was not stored. Mend what failed, or store it anyway with --no-test.")
            return Exit.FAILED
        sealed = parts.vault.seal(token, context=platforms.token_context(name))
        platform = msgspec.structs.replace(platform, token_expires_at=await token_expiry(platform, token))
        await parts.db.write(platforms.add, platform, sealed_token=sealed)
    show.err.print(f"{name} is stored.")
    return Exit.DONE


async def list_all(*, json: AsJson = False, common: Common | None = None) -> int:
    """List the platforms, and when their tokens expire.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.store import platforms
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(platforms.list_all)
    if json:
        show.json(found)
        return Exit.DONE
    rows = [(p.name, p.url, p.token_expires_at or "not known", p.per_second, p.concurrency) for p in found]
    show.table(["name", "url", "token expires", "requests/s", "in flight"], rows)
    return Exit.DONE


async def check_one(name: str, *, json: AsJson = False, common: Common | None = None) -> int:
    """Find out what works on a platform and what does not, each with what to do.

    Parameters
    ----------
    name
        The platform.
    json
        Print the checks as one JSON value.
    """
    from reedbed.jfrog.access import token_expiry
    from reedbed.jfrog.check import check
    from reedbed.jobs import now_utc
    from reedbed.store import platforms
    from reedbed.wiring.lines import stored
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        platform, token = await stored(parts, name)
        checks = await check(platform, token, now=now_utc, style=parts.terms.style)
        await parts.db.write(platforms.note_expiry, name, await token_expiry(platform, token))
    _show(checks, as_json=json)
    return Exit.DONE if all(each.status == "ok" for each in checks) else Exit.FAILED


async def rotate(
    name: str, *, no_test: Annotated[bool, FLAG] = False, json: AsJson = False, common: Common | None = None
) -> int:
    """Replace a platform's access token after testing the new one.

    Parameters
    ----------
    name
        The platform.
    no_test
        Replace it although the new one was not tested.
    json
        Print the checks as one JSON value.
    """
    from reedbed.jfrog.access import token_expiry
    from reedbed.jfrog.check import check
    from reedbed.jobs import now_utc
    from reedbed.store import platforms
    from reedbed.store.inventory import connections
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        platform = await parts.db.read(platforms.get, name)
        token = read_token()
        checks = [] if no_test else await check(platform, token, now=now_utc, style=parts.terms.style)
        _show(checks, as_json=json)
        if any(each.status != "ok" for each in checks):
            show.err.print("The old token stays. Mend what failed, or replace it anyway with --no-test.")
            return Exit.FAILED
        sealed = parts.vault.seal(token, context=platforms.token_context(name))
        expires_at = await token_expiry(platform, token)
        await parts.db.write(platforms.replace_token, name, sealed, expires_at=expires_at)
        drafts = await parts.db.write(connections.unprove, name, now=now_utc())
    show.err.print(f"{name} has a new token. Running daemons take it at their next run.")
    for draft in drafts:
        show.err.print(f"The connection {draft} uses it, and is a draft until it is tested and enabled.")
    return Exit.DONE


async def edit(
    name: str,
    *,
    ca_file: str | None = None,
    proxy: str | None = None,
    per_second: float | None = None,
    concurrency: int | None = None,
    timeout_s: float | None = None,
    blob_host: Annotated[tuple[str, ...], HOSTS] = (),
    no_blob_host: Annotated[bool, FLAG] = False,
    common: Common | None = None,
) -> int:
    """Change how a platform is reached; what is not named stays, its token too.

    Parameters
    ----------
    name
        The platform.
    ca_file
        PEM file of a private certificate authority; "" for none.
    proxy
        HTTP proxy to reach it by; "" for none.
    per_second
        Requests a second at most, over all processes together.
    concurrency
        Requests in flight at most.
    timeout_s
        Seconds after which one request is given up.
    blob_host
        A host that JFrog may redirect to for the content of files, or an ending of such, as
        .s3.example; may be repeated, and replaces those from before.
    no_blob_host
        Follow no redirect any more.
    """
    from reedbed.store import platforms
    from reedbed.wiring.parts import opened

    changes = {
        "ca_file": ca_file,
        "proxy": proxy,
        "per_second": per_second,
        "concurrency": concurrency,
        "timeout_s": timeout_s,
        "blob_hosts": _hosts(blob_host) if blob_host or no_blob_host else None,
    }
    async with opened((common or Common()).load()) as parts:
        platform = await parts.db.read(platforms.get, name)
        named = {key: value if value != "" else None for key, value in changes.items() if value is not None}
        try:
            changed = msgspec.structs.replace(platform, **named)
        except ValueError as error:
            raise SettingsError(
                "Could not change the platform", why=str(error), fix="Change the argument."
            ) from error
        await parts.db.write(platforms.update, changed)
    show.err.print(f"{name} is changed. Running daemons take it at their next run.")
    return Exit.DONE


def _hosts(given: Sequence[str]) -> tuple[str, ...]:
    """Take `*.s3.example` for the ending that it means."""
    return tuple(dict.fromkeys(host.strip().lower().removeprefix("*") for host in given))


async def shield(name: str, *, off: Annotated[bool, FLAG] = False, common: Common | None = None) -> int:
    """Push what feeds say to a platform that was only read until now.

    Parameters
    ----------
    name
        The platform.
    off
        Only read it from now on; the custom issues that it has stay in Xray, and go on blocking.
    """
    from reedbed.store import platforms
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        platform = await parts.db.read(platforms.get, name)
        await parts.db.write(platforms.update, msgspec.structs.replace(platform, shielded=not off))
    show.err.print(f"{name} is {'only read' if off else 'shielded'} from the next run on.")
    return Exit.DONE


async def remove(name: str, *, yes: Annotated[bool, FLAG] = False, common: Common | None = None) -> int:
    """Forget a platform and its token; its custom issues stay in Xray.

    Parameters
    ----------
    name
        The platform.
    yes
        Do it: its ledger, outbox and approvals go with it.
    """
    from reedbed.store import ledger, platforms
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        await parts.db.read(platforms.get, name)
        issues = await parts.db.read(ledger.count, name)
        if not yes:
            raise SettingsError(
                f"{name} was not removed",
                why=f"its ledger of {issues} custom issues, its outbox and its approvals would go with it.",
                fix="Say --yes. The issues themselves stay in Xray, and go on blocking.",
            )
        await parts.db.write(platforms.remove, name, forget_issues=True)
    stay = show.many(issues, "custom issue")
    show.err.print(f"{name} is forgotten. What it holds stays in Xray and goes on blocking: {stay}.")
    return Exit.DONE


def read_token() -> str:
    """Read an access token from where nobody else can see it.

    Raises:
        SettingsError: there is none.
    """
    token = os.environ.get("REEDBED_TOKEN", "")
    if not token and sys.stdin.isatty():
        token = getpass.getpass("Access token: ")
    elif not token:
        token = sys.stdin.readline()
    if not token.strip():
        raise SettingsError(
            "There is no access token",
            why="REEDBED_TOKEN is not set, and standard input is empty.",
            fix="Pipe it in: reedbed platform add … < token.txt.",
        )
    return token.strip()


def _show(checks: "Sequence[Check]", *, as_json: bool) -> None:
    if as_json:
        show.json(checks)
        return
    marks = {"ok": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[dim]-[/]"}
    for each in checks:
        show.line(f"{marks[each.status]} {each.name:<15} {show.safe(each.evidence)}")
        if each.fix:
            show.line(f"  fix: {show.safe(each.fix)}")
