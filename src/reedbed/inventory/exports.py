"""What exports draw from: the store, some rows at a time, with the words of advisories. Acts."""

from collections.abc import AsyncIterator, Sequence

import msgspec
from msgspec.structs import replace

from reedbed.model.exports import Asset, Finding, Text
from reedbed.model.records import TEXT
from reedbed.store.database import Database
from reedbed.store.inventory import exports as store
from reedbed.store.inventory import landed
from reedbed.store.inventory.exports import Condition

PAGE = 500
DETAILED_PAGE = 20
"""Assets whose findings, up to some thousands each, are in memory together."""


class Stored:
    """The findings and assets that a query asks for; by default those that stand."""

    def __init__(
        self,
        db: Database,
        *,
        findings: Condition = store.standing,
        assets: Condition = store.present,
        every_asset: bool = True,
    ) -> None:
        self._db = db
        self._findings = findings
        self._assets = assets
        self._every_asset = every_asset

    async def findings(self, *, texts: bool = False) -> AsyncIterator[Sequence[Finding]]:
        after: Finding | None = None
        while page := await self._db.read(store.findings, self._findings, after=after, limit=PAGE):
            after = page[-1]
            yield await self._told(page) if texts else page

    async def assets(self, *, details: bool = False) -> AsyncIterator[Sequence[Asset]]:
        limit = DETAILED_PAGE if details else PAGE
        after: Asset | None = None
        while page := await self._db.read(store.assets, self._assets, after=after, limit=limit):
            after = page[-1]
            yield await self._detailed(page) if details else page

    async def _detailed(self, page: Sequence[Asset]) -> list[Asset]:
        filled = await self._db.read(store.with_findings, page, self._findings)
        told = {each.id: each for each in await self._told([f for asset in filled for f in asset.findings])}
        return [
            replace(asset, findings=tuple(replace(told[f.id], places=f.places) for f in asset.findings))
            for asset in filled
            if asset.findings or self._every_asset
        ]

    async def _told(self, page: Sequence[Finding]) -> list[Finding]:
        bodies = await self._db.read(landed.texts, {each.text for each in page if each.text})
        texts = {digest: text_of(body) for digest, body in bodies.items()}
        return [replace(each, advisory=texts.get(each.text, Text())) for each in page]


def text_of(body: bytes) -> Text:
    """Read a landed text: the advisory's part of a record, as a list in the order of `records.TEXT`."""
    told = dict(zip(TEXT, msgspec.json.decode(body), strict=True))
    extended = told["extended_information"] or {}
    remediation = extended.get("remediation")
    return Text(
        summary=told["summary"] or "",
        description=told["description"] or "",
        cwe=tuple(told["cwe"] or ()),
        cvss_v3=told["cvss_v3"],
        references=tuple(told["references"] or ()),
        provider=told["provider"] or "",
        remediation=remediation if isinstance(remediation, str) else "",
    )
