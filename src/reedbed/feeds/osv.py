"""A feed of OSV records, wherever they lie."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from datetime import datetime
from pathlib import Path

from reedbed.errors import ReedbedError
from reedbed.feeds.draining import Drain, basis
from reedbed.feeds.feed import Batch, Drained
from reedbed.feeds.osv_archive import EMPTY, read_ecosystem
from reedbed.feeds.osv_files import layout, read_files
from reedbed.feeds.osv_record import EDITION, Taking
from reedbed.feeds.settings import OsvSettings
from reedbed.feeds.site import NotListening, open_site
from reedbed.model.cursor import Cursor

BLOCKABLE = ("npm", "PyPI", "Go", "crates.io", "Maven", "NuGet", "RubyGems", "Packagist")
"""The ecosystems of OSV whose packages Xray can block."""


class Osv:
    """OSV records from an archive over HTTP, a zip, a folder or a git checkout, as the settings say."""

    def __init__(self, settings: OsvSettings) -> None:
        self._settings = settings
        trust = (settings.verdict, settings.confidence)
        self._basis = basis(EDITION, settings.source, *trust, *settings.id_prefixes, "", *settings.ecosystems)
        self._taking = Taking(
            feed=settings.name,
            id_prefixes=settings.id_prefixes,
            ecosystems=frozenset(each.partition(":")[0].lower() for each in settings.ecosystems),
            verdict=settings.verdict,
            confidence=settings.confidence,
        )

    @property
    def name(self) -> str:
        return self._settings.name

    async def read(
        self, *, since: Mapping[str, Cursor], now: datetime
    ) -> AsyncGenerator[Batch | Drained, None]:
        """Read what is new, as `Feed.read` says. The scopes are ecosystems, or `*` for all in one."""
        failed: list[ReedbedError] = []
        async with AsyncExitStack() as stack:
            for reading in await self._scopes(stack, since, now):
                try:
                    async with aclosing(reading):
                        async for each in reading:
                            yield each
                except NotListening as error:  # nor will it be for the other scopes
                    failed.append(error)
                    break
                except ReedbedError as error:
                    failed.append(error)
        if failed:
            raise _worst(failed)

    async def _scopes(
        self, stack: AsyncExitStack, since: Mapping[str, Cursor], now: datetime
    ) -> list[AsyncGenerator[Batch | Drained, None]]:
        settings, taking = self._settings, self._taking

        def drain(scope: str) -> Drain:
            return Drain(scope, since.get(scope), basis=self._basis, now=now)

        if not settings.remote:
            places = layout(Path(settings.source))
            return [read_files(path, drain(scope), taking, settings) for scope, path in places.items()]
        site = await stack.enter_async_context(open_site(settings, concurrency=settings.concurrency))
        return [
            read_ecosystem(site, drain(scope), taking, settings)
            for scope in dict.fromkeys((*(settings.ecosystems or BLOCKABLE), EMPTY))
        ]


def _worst(failed: Sequence[ReedbedError]) -> ReedbedError:
    """The first error stands for all; the others are named in its reason."""
    first = failed[0]
    if len(failed) > 1:
        others = "; ".join(f"{error.what} ({error.why})" for error in failed[1:4])
        first.why = f"{first.why}. {len(failed) - 1} more failed: {others}"[:1_000]
    return first
