"""The rules of identity, coverage and lifecycle once more, as plainly as they can be said: sets and a loop.

Nothing here is taken from Reedbed but its words. A scope is "repository/path"; an image is its content.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Literal

import msgspec

from inventory.pond import Flaw, Key, View
from reedbed.model.inventory import Lifecycle, Status

Tag = tuple[str, str, str]  # repository, path, tag
Scan = Literal["done", "partial", "lost"]


class World(msgspec.Struct):
    """What the platform is like today."""

    tags: dict[Tag, str] = {}  # → content
    flaws: dict[str, tuple[Flaw, ...]] = {}  # content → what Xray knows
    scans: dict[str, Scan] = {}  # content → how far; "done" where it is not said
    away: set[str] = set()  # repositories that the token does not see today
    refused: str | None = None  # the repository whose files can't be listed today
    left_out: str | None = None  # by the filters: a repository, or a path


class Known(msgspec.Struct):
    """A finding, as it should be kept."""

    status: Status
    places: set[tuple[str, str]]  # (content, version)
    seen_in: int
    in_scope: bool = True
    reopened: int = 0
    images: int = 0


class Rules:
    """What Reedbed should know after each complete reading of a world."""

    def __init__(self, repositories: Collection[str]) -> None:
        self.runs = 0
        self.repositories = dict.fromkeys(repositories, 0)  # complete lists in a row that lack it
        self.deleted: set[str] = set()
        self.away: set[str] = set()
        self.tags: dict[Tag, str] = {}
        self.in_scope: dict[Tag, bool] = {}
        self.scopes: set[str] = set()
        self.scans: dict[str, Scan] = {}  # of the newest look
        self.findings: dict[Key, Known] = {}

    def read(self, world: World) -> None:
        """Read everything, as a full run does."""
        self.runs += 1
        self._list(world)
        answers = self._look(world)
        for scope in sorted(self.scopes):
            self._observe(scope, answers.get(scope, {}))
        if world.refused is None:
            for scope in sorted(self.scopes):
                self._close(scope)

    def views(self) -> dict[Key, View]:
        return {
            key: View(
                status=each.status,
                in_scope=each.in_scope,
                reopened=each.reopened,
                images=each.images,
                places=frozenset(each.places),
            )
            for key, each in self.findings.items()
        }

    def lifecycles(self) -> dict[str, Lifecycle]:
        """Of images that have a place."""
        found: dict[str, set[Lifecycle]] = {}
        for tag, content in self.tags.items():
            here = Lifecycle.UNAVAILABLE if tag[0] in self.away else Lifecycle.PRESENT
            found.setdefault(content, set()).add(here if self.in_scope[tag] else Lifecycle.OUT_OF_SCOPE)
        best_first = (Lifecycle.PRESENT, Lifecycle.UNAVAILABLE, Lifecycle.OUT_OF_SCOPE)
        return {
            content: next(each for each in best_first if each in several)
            for content, several in found.items()
        }

    # Listing

    def _list(self, world: World) -> None:
        for repository in self.repositories:
            if repository in world.away:
                self._miss(repository)
                continue
            self.repositories[repository] = 0
            self.deleted.discard(repository)
            self.away.discard(repository)
            if repository == world.left_out:
                self._mark(repository, in_scope=False)
            elif repository == world.refused:
                self.away.add(repository)
            else:
                self._list_tags(repository, world)

    def _miss(self, repository: str) -> None:
        if repository in self.deleted:
            return
        self.repositories[repository] += 1
        self.away.add(repository)
        if self.repositories[repository] == 2:
            self.away.discard(repository)
            self.deleted.add(repository)
            self.tags = {tag: content for tag, content in self.tags.items() if tag[0] != repository}

    def _list_tags(self, repository: str, world: World) -> None:
        self.tags = {tag: content for tag, content in self.tags.items() if tag[0] != repository}
        self.tags |= {tag: content for tag, content in world.tags.items() if tag[0] == repository}
        self.scopes |= {f"{repo}/{path}" for repo, path, _ in self.tags}
        self._mark(repository, in_scope=True)
        for tag in self.tags:
            if tag[0] == repository and tag[1] == world.left_out:
                self.in_scope[tag] = False

    def _mark(self, repository: str, *, in_scope: bool) -> None:
        self.in_scope |= {tag: in_scope for tag in self.tags if tag[0] == repository}

    # Looking

    def _look(self, world: World) -> dict[str, dict[str, tuple[Flaw, ...]]]:
        """Ask Xray of what is in scope and not away: what is indexed is told wherever it lies."""
        answers: dict[str, dict[str, tuple[Flaw, ...]]] = {}
        for tag, content in self.tags.items():
            if tag[0] in self.away or not self.in_scope[tag]:
                continue
            self.scans[content] = world.scans.get(content, "done")
            if self.scans[content] != "lost":
                answers.setdefault(f"{tag[0]}/{tag[1]}", {})[content] = world.flaws.get(content, ())
        return answers

    # Findings

    def _observe(self, scope: str, answers: Mapping[str, tuple[Flaw, ...]]) -> None:
        placed = self._placed(scope)
        seen: dict[Key, set[tuple[str, str]]] = {}
        for content, flaws in answers.items():
            for flaw in flaws:
                key = (scope, flaw.key, f"pkg:npm/{flaw.package}")
                seen.setdefault(key, set()).add((content, flaw.version))
        for key, places in seen.items():
            self._see(key, places)
        for key, known in self._of(scope):
            known.places -= {
                place
                for place in known.places
                if place[0] not in placed
                or (
                    place[0] in answers
                    and self.scans[place[0]] == "done"
                    and place not in seen.get(key, set())
                )
            }
            known.in_scope = not known.places or any(placed[content] for content, _ in known.places)
            known.images = len({content for content, _ in known.places if placed[content]})

    def _see(self, key: Key, places: set[tuple[str, str]]) -> None:
        if key not in self.findings:
            self.findings[key] = Known(status=Status.NEW, places=set(places), seen_in=self.runs)
            return
        known = self.findings[key]
        known.reopened += known.status is Status.FIXED
        known.status = Status.REOPENED if known.status is Status.FIXED else Status.ACTIVE
        known.places |= places
        known.seen_in = self.runs

    def _close(self, scope: str) -> None:
        placed = self._placed(scope)
        repository = scope.partition("/")[0]
        if any(
            in_scope and (self.scans.get(c) != "done" or repository in self.away)
            for c, in_scope in placed.items()
        ):
            return
        if placed and not any(placed.values()):
            return
        for _, known in self._of(scope):
            if known.status.open and known.in_scope and not known.places:
                known.status = Status.FIXED if placed else Status.RETIRED
                known.images = 0

    def _placed(self, scope: str) -> dict[str, bool]:
        """The contents that a scope has, and whether one of their tags is in scope."""
        placed: dict[str, bool] = {}
        for tag, content in self.tags.items():
            if f"{tag[0]}/{tag[1]}" == scope:
                placed[content] = placed.get(content, False) or self.in_scope[tag]
        return placed

    def _of(self, scope: str) -> Iterator[tuple[Key, Known]]:
        return ((key, known) for key, known in self.findings.items() if key[0] == scope)
