"""`reedbed webhook …`: who is told what happens to findings."""

import getpass
import sys
from typing import Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

FLAG = Parameter(negative="")


async def add(
    name: str,
    url: str,
    *,
    query: str = "",
    ca_file: str = "",
    allow_plain_http: Annotated[bool, FLAG] = False,
    common: Common | None = None,
) -> int:
    """Tell a receiver what happens to findings from now on.

    Parameters
    ----------
    name
        Your name for it: a-z, 0-9, '.', '_' and '-'.
    url
        Its https:// address; redirects from there are not followed.
    query
        Only of findings that this asks for.
    ca_file
        PEM file of a private certificate authority.
    allow_plain_http
        Allow http://, to this machine itself only.
    """
    from reedbed.inventory.exports.asked import findings_asked
    from reedbed.jobs import PART, now_utc
    from reedbed.sinks.webhook import checked_secret, checked_url
    from reedbed.store.inventory import webhooks
    from reedbed.wiring.parts import opened

    if not PART.fullmatch(name):
        raise SettingsError(
            "The webhook can't have this name",
            why="a name is made of a-z, 0-9, '.', '_' and '-'",
            fix="Choose another.",
        )
    checked_url(url, allow_plain_http=allow_plain_http)
    async with opened((common or Common()).load()) as parts:
        now = now_utc()
        await findings_asked(parts.db, query, now=now)
        secret = checked_secret(_read_secret())
        webhook = webhooks.Webhook(
            name=name,
            url=url,
            query=query,
            ca_file=ca_file,
            allow_plain_http=allow_plain_http,
            created_at=now,
        )
        sealed = parts.vault.seal(secret, context=webhooks.secret_context(name))
        await parts.db.write(webhooks.add, webhook, sealed_secret=sealed)
    show.err.print(f"{name} is told from now on, while the daemon runs. Try it: reedbed webhook test {name}")
    return Exit.DONE


def _read_secret() -> str:
    """Read the secret that messages are signed with from where nobody else can see it."""
    if sys.stdin.isatty():
        return getpass.getpass("Secret: ").strip()
    return sys.stdin.readline().strip()


async def list_all(*, json: AsJson = False, common: Common | None = None) -> int:
    """List the webhooks, and what is in the outbox of each.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.sinks.webhook import shown
    from reedbed.store.inventory import webhooks
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        known = await parts.db.read(webhooks.list_all)
        depths = await parts.db.read(webhooks.depths)
    rows = [(each, depths.get(each.name, webhooks.Depth())) for each in known]
    if json:
        show.json([{"webhook": each, "outbox": depth} for each, depth in rows])
    elif rows:
        columns = ["name", "to", "query", "waiting", "sent", "given up", "last failure"]
        cells = [
            (each.name, shown(each.url), each.query, depth.waiting, depth.sent, depth.given_up, depth.reason)
            for each, depth in rows
        ]
        show.table(columns, cells)
    else:
        show.err.print("There is no webhook yet.")
    return Exit.DONE


async def try_out(name: str, *, common: Common | None = None) -> int:
    """Send a receiver a signed message of the type `ping`.

    Parameters
    ----------
    name
        The webhook.
    """
    from reedbed.jobs import now_utc
    from reedbed.sinks.webhook import Message, send, session_to
    from reedbed.store.inventory import webhooks
    from reedbed.store.runs import new_id
    from reedbed.wiring.lines import receiver_of
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        webhook = await parts.db.read(webhooks.get, name)
        receiver = await receiver_of(parts, webhook)
        now = now_utc()
        body = f'{{"type":"ping","timestamp":"{now:%Y-%m-%dT%H:%M:%SZ}","data":[]}}'
        async with session_to(receiver) as session:
            status = await send(session, receiver, Message(f"msg_{new_id(now)}", body.encode()), at=now)
    show.line(f"{name} took it: {status}")
    return Exit.DONE


async def remove(name: str, *, yes: Annotated[bool, FLAG] = False, common: Common | None = None) -> int:
    """Tell a receiver no more; what waits for it is forgotten.

    Parameters
    ----------
    name
        The webhook.
    yes
        Do it, though messages wait.
    """
    from reedbed.store.inventory import webhooks
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        await parts.db.read(webhooks.get, name)
        waiting = (await parts.db.read(webhooks.depths)).get(name, webhooks.Depth()).waiting
        if waiting and not yes:
            raise SettingsError(
                f"{name} was not removed",
                why=f"{show.many(waiting, 'message')} wait for it.",
                fix="Say --yes.",
            )
        await parts.db.write(webhooks.remove, name)
    show.err.print(f"{name} is told no more.")
    return Exit.DONE
