"""SafeDep's Threat Intel feed: reports that are never deleted, and come again whenever they change.

Reports are read in the order of their last change, from a while before the newest that was read: the service
gives only what is strictly later than `since`, and several may have changed at the same moment.

Source: docs.safedep.io, threat-intel.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial

from reedbed.feeds.connect_call import Method
from reedbed.feeds.draining import Drain, basis
from reedbed.feeds.feed import Batch, Drained
from reedbed.feeds.safedep_access import Credentials, required
from reedbed.feeds.safedep_pages import Listing, Page
from reedbed.feeds.safedep_record import EDITION, read_report
from reedbed.feeds.safedep_wire import ListReports, Pagination, ReportFilters, ReportsPage, decode
from reedbed.feeds.settings import SafeDepSettings
from reedbed.feeds.site import open_session
from reedbed.model.cursor import Cursor

SCOPE = "*"
METHOD = "safedep.services.threatintel.v1.ThreatIntelService/ListPackageReports"
ENTITLEMENT = (
    "The tenant's plan must include SafeDep's paid Threat Intel Feed add-on: ask whoever administers it."
)


class SafeDep:
    """The reports that a tenant may read."""

    def __init__(self, settings: SafeDepSettings, credentials: Credentials) -> None:
        self._settings = settings
        self._credentials = credentials
        self._basis = basis(EDITION, settings.source)

    @property
    def name(self) -> str:
        return self._settings.name

    async def read(
        self, *, since: Mapping[str, Cursor], now: datetime
    ) -> AsyncGenerator[Batch | Drained, None]:
        """Read what has changed, as `Feed.read` says; its one scope is `*`.

        Raises:
            SettingsError: there are no credentials.
        """
        settings = self._settings
        access = await required(self._credentials, settings.profile, feed=settings.name)
        drain = Drain(SCOPE, since.get(SCOPE), basis=self._basis, now=now)
        async with open_session(settings) as session:
            method = Method(session, settings, access, path=METHOD, entitlement=ENTITLEMENT)
            listing = self._listing(method, drain, now)
            async with aclosing(listing.batches()) as batches:
                async for batch in batches:
                    yield batch
        yield drain.drained({}, *listing.warnings(overlapped=drain.before.watermark is not None))

    def _listing(self, method: Method, drain: Drain, now: datetime) -> Listing:
        newest = drain.before.watermark
        start = newest - timedelta(seconds=self._settings.overlap_s) if newest else None
        return Listing(
            method,
            drain,
            request=partial(_request, start),
            page=_page,
            record=partial(read_report, feed=self.name, now=now),
            now=now,
        )


def _request(start: datetime | None, pagination: Pagination) -> ListReports:
    return ListReports(pagination=pagination, filters=ReportFilters(since=start) if start else None)


def _page(answer: bytes) -> Page:
    page = decode(answer, ReportsPage)
    return Page.of(page.package_reports, page.pagination)
