"""Every route under /xray but its system's."""

from aiohttp import web

from jfrog_standin.xray import events, indexing, policies, watches


def routes() -> list[web.RouteDef]:
    return [*events.routes(), *policies.routes(), *watches.routes(), *indexing.routes()]
