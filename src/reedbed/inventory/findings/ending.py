"""Deciding which findings of a scope are over, after a run that listed all of its images. Pure.

Silence is not a fix: nothing is over while a current image of its scope has no conclusive scan.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from reedbed.inventory.findings.plan import Image, Kept, Place
from reedbed.model.inventory import Status

NO_IMAGE = "no image is left"
WITHDRAWN = "advisory withdrawn"
UPGRADED = "upgraded to"
REPLACED = "image replaced"


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that is over: `fixed` or `retired`."""

    finding: str
    status: Status
    because: str


def over(
    kept: Sequence[Kept], images: Sequence[Image], *, suppressed: Collection[str] = frozenset()
) -> list[Kept]:
    """Say which open findings of a scope are over.

    What the filters leave out proves nothing: a finding that stands there stays as it is, and so does
    everything where no other image is left. Nor is over what a rule of the source hides (`suppressed`).
    """
    current = _current(images)
    hidden = {image.asset for image in images if image.present and not image.in_scope}
    if any(not image.coverage.conclusive for image in current) or (hidden and not current):
        return []
    holding = hidden | {image.asset for image in current}
    return [
        each
        for each in kept
        if each.status.open
        and each.in_scope
        and each.finding not in suppressed
        and not any(asset in holding for asset, _ in each.standing)
    ]


def closing(ended: Kept, kept: Iterable[Kept], images: Sequence[Image], *, had: Collection[Place]) -> Closing:
    """Say how a finding ended: fixed, or retired with its last image. `had` is where it was last."""
    counting = {image.asset for image in _current(images)}
    if not counting:
        return Closing(finding=ended.finding, status=Status.RETIRED, because=NO_IMAGE)
    now = _versions(kept, counting).get(ended.facts.component, set())
    because = _because({*had, *ended.standing}, now, counting)
    return Closing(finding=ended.finding, status=Status.FIXED, because=because)


def _current(images: Iterable[Image]) -> list[Image]:
    return [image for image in images if image.present and image.current and image.in_scope]


def _versions(kept: Iterable[Kept], counting: Collection[str]) -> Mapping[str, set[str]]:
    """The versions of components that current images are known to have, by other findings."""
    versions: dict[str, set[str]] = {}
    for each in kept:
        for asset, version in each.standing:
            if asset in counting and version:
                versions.setdefault(each.facts.component, set()).add(version)
    return versions


def _because(had: Collection[Place], now: Collection[str], counting: Collection[str]) -> str:
    """An image never changes: if one that had it is there yet, or the same version is, Xray took it back."""
    still = any(asset in counting for asset, _ in had)
    if still or any(version in now for _, version in had):
        return WITHDRAWN
    return f"{UPGRADED} {', '.join(sorted(now))}" if now else REPLACED


def too_many(closings: int, open_before: int, *, share: float) -> bool:
    """Say whether so many findings would close at once that a person should look first."""
    return closings > 1 and closings > share * open_before
