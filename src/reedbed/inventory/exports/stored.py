"""What exports draw from: the store, some rows at a time, with the words of advisories. Acts."""

from collections.abc import AsyncIterator, Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from reedbed.inventory.connection.connections import scope_of
from reedbed.inventory.exports.in_images import made_in
from reedbed.inventory.transform import TransformMap, known_maps
from reedbed.model.exports import Asset, Finding, Text
from reedbed.model.inventory import Stream
from reedbed.model.records import TEXT
from reedbed.store.database import Database
from reedbed.store.inventory import connections, landed, mapped_texts
from reedbed.store.inventory import exports as store
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
        page: int = PAGE,
        detailed_page: int = DETAILED_PAGE,
    ) -> None:
        self._db = db
        self._findings = findings
        self._assets = assets
        self._every_asset = every_asset
        self._page = page
        self._detailed_page = detailed_page
        self._maps: dict[str, TransformMap] | None = None

    async def findings(self, *, texts: bool = False) -> AsyncIterator[Sequence[Finding]]:
        after: Finding | None = None
        while page := await self._db.read(store.findings, self._findings, after=after, limit=self._page):
            after = page[-1]
            yield await self._told(page) if texts else page

    async def assets(self, *, details: bool = False) -> AsyncIterator[Sequence[Asset]]:
        limit = self._detailed_page if details else self._page
        after: Asset | None = None
        while page := await self._db.read(store.assets, self._assets, after=after, limit=limit):
            after = page[-1]
            yield await self._detailed(page) if details else page

    async def _detailed(self, page: Sequence[Asset]) -> list[Asset]:
        filled = await self._db.read(store.with_findings, page, self._findings)
        found = {f.id: f for asset in filled for f in asset.findings}
        told = {each.id: each for each in await self._mapped(await self._told(list(found.values())))}
        if self._maps is None:
            self._maps = await self._db.read(compiled_maps)
        made = await self._db.read(made_in, filled, self._maps)

        def here(asset: Asset, finding: Finding) -> Finding:
            mapped = made.get((asset.id, finding.id)) or told[finding.id].mapped
            return replace(told[finding.id], places=finding.places, mapped=mapped)

        return [
            replace(asset, findings=tuple(here(asset, finding) for finding in asset.findings))
            for asset in filled
            if asset.findings or self._every_asset
        ]

    async def _mapped(self, page: Sequence[Finding]) -> list[Finding]:
        """Add what the connections' maps made of advisories' texts, which is kept once for all findings."""
        maps = await self._db.read(vulnerability_maps)
        wanted: dict[str, set[str]] = {}
        for each in page:
            if each.connection in maps and each.text:
                wanted.setdefault(maps[each.connection], set()).add(each.text)
        made = {name: await self._db.read(mapped_texts.of, name, texts) for name, texts in wanted.items()}
        return [
            replace(
                each, mapped={**made.get(maps.get(each.connection, ""), {}).get(each.text, {}), **each.mapped}
            )
            for each in page
        ]

    async def _told(self, page: Sequence[Finding]) -> list[Finding]:
        bodies = await self._db.read(landed.texts, {each.text for each in page if each.text})
        texts = {digest: text_of(body) for digest, body in bodies.items()}
        return [replace(each, advisory=texts.get(each.text, Text())) for each in page]


def vulnerability_maps(connection: Connection) -> dict[str, str]:
    """Say which map shapes each connection's vulnerabilities: connection → `name@version`."""
    scopes = {each.name: scope_of(each) for each in connections.list_all(connection)}
    return {
        name: scope.maps[Stream.VULNERABILITIES]
        for name, scope in scopes.items()
        if Stream.VULNERABILITIES in scope.maps
    }


def compiled_maps(connection: Connection) -> dict[str, TransformMap]:
    """Make those maps ready to run, by connection.

    Raises:
        SettingsError: one is not there.
        MapInvalid: one does not fit the models of this release.
    """
    maps = vulnerability_maps(connection)
    ready = {name: known_maps.compiled(connection, name) for name in set(maps.values())}
    return {connection: ready[name] for connection, name in maps.items()}


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
