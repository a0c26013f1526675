"""A scope on paper: images and findings as a plan takes them, with a small store that carries plans out."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from reedbed.inventory.findings.ending import Closing, closing, over
from reedbed.inventory.findings.plan import (
    Changes,
    Event,
    Facts,
    Image,
    Kept,
    Observed,
    Occurrence,
    Place,
    Update,
    observe,
)
from reedbed.model.inventory import Applicability, Coverage, FindingType, Severity


def facts(
    vulnerability: str = "CVE-1",
    *,
    component: str = "pkg:npm/a",
    severity: str = "HIGH",
    issue: str = "XRAY-1",
) -> Facts:
    return Facts(
        type=FindingType.VULNERABILITY,
        vulnerability=vulnerability,
        component=component,
        package_type="npm",
        issue=issue,
        severity=Severity[severity],
        source_severity=severity,
        title=f"{vulnerability} in {component}",
    )


def seen(
    of: Facts, *versions: str, fixed: tuple[str, ...] = (), applicability: Applicability | None = None
) -> Observed:
    """What an answer has of a finding, in versions of its component."""
    return Observed(
        finding=f"{of.vulnerability} {of.component}",
        facts=of,
        occurrences=tuple(
            Occurrence(version=version, fixed_versions=fixed, applicability=applicability)
            for version in versions or ("1.0.0",)
        ),
    )


class OnPaper:
    """One scope from run to run."""

    def __init__(self) -> None:
        self.images: dict[str, Image] = {}
        self.kept: dict[str, Kept] = {}
        self.last: dict[str, set[Place]] = {}
        self.events: list[Event] = []
        self.reopened: dict[str, int] = {}
        self.runs = 0

    def put(self, name: str, **changed: Any) -> None:
        """Let an image be there, or be otherwise."""
        before = self.images.get(name, Image(asset=name, current=True))
        self.images[name] = msgspec.structs.replace(before, **changed)

    def look(
        self, answers: Mapping[str, Sequence[Observed]], *, coverage: Coverage = Coverage.SCANNED
    ) -> Changes:
        """Take in what a run's answers say; the other images are not looked at."""
        self.runs += 1
        for name in answers:
            self.put(name, coverage=coverage)
        images = [
            msgspec.structs.replace(image, answer=tuple(answers[name])) if name in answers else image
            for name, image in self.images.items()
        ]
        changes = observe(list(self.kept.values()), images, run=f"run-{self.runs}")
        self._carry_out(changes)
        again = observe(list(self.kept.values()), images, run=f"run-{self.runs}")
        assert (again.updates, again.appeared, again.gone, again.events) == ((), (), (), ())
        return changes

    def end(self) -> dict[str, Closing]:
        """Close what is over, as after a complete run."""
        kept, images = list(self.kept.values()), list(self.images.values())
        ended = [closing(e, kept, images, had=self.last.get(e.finding, ())) for e in over(kept, images)]
        for each in ended:
            self.kept[each.finding] = msgspec.structs.replace(
                self.kept[each.finding], status=each.status, images=0
            )
        return {each.finding: each for each in ended}

    def kinds(self, finding: str) -> list[str]:
        return [event.kind for event in self.events if event.finding == finding]

    def _carry_out(self, changes: Changes) -> None:
        for old, new in changes.rekeyed:
            moved = self.kept.pop(old)
            there = self.kept.get(new, msgspec.structs.replace(moved, finding=new))
            standing_too = {**moved.standing, **there.standing}
            self.kept[new] = msgspec.structs.replace(there, standing=standing_too)
        standing = {finding: dict(each.standing) for finding, each in self.kept.items()}
        for finding, asset, occurrence in changes.appeared:
            standing.setdefault(finding, {})[asset, occurrence.version] = occurrence
        gone: dict[str, set[Place]] = {}
        for finding, asset, version in changes.gone:
            standing[finding].pop((asset, version))
            gone.setdefault(finding, set()).add((asset, version))
        self.last |= gone
        for update in changes.updates:
            self.kept[update.finding] = _kept(update, standing.get(update.finding, {}))
            self.reopened[update.finding] = self.reopened.get(update.finding, 0) + update.reopened
        for finding in changes.seen:
            self.kept[finding] = msgspec.structs.replace(self.kept[finding], last_run=f"run-{self.runs}")
        self.events += changes.events


def _kept(update: Update, standing: Mapping[Place, Occurrence]) -> Kept:
    fields = {name: getattr(update, name) for name in Kept.__struct_fields__ if name != "standing"}
    return Kept(**fields, standing=standing)
