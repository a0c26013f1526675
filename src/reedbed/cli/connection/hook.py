"""`reedbed connection hook enable|disable|show`: who may tell a connection of changes."""

import getpass
import secrets
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common

if TYPE_CHECKING:
    from reedbed.inventory.connection.hook_settings import Hooks as Settings
    from reedbed.store.inventory.hooks import Delivery, Hook

FLAG = Parameter(negative="")
Where = Literal["artifactory", "xray"]


async def enable(
    name: str,
    source: Where = "artifactory",
    *,
    own_secret: Annotated[bool, FLAG] = False,
    sent: Annotated[bool, FLAG] = False,
    by: str = "",
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Let JFrog tell a connection of changes, and show what to set up there.

    Parameters
    ----------
    name
        The connection.
    source
        Artifactory's event service, or the webhooks of Xray's policies.
    own_secret
        Read the secret from standard input, or ask for it; without this one is made, and shown this once.
    sent
        Artifactory sends the secret itself; without this it signs what it sends.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    json
        Print one JSON value.
    """
    from reedbed.inventory.connection import hooks
    from reedbed.jobs import now_utc
    from reedbed.model.hints import Source
    from reedbed.model.secret import Secret
    from reedbed.wiring.parts import opened

    settings = (common or Common()).load()
    async with opened(settings) as parts:
        secret = _read_secret() if own_secret else secrets.token_hex(32)
        await hooks.enable(
            parts.db,
            parts.vault,
            name,
            Source(source),
            Secret(secret),
            signed=source == "artifactory" and not sent,
            who=by or getpass.getuser(),
            now=now_utc(),
        )
    steps = _steps(name, source, settings.hooks, "" if own_secret else secret, sent=sent)
    if json:
        show.json(dict(steps))
        return Exit.DONE
    for label, text in steps:
        show.line(f"{label + ':':<10}{show.safe(text)}")
    show.err.print(f"{name} is told by {source} from now on, while the daemon runs.")
    if not settings.hooks.public_url:
        show.err.print("Is that not how JFrog reaches this machine? Set hooks.listen, and hooks.public_url.")
    return Exit.DONE


def _read_secret() -> str:
    """Read a secret from where nobody else can see it."""
    if sys.stdin.isatty():
        return getpass.getpass("Secret: ").strip()
    return sys.stdin.readline().strip()


def _steps(name: str, source: Where, settings: "Settings", made: str, *, sent: bool) -> list[tuple[str, str]]:
    """Say what is to be set up in JFrog."""
    from reedbed.jfrog.hook_secrets import HEADER, USER

    scheme = "https" if settings.certificate else "http"
    base = settings.public_url.rstrip("/") or f"{scheme}://{settings.listen}"
    steps = [("url", f"{base}/hooks/{name}/{source}"), ("secret", made or "the one that you gave")]
    if source == "xray":
        return [
            *steps,
            ("user", f"{USER}, with the secret as password; or the secret in the header {HEADER}"),
            ("in JFrog", "Xray, Webhooks, New Webhook; then name it in the rules of your policies"),
        ]
    how = "sends it" if sent else "signs with it: “use secret for payload signing”"
    return [
        *steps,
        ("header", f"{settings.header}; Artifactory {how}"),
        ("in JFrog", "Administration, General, Webhooks, New Webhook, Predefined"),
        ("events", "Docker and OCI: pushed, deleted, promoted; Artifact: moved, copied; of all repositories"),
    ]


async def disable(
    name: str, source: Where = "artifactory", *, by: str = "", common: Common | None = None
) -> int:
    """Take nothing from JFrog's webhooks any more; runs find what changed by themselves.

    Parameters
    ----------
    name
        The connection.
    source
        Artifactory's event service, or the webhooks of Xray's policies.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    """
    from reedbed.inventory.connection import hooks
    from reedbed.jobs import now_utc
    from reedbed.model.hints import Source
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        await hooks.disable(parts.db, name, Source(source), who=by or getpass.getuser(), now=now_utc())
    show.err.print(f"{name} is not told by {source} any more. Delete the webhook in JFrog, too.")
    return Exit.DONE


async def show_one(
    name: str, *, deliveries: int = 10, json: AsJson = False, common: Common | None = None
) -> int:
    """Show the hooks of a connection: what came, what was refused and why, what waits.

    Parameters
    ----------
    name
        The connection.
    deliveries
        How many of the last ones are shown, of each hook.
    json
        Print one JSON value.
    """
    from reedbed.store.inventory import connections, hints, hooks
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        await parts.db.read(connections.get, name)
        known = await parts.db.read(hooks.list_all, name)
        last = [await parts.db.read(hooks.last, name, hook.source, limit=deliveries) for hook in known]
        waiting = (await parts.db.read(hints.waiting)).get(name)
    if json:
        shown = [
            {"hook": msgspec.structs.asdict(hook), "deliveries": came}
            for hook, came in zip(known, last, strict=True)
        ]
        show.json({"hooks": shown, "waiting": waiting})
    elif not known:
        show.line(f"No hook. Make one with `reedbed connection hook enable {name}`.")
    else:
        _draw(known, last)
        many = waiting.number if waiting else 0
        show.line(f"{show.many(many, 'hint')} waiting for a run.")
    return Exit.DONE


def _draw(known: "list[Hook]", last: "list[list[Delivery]]") -> None:
    columns = ["source", "proof", "accepted", "repeated", "refused", "last"]
    rows = [
        (h.source, "signature" if h.signed else "secret", h.accepted, h.repeated, h.refused, h.last_at)
        for h in known
    ]
    show.table(columns, rows)
    came = [(hook, each) for hook, some in zip(known, last, strict=True) for each in some]
    if came:
        show.line("")
        columns = ["at", "source", "outcome", "why", "event", "images"]
        show.table(columns, [(d.at, h.source, d.outcome, d.code, d.event, d.hints) for h, d in came])
