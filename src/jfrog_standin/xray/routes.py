"""Every route under /xray but its system's."""

from aiohttp import web

from jfrog_standin.xray import (
    events,
    exports,
    exposures,
    ignore_rules,
    impacted,
    indexing,
    policies,
    scan_state,
    scans_list,
    violations,
    watches,
    webhooks,
)
from jfrog_standin.xray.reports import Reports
from jfrog_standin.xray.summary import Summaries


def routes() -> list[web.RouteDef]:
    parts = (
        events, policies, watches, indexing, ignore_rules, violations, webhooks, impacted, scan_state,
        scans_list, exports, exposures, Reports(), Summaries(),
    )  # fmt: skip
    return [route for part in parts for route in part.routes()]
