"""The scenes of the second job: a platform of 200 images is read, asked, mended, told anew and exported."""

import re
from pathlib import Path
from typing import Any

import msgspec

from jfrog_standin.artifactory.storage import Item
from jfrog_standin.requestlog import Entry
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import Running
from reedbed.cli import show
from reedbed.cli.bars import bar
from reedbed.cli.demo.desk import Desk, Told
from reedbed.cli.demo.stage import Stage
from reedbed.cli.exit import Exit

NAME = "pond"
SEED = Seed(images=200, seed=5, churn=0.05, small_kb=0, large_kb=0)
"""On its next day releases come and go, and some are built again from newer packages."""

ALL_ASSETS = 'inventory:(source:"JFrog")'
ALL_FINDINGS = 'findings.vendorProductname:"JFrog Artifactory & Xray"'
"""Both as they stand on the page of the connector that Reedbed follows."""

URGENT = "container.tag:latest AND finding:(severity:critical AND applicability:applicable)"
RELEASED = "container.repository:docker-prod-local"
UNINDEXED = "docker-sandbox-local"
READS = (
    "/artifactory/api/search/aql",
    "/xray/api/v{version}/summary/artifact",
    "/xray/api/v1/artifact/status",
)
"""What is asked by POST, and changes nothing."""

MANIFESTS = ("manifest.json", "list.manifest.json")
DEFAULT_MAP, OUR_MAP = "JFrog Docker Image Asset", "Our images"
TEAM = "asset.assetDetail.typedAttributes.team"
ROW = f"""
[[rows]]
target = "{TEAM}"
expression = 'coalesce(blobConfig.config.Labels.team, "nobody")'
"""


class Pond:
    """One reading of a platform that was grown from a seed, and what is done with what was read."""

    def __init__(self, stage: Stage, desk: Desk, platform: Running, home: Path) -> None:
        self._stage = stage
        self._desk = desk
        self._platform = platform
        self._home = home
        self._found = 0  # by the first sync
        self._asked: dict[str, int] = {}  # run → its requests

    async def all(self) -> None:
        await self._connect()
        await self._read()
        await self._ask()
        await self._mend()
        await self._explain()
        await self._next_day()
        await self._remap()
        await self._export()

    async def _connect(self) -> None:
        self._stage.scene(
            "The other job", "what does a platform hold, and what is wrong with it? 200 images, only read"
        )
        address = (self._platform.url, "--ca-file", str(self._platform.ca_path))
        token = self._platform.admin_token
        added = await self._desk.reedbed(
            "connection", "add", NAME, *address, said=token, from_file="token.txt"
        )
        self._stage.claim("the five checks passed, so it is no draft", holds=added == Exit.DONE)

    async def _read(self) -> None:
        self._stage.scene("First sync", "repositories, images, and what Xray found in each of them")
        said, there = await self._sync("first sync", "full"), len(self._manifests())
        self._found = _counted(said, "found")
        self._stage.claim(
            f"all {there} manifests of the platform were listed", holds=_counted(said, "listed") == there
        )
        self._stage.claim("it asked, and changed nothing", holds=all(map(_only_reads, self._requests())))

    async def _ask(self) -> None:
        self._stage.scene("Ask", "one language for assets and findings; the first two are that page's own")
        assets, findings, urgent = await self._desk.told_all(
            ("assets", ALL_ASSETS, "--group-by", "class"),
            ("findings", ALL_FINDINGS, "--group-by", "severity"),
            ("images", URGENT, "--sort", "critical"),
        )
        different = {item.checksums for item in self._manifests()}
        self._stage.claim(
            f"these are the {len(different)} different images that lie there",
            holds=len(different) in _column(assets, "number"),
        )
        self._stage.claim("the findings are all that the sync found", holds=_all(findings) == self._found > 0)
        self._stage.claim(
            "one and the same finding is critical and applies, in what `latest` names",
            holds=len(urgent.lines) > 1 and urgent.code == Exit.DONE,
        )

    async def _mend(self) -> None:
        self._stage.scene("What to mend first", "the upgrades that remove most")
        removed = _column(await self._desk.told("fixes", "severity>=high", "--limit", "5"), "findings")
        self._stage.claim(
            "the upgrade that removes most is first",
            holds=bool(removed) and removed == sorted(removed, reverse=True),
        )

    async def _explain(self) -> None:
        self._stage.scene("Why has this image no findings?", "empty is not clean")
        _, image = await self._desk.told_all(("coverage",), ("image", self._an_unindexed_image()))
        self._stage.claim(
            "the program says why, and what to do",
            holds=any(line.startswith("No findings: ") for line in image.lines)
            and any(line.startswith("  fix: ") for line in image.lines),
        )

    async def _next_day(self) -> None:
        self._stage.scene("The next day", "images come, go and are built again; CVEs are published")
        world = self._platform.platform.world
        assert world is not None
        world.advance(1)
        delta = await self._sync("next day, delta", "delta")
        self._stage.claim(
            "the delta found what is new, and closed nothing",
            holds=_counted(delta, "found") > 0 and not _counted(delta, "fixed"),
        )
        reconciled = await self._sync("next day, reconcile", "reconcile")
        self._stage.claim(
            "what is mended closed when all was listed", holds=_counted(reconciled, "fixed") > 0
        )
        fixed = await self._desk.told("findings", "finding.status:fixed", "--group-by", "image")
        self._stage.claim("its history is kept", holds=_all(fixed) == _counted(reconciled, "fixed") > 0)
        self._draw_requests()
        first, second, *_ = self._asked.values()
        self._stage.claim("the delta asked a fifth of the first sync, or less", holds=5 * second <= first)

    async def _remap(self) -> None:
        self._stage.scene("A map of one's own", "what becomes of JFrog's records is a table that people edit")
        await self._desk.reedbed("map", "clone", DEFAULT_MAP, OUR_MAP)
        edited = await self._desk.reedbed(
            "map", "edit", OUR_MAP, said=ROW, from_file="rows.toml", editor="tee -a"
        )
        self._stage.claim("the next version has the row for the team", holds=edited == Exit.DONE)
        before = len(self._requests())
        preview = ("map", "preview", OUR_MAP, NAME, "--against", DEFAULT_MAP, "--limit", "2")
        await self._desk.told(*preview)
        await self._desk.reedbed("connection", "edit", NAME, "--map", f"docker-images={OUR_MAP}@2")
        replayed = await self._desk.told("map", "replay", NAME, progress=True)
        self._stage.claim(
            "every image was told anew, and JFrog was not asked",
            holds=_counted(replayed, "assets") > 0 and len(self._requests()) == before,
        )

    async def _export(self) -> None:
        self._stage.scene("Export", "for the tools that people have already")
        await self._desk.reedbed("export", "etm", RELEASED, "-o", "assets.json")
        assets = msgspec.json.decode((self._home / "assets.json").read_bytes())
        self._stage.claim(
            f"each of the {len(assets)} released images names its team", holds=all(map(_team, assets))
        )
        critical = f"{RELEASED} AND severity:critical"
        await self._desk.reedbed("export", "cyclonedx", critical, "-o", "report.cdx.json")
        self._stage.claim(
            "the report is valid by the strict schema of CycloneDX 1.6",
            holds=_valid((self._home / "report.cdx.json").read_text()),
        )

    async def _sync(self, name: str, mode: str) -> Told:
        """Read the platform, and count what it was asked."""
        before = len(self._requests())
        told = await self._desk.told("sync", "run", NAME, "--mode", mode, progress=True)
        self._asked[name] = len(self._requests()) - before
        self._stage.claim(f"{name}: it ended in order", holds=told.code in (Exit.DONE, Exit.PARTLY))
        return told

    def _draw_requests(self) -> None:
        most = max(self._asked.values())
        rows = [(name, number, bar([(number, "cyan")], most)) for name, number in self._asked.items()]
        show.table(["", "requests to JFrog", ""], rows)

    def _requests(self) -> list[Entry]:
        return self._platform.platform.log.entries()

    def _manifests(self) -> list[Item]:
        storage = self._platform.platform.artifactory
        every = [item for key in storage.storage_keys() for item in storage.items(key)]
        return [item for item in every if item.name in MANIFESTS]

    def _an_unindexed_image(self) -> str:
        """The name of an image in the repository that Xray does not index."""
        path = next(item.path for item in self._manifests() if item.repo == UNINDEXED)
        image, tag, _ = path.rsplit("/", 2)
        return f"{UNINDEXED}/{image}:{tag}"


def _only_reads(asked: Entry) -> bool:
    return asked.method in ("GET", "HEAD") or asked.route in READS


def _counted(said: Told, word: str) -> int:
    """The number before a word: 1594 of “1594 found”."""
    found = re.search(rf"\b(\d+) {word}\b", "\n".join(said.lines))
    return int(found[1]) if found else 0


def _all(said: Told) -> int:
    """How many things a table of groups counts."""
    return sum(_column(said, "number"))


def _column(said: Told, name: str) -> list[int]:
    """The numbers below a name; columns of a table stand two blanks apart."""
    rows = [re.split(r" {2,}", line) for line in said.lines]
    names = next((row for row in rows if name in row), [name])
    place = names.index(name)
    return [int(row[place]) for row in rows if len(row) > place and row[place].isdecimal()]


def _team(asset: dict[str, Any]) -> bool:
    """Whether an asset of the export says whose it is."""
    return bool(asset["asset"]["assetDetail"].get("typedAttributes", {}).get("team"))


def _valid(report: str) -> bool:
    """Ask the library that CycloneDX itself gives; it is there where Reedbed is built and tested."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(report) is None
