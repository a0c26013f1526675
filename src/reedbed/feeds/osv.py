"""A feed of OSV records, wherever they lie."""

import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from reedbed.errors import ReedbedError
from reedbed.feeds.draining import Drain
from reedbed.feeds.feed import Batch, Drained
from reedbed.feeds.osv_archive import EMPTY, read_ecosystem
from reedbed.feeds.osv_files import layout, read_files
from reedbed.feeds.osv_record import EDITION, Taking
from reedbed.feeds.settings import OsvSettings
from reedbed.feeds.site import open_site
from reedbed.model.cursor import Cursor

BLOCKABLE = ("npm", "PyPI", "Go", "crates.io", "Maven", "NuGet", "RubyGems", "Packagist")
"""The ecosystems of OSV whose packages Xray can block."""

BASIS = "basis"
"""The validator that says what a cursor is a cursor of: another source or reading starts anew."""


class Osv:
    """OSV records from an archive over HTTP, a zip, a folder or a git checkout, as the settings say."""

    def __init__(self, settings: OsvSettings) -> None:
        self._settings = settings
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
            for drain, reading in await self._scopes(stack, since, now):
                try:
                    async for each in reading:
                        yield self._based(each)
                except ReedbedError as error:
                    failed.append(_about(error, drain.scope, self.name))
        if failed:
            raise _worst(failed)

    async def _scopes(
        self, stack: AsyncExitStack, since: Mapping[str, Cursor], now: datetime
    ) -> list[tuple[Drain, AsyncGenerator[Batch | Drained, None]]]:
        settings, taking = self._settings, self._taking

        def drain(scope: str) -> Drain:
            return Drain(scope, self._known(since.get(scope)), now=now)

        if not settings.remote:
            places = layout(Path(settings.source))
            return [
                ((each := drain(scope)), read_files(path, each, taking, settings))
                for scope, path in places.items()
            ]
        site = await stack.enter_async_context(open_site(settings, concurrency=settings.concurrency))
        return [
            ((each := drain(scope)), read_ecosystem(site, each, taking, settings))
            for scope in dict.fromkeys((*(settings.ecosystems or BLOCKABLE), EMPTY))
        ]

    def _known(self, cursor: Cursor | None) -> Cursor:
        if cursor is None or cursor.validators.get(BASIS, self._basis) != self._basis:
            return Cursor()
        return cursor

    def _based(self, each: Batch | Drained) -> Batch | Drained:
        if isinstance(each, Batch):
            return each
        validators = {**each.cursor.validators, BASIS: self._basis}
        return Drained(
            scope=each.scope,
            cursor=Cursor(watermark=each.cursor.watermark, validators=validators),
            records=each.records,
            unchanged=each.unchanged,
            warnings=each.warnings,
        )

    @property
    def _basis(self) -> str:
        settings = self._settings
        meant = (EDITION, settings.source, *settings.id_prefixes, "", *settings.ecosystems)
        return hashlib.sha256(
            "\0".join((*meant, settings.verdict, settings.confidence)).encode()
        ).hexdigest()[:16]


def _about(error: ReedbedError, scope: str, feed: str) -> ReedbedError:
    error.add_note(f"feed {feed}, scope {scope}")
    return error


def _worst(failed: Sequence[ReedbedError]) -> ReedbedError:
    """The first error stands for all; the others are named in its reason."""
    first = failed[0]
    if len(failed) > 1:
        others = "; ".join(f"{error.what} ({error.why})" for error in failed[1:4])
        first.why = f"{first.why}. {len(failed) - 1} more failed: {others}"[:1_000]
    return first
