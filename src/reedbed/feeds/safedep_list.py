"""SafeDep's older list of analyses. It knows the last seven days only, and never says that one has changed.

So the last day is read again each time (`overlap_s`): then a verdict that a person gave later is seen.

Source: github.com/safedep/cli, poller.go: a `startFrom` more than seven days ago is an error there.
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
from reedbed.feeds.safedep_record import EDITION, read_analysis
from reedbed.feeds.safedep_wire import AnalysesPage, ListAnalyses, Pagination, decode
from reedbed.feeds.settings import SafeDepListSettings
from reedbed.feeds.site import open_session
from reedbed.model.cursor import Cursor

SCOPE = "*"
METHOD = "safedep.services.malysis.v1.MalwareAnalysisService/ListPackageAnalysisRecords"
ENTITLEMENT = (
    "The tenant needs a SafeDep plan that includes this list, Pro or above: ask whoever administers it."
)

REACH = timedelta(days=7)
MARGIN = timedelta(hours=1)
"""So much our clock and theirs may differ before the earliest moment that we ask for is too early."""


class SafeDepList:
    """The analyses that a tenant may read."""

    def __init__(self, settings: SafeDepListSettings, credentials: Credentials) -> None:
        self._settings = settings
        self._credentials = credentials
        self._basis = basis(EDITION, settings.source)

    @property
    def name(self) -> str:
        return self._settings.name

    async def read(
        self, *, since: Mapping[str, Cursor], now: datetime
    ) -> AsyncGenerator[Batch | Drained, None]:
        """Read what is new, as `Feed.read` says; its one scope is `*`.

        Raises:
            SettingsError: there are no credentials.
        """
        settings = self._settings
        access = await required(self._credentials, settings.profile, feed=settings.name)
        drain = Drain(SCOPE, since.get(SCOPE), basis=self._basis, now=now)
        newest, earliest = drain.before.watermark, now - (REACH - MARGIN)
        start = max(earliest, newest - timedelta(seconds=settings.overlap_s)) if newest else earliest
        async with open_session(settings) as session:
            method = Method(session, settings, access, path=METHOD, entitlement=ENTITLEMENT)
            listing = self._listing(method, drain, start, now)
            async with aclosing(listing.batches()) as batches:
                async for batch in batches:
                    yield batch
        overlapped = newest is not None and start < newest
        yield drain.drained({}, *_gap(newest, earliest), *listing.warnings(overlapped=overlapped))

    def _listing(self, method: Method, drain: Drain, start: datetime, now: datetime) -> Listing:
        return Listing(
            method,
            drain,
            request=partial(_request, start),
            page=_page,
            record=partial(read_analysis, feed=self.name, now=now),
            now=now,
        )


def _request(start: datetime, pagination: Pagination) -> ListAnalyses:
    return ListAnalyses(start_from=start, pagination=pagination)


def _page(answer: bytes) -> Page:
    page = decode(answer, AnalysesPage)
    return Page.of(page.records, page.pagination)


def _gap(newest: datetime | None, earliest: datetime) -> tuple[str, ...]:
    if newest is None or newest >= earliest:
        return ()
    lost = f"{newest:%Y-%m-%d %H:%M} to {earliest:%Y-%m-%d %H:%M} UTC"
    days = (earliest - newest).total_seconds() / 86_400
    return (f"{days:.1f} days ({lost}) can't be read from this list any more, which reaches back seven days",)
