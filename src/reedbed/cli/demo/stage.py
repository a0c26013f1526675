"""Where the play is seen: scenes, what the packages' own clients get, and which claims held."""

import asyncio
from pathlib import Path

from jfrog_standin.server import Running
from reedbed.cli import show
from reedbed.cli.demo.cast import Part
from reedbed.packages.fetch import Fetched, Source, fetch

LONGEST_LINE = 160  # of what a client says


class Stage:
    """What the public of one demonstration sees."""

    def __init__(self, platform: Running, home: Path) -> None:
        self._platform = platform
        self._home = home
        self._claims: list[tuple[str, bool]] = []
        self._fetches = 0

    @property
    def held(self) -> bool:
        """Whether every claim held, and there were any."""
        return bool(self._claims) and all(holds for _, holds in self._claims)

    def scene(self, title: str, about: str) -> None:
        show.line(f"\n[bold cyan]{title}[/] [dim]· {about}[/]")

    def claim(self, text: str, *, holds: bool) -> None:
        self._claims.append((text, holds))
        show.line(f"{'[green]✓[/]' if holds else '[red]✗[/]'} {show.safe(text)}")

    def summary(self, took_s: float) -> None:
        failed = [text for text, holds in self._claims if not holds]
        show.line("")
        for text in failed:
            show.line(f"[red]✗[/] {show.safe(text)}")
        colour = "red" if failed else "green"
        kept = len(self._claims) - len(failed)
        show.line(f"[bold {colour}]{kept} of {len(self._claims)} claims held[/], in {took_s:.0f} seconds.")

    async def is_refused(self, *parts: Part) -> None:
        fetched = await asyncio.gather(*(self._fetched(part, part.flagged) for part in parts))
        for part, each in zip(parts, fetched, strict=True):
            refused = self._show(each, "flagged") == "403"
            self.claim(f"{part.name} {part.flagged} is refused with 403", holds=refused)

    async def are_clean(self, *parts: Part) -> None:
        fetched = await asyncio.gather(*(self._fetched(part, part.clean) for part in parts))
        for part, each in zip(parts, fetched, strict=True):
            served = self._show(each, "clean") == "served"
            self.claim(f"{part.name} {part.clean} can be fetched", holds=served)

    async def is_served(self, part: Part, version: str, why: str) -> None:
        served = await self.fetch(part, version, why) == "served"
        self.claim(f"{part.name} {version} can be fetched", holds=served)

    async def fetch(self, part: Part, version: str, why: str) -> str:
        """Fetch a release with its own client: `served`, `403`, or what else the client said."""
        return self._show(await self._fetched(part, version), why)

    async def _fetched(self, part: Part, version: str) -> Fetched:
        self._fetches += 1
        home = self._home / f"fetch-{self._fetches}"
        home.mkdir()
        source = Source(
            url=self._platform.url, repository=part.repository, ca_file=Path(str(self._platform.ca_path))
        )
        return await fetch(part.type, f"{part.name}@{version}", source, home)

    def _show(self, fetched: Fetched, why: str) -> str:
        show.line(f"[dim]$ {show.safe(fetched.command)}[/]  [dim italic]({why})[/]")
        if fetched.said:  # go says nothing when all is well
            show.line(f"  {show.safe(fetched.said)[:LONGEST_LINE]}")
        return "served" if fetched.ok else "403" if fetched.forbidden else fetched.said
