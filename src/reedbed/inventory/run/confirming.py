"""Asking after scans whose answers are in doubt, so often at most. Acts."""

import asyncio
from collections.abc import Sequence

from reedbed.errors import ReedbedError
from reedbed.inventory.findings.observed import vulnerability_key
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.coverage import NOTHING_SAID, Before, concluded, doubtful, its_turn
from reedbed.inventory.run.image import Image
from reedbed.jfrog.scan_status import Told, scan_status
from reedbed.jfrog.summary import Answer
from reedbed.jfrog.watching import Watching
from reedbed.store.inventory import looks

MOST = 500
"""So many scans are asked after in one run, by one worker; the rest waits for the next."""


class Confirming:
    """Asks after scans for one run."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._left = MOST
        self._indexed: asyncio.Task[frozenset[str] | None] | None = None

    async def settle(self, images: Sequence[Image]) -> None:
        """Let each image's answer say what it is worth."""
        sync = self._sync
        asked = [image for image in images if image.answer]
        known = await sync.db.read(looks.before, [(image.scope, image.asset) for image in asked])
        await asyncio.gather(*(self._settle(image, _before(image, known)) for image in asked))

    async def _settle(self, image: Image, before: Before) -> None:
        assert image.answer
        if not self._is_doubtful(image, image.answer, before):
            if image.answer.coverage in NOTHING_SAID:
                image.answer = concluded(image.answer, None, before, indexed=None)
            return
        silent = image.answer.coverage in NOTHING_SAID
        indexed = await self._is_indexed(image) if silent else None
        told = None if indexed is False else await self._ask(image)
        image.answer = concluded(image.answer, told, before, indexed=indexed)

    def _is_doubtful(self, image: Image, answer: Answer, before: Before) -> bool:
        return doubtful(
            answer,
            before,
            _has(answer),
            thorough=self._sync.mode in (Mode.FULL, Mode.RETRY),
            turn=its_turn(image.asset, self._sync.started_at.date()),
        )

    async def _ask(self, image: Image) -> Told | None:
        if not self._left:
            return None
        self._left -= 1
        first = image.listed[0]
        return await scan_status(self._sync.jfrog, first.repository, first.file)

    async def _is_indexed(self, image: Image) -> bool | None:
        """Say whether Xray indexes an image's repository; None: the token may not know."""
        if self._indexed is None:
            self._indexed = asyncio.create_task(self._list_indexed())
        keys = await asyncio.shield(self._indexed)
        return None if keys is None else image.scope.repository in keys

    async def _list_indexed(self) -> frozenset[str] | None:
        try:
            indexing = await Watching(self._sync.jfrog).indexing()
        except ReedbedError:
            return None
        return frozenset(name for repo in indexing.indexed_repos or () for name in repo.names)


def _before(image: Image, known: looks.Looked) -> Before:
    coverage, reason, places = known.get((image.scope, image.asset), (None, None, frozenset()))
    return Before(coverage=coverage, reason=reason, places=places)


def _has(answer: Answer) -> set[tuple[str, str, str]]:
    return {
        (vulnerability_key(each), each.component, found.version or "")
        for each in answer.vulnerabilities
        for found in each.found
    }
