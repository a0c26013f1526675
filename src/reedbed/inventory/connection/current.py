"""Which tags make an image current, by a connection's policy. Pure.

Current images alone open findings, and only while one of them has a finding it stays open. By default every
tag counts. What a policy leaves out is listed and read all the same: it is known, and proves nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import msgspec

from reedbed.inventory.connection.patterns import admits_tag, check_tags


class Current(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a tag has to be to count; all that is said must hold.

    Raises:
        ValueError: a pattern is too long or none, there are too many, or a number is none.
    """

    newest_tags: int | None = None  # one of so many of its image, of those that `tags` name
    tags: tuple[str, ...] = ()  # patterns, as those of filters
    not_tags: tuple[str, ...] = ()
    used_within_days: float | None = None  # uploaded or downloaded no longer ago

    def __post_init__(self) -> None:
        check_tags(self.tags)
        check_tags(self.not_tags)
        if self.newest_tags is not None and self.newest_tags < 1:
            raise ValueError("of each image at least one tag is current")
        if self.used_within_days is not None and not self.used_within_days > 0:
            raise ValueError("an age is more than no days")


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy asks of a tag."""

    repository: str
    path: str
    tag: str
    uploaded_at: datetime | None


def judged(
    policy: Current, tags: Collection[Tag], used: Collection[tuple[str, str]] | None, *, now: datetime
) -> dict[Tag, bool | None]:
    """Say of each tag whether it is current; None: that hangs on downloads, which are not known.

    `tags` are all those of their images; `used` are the (path, tag) that were downloaded lately, in the one
    repository that is spoken of.
    """
    named = [each for each in tags if admits_tag(each.tag, policy.tags, policy.not_tags)]
    counting = newest(policy.newest_tags, named)
    return {each: _is_used(policy, each, used, now) if each in counting else False for each in tags}


def newest(number: int | None, tags: Iterable[Tag]) -> set[Tag]:
    """Give the newest tags of each image, by when they were uploaded; None: all."""
    if number is None:
        return set(tags)
    by_path: dict[tuple[str, str], list[Tag]] = defaultdict(list)
    for each in tags:
        by_path[each.repository, each.path].append(each)
    return {each for some in by_path.values() for each in sorted(some, key=_age)[:number]}


def _age(tag: Tag) -> tuple[bool, float, str]:
    """Order the newest first; those that nobody dates come last."""
    at = tag.uploaded_at
    return at is None, -at.timestamp() if at else 0.0, tag.tag


def _is_used(
    policy: Current, tag: Tag, used: Collection[tuple[str, str]] | None, now: datetime
) -> bool | None:
    days = policy.used_within_days
    if days is None or tag.uploaded_at is None or now - tag.uploaded_at <= timedelta(days=days):
        return True
    return None if used is None else (tag.path, tag.tag) in used


def written(policy: Current) -> list[str]:
    """Say in words what counts."""
    said = {
        "newest tags": policy.newest_tags,
        "tags": ", ".join(policy.tags),
        "not tags": ", ".join(policy.not_tags),
        "used within days": policy.used_within_days,
    }
    return [
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in said.items()
        if value
    ]
