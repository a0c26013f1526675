"""/standin/api: what no JFrog has. Faults, switches, people and the request log of a running stand-in.

Guarded by a token of its own, which is no token of the platform; not logged, never faulty, never slow.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeVar

import msgspec
from aiohttp import web

from jfrog_standin.access import ANY_AUDIENCE, Group, User
from jfrog_standin.artifactory.curation import Block
from jfrog_standin.artifactory.npm_advisories import Advisory
from jfrog_standin.artifactory.ordered import Package, add
from jfrog_standin.artifactory.storage import NotStored
from jfrog_standin.errors import json_answer
from jfrog_standin.faults import Fault
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.seeding.world import World
from jfrog_standin.xray.looking import look_soon
from jfrog_standin.xray.scan import Scan

CONTROL = "/standin/api"
T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.Response]]


class TokenOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token that is made without asking Access, already expired ones and odd audiences included."""

    username: str = "admin"
    scope: str = "applied-permissions/user"
    audience: tuple[str, ...] = (ANY_AUDIENCE,)
    expires_in_s: int | None = None
    description: str = ""
    reference: bool = False


def routes() -> list[web.RouteDef]:
    return [
        web.get(f"{CONTROL}/faults", guarded(list_faults), allow_head=False),
        web.post(f"{CONTROL}/faults", guarded(add_fault)),
        web.delete(f"{CONTROL}/faults", guarded(clear_faults)),
        web.delete(f"{CONTROL}/faults/{{id:[0-9]+}}", guarded(remove_fault)),
        web.get(f"{CONTROL}/switches", guarded(show_switches), allow_head=False),
        web.patch(f"{CONTROL}/switches", guarded(change_switches)),
        web.put(f"{CONTROL}/users", guarded(put_user)),
        web.put(f"{CONTROL}/groups", guarded(put_group)),
        web.post(f"{CONTROL}/tokens", guarded(issue_token)),
        web.post(f"{CONTROL}/packages", guarded(add_packages)),
        web.get(f"{CONTROL}/curation", guarded(list_blocks), allow_head=False),
        web.post(f"{CONTROL}/curation", guarded(add_block)),
        web.delete(f"{CONTROL}/curation", guarded(clear_blocks)),
        web.get(f"{CONTROL}/advisories", guarded(list_advisories), allow_head=False),
        web.post(f"{CONTROL}/advisories", guarded(add_advisory)),
        web.delete(f"{CONTROL}/advisories", guarded(clear_advisories)),
        web.get(f"{CONTROL}/log", guarded(show_log), allow_head=False),
        web.delete(f"{CONTROL}/log", guarded(clear_log)),
        web.get(f"{CONTROL}/counts", guarded(show_counts), allow_head=False),
        web.get(f"{CONTROL}/issues", guarded(list_issues), allow_head=False),
        web.put(f"{CONTROL}/scans/{{sha256}}", guarded(put_scan)),
        web.delete(f"{CONTROL}/scans/{{sha256}}", guarded(forget_scan)),
        web.get(f"{CONTROL}/day", guarded(show_day), allow_head=False),
        web.post(f"{CONTROL}/day", guarded(advance)),
        web.get(f"{CONTROL}/deliveries", guarded(list_deliveries), allow_head=False),
    ]


def guarded(handler: Handler) -> Handler:
    """Let only the holder of the control token in, and show bad input as 400."""

    @wraps(handler)
    async def checked(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if given != platform_of(request).control_token:
            return json_answer({"error": "The control token is missing or wrong."}, status=401)
        try:
            return await handler(request)
        except (msgspec.MsgspecError, ValueError, NotStored) as error:
            return json_answer({"error": str(error)}, status=400)

    return checked


async def list_faults(request: web.Request) -> web.Response:
    return json_answer(platform_of(request).faults.active())


async def add_fault(request: web.Request) -> web.Response:
    number = platform_of(request).faults.add(await _body(request, Fault))
    return json_answer({"id": number}, status=201)


async def clear_faults(request: web.Request) -> web.Response:
    platform_of(request).faults.clear()
    return web.Response(status=204)


async def remove_fault(request: web.Request) -> web.Response:
    there = platform_of(request).faults.remove(int(request.match_info["id"]))
    return web.Response(status=204) if there else json_answer({"error": "No such fault."}, status=404)


async def show_switches(request: web.Request) -> web.Response:
    return json_answer(platform_of(request).switches)


async def change_switches(request: web.Request) -> web.Response:
    changes = await _body(request, dict[str, object])
    return json_answer(platform_of(request).switch(**changes))


async def put_user(request: web.Request) -> web.Response:
    platform_of(request).access.add_user(await _body(request, User))
    return web.Response(status=204)


async def put_group(request: web.Request) -> web.Response:
    platform_of(request).access.add_group(await _body(request, Group))
    return web.Response(status=204)


async def issue_token(request: web.Request) -> web.Response:
    """Make any token, for a user that there is."""
    order, access = await _body(request, TokenOrder), platform_of(request).access
    if order.username not in access.users:
        raise ValueError(f"There is no user {order.username}.")
    issued = access.issue(
        order.username,
        scope=order.scope,
        audience=order.audience,
        expires_in_s=order.expires_in_s,
        description=order.description,
        reference=order.reference,
    )
    return json_answer(issued, status=201)


async def add_packages(request: web.Request) -> web.Response:
    """Build a package or a list of them, put them into repositories, and say where the files are."""
    sent = msgspec.json.decode(await request.read(), type=Package | list[Package])
    items = add(platform_of(request).artifactory, *(sent if isinstance(sent, list) else [sent]))
    if isinstance(sent, Package):
        return json_answer({"repo": items[0].repo, "files": [item.path for item in items]}, status=201)
    return json_answer([{"repo": item.repo, "file": item.path} for item in items], status=201)


async def list_blocks(request: web.Request) -> web.Response:
    return json_answer(platform_of(request).curation.blocks)


async def add_block(request: web.Request) -> web.Response:
    """Let Curation keep some releases of a package out of remotes, from now on."""
    platform_of(request).curation.blocks.append(await _body(request, Block))
    return web.Response(status=204)


async def clear_blocks(request: web.Request) -> web.Response:
    platform_of(request).curation.blocks.clear()
    return web.Response(status=204)


async def list_advisories(request: web.Request) -> web.Response:
    return json_answer(platform_of(request).advisories)


async def add_advisory(request: web.Request) -> web.Response:
    """Tell `npm audit` of a flaw, from now on."""
    platform_of(request).advisories.append(await _body(request, Advisory))
    return web.Response(status=204)


async def clear_advisories(request: web.Request) -> web.Response:
    platform_of(request).advisories.clear()
    return web.Response(status=204)


async def show_log(request: web.Request) -> web.Response:
    """Show the requests that fit the query: method, route, path, subject, token_id."""
    known = ("method", "route", "path", "subject", "token_id")
    chosen = {name: request.query[name] for name in known if name in request.query}
    return json_answer(platform_of(request).log.entries(**chosen))


async def clear_log(request: web.Request) -> web.Response:
    platform_of(request).log.clear()
    return web.Response(status=204)


async def show_counts(request: web.Request) -> web.Response:
    return json_answer(platform_of(request).log.counts())


async def list_issues(request: web.Request) -> web.Response:
    """List every custom issue, as no Xray does: for whoever checks what a client has left behind."""
    platform: Platform = platform_of(request)
    return json_answer([stored.issue for stored in platform.xray.issues.values()])


async def put_scan(request: web.Request) -> web.Response:
    """Say what Xray finds in the content with a SHA-256, from now on."""
    platform_of(request).xray.put_scan(request.match_info["sha256"], await _body(request, Scan))
    look_soon(platform_of(request))
    return web.Response(status=204)


async def forget_scan(request: web.Request) -> web.Response:
    platform_of(request).xray.forget_scan(request.match_info["sha256"])
    return web.Response(status=204)


class Day(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day of a seeded platform; none: the next one."""

    day: int | None = None


async def show_day(request: web.Request) -> web.Response:
    """Tell which day a seeded platform has."""
    return json_answer(Day(day=_world(request).day))


async def advance(request: web.Request) -> web.Response:
    """Let a seeded platform live on until a day."""
    world, asked = _world(request), await _body(request, Day)
    world.advance(world.day + 1 if asked.day is None else asked.day)
    look_soon(platform_of(request))
    return json_answer(Day(day=world.day))


def _world(request: web.Request) -> World:
    world = platform_of(request).world
    if world is None:
        raise ValueError("The platform was not grown from a seed: start one with --seed-images.")
    return world


async def list_deliveries(request: web.Request) -> web.Response:
    """List what became of the last alerts to webhooks, which a real Xray tells nobody."""
    return json_answer(list(platform_of(request).deliveries.ended))


async def _body(request: web.Request, kind: type[T]) -> T:
    return msgspec.json.decode(await request.read(), type=kind)
