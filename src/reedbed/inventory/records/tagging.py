"""Which properties and labels become tags. Pure."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from reedbed.inventory.records.redact import redacted_names

OWN = ("docker.manifest*", "docker.repoName", "docker.label.*", "sha256", "oci.*", "artifactory.*", "trash.*")
"""Properties that Artifactory writes for itself; labels are read from the image."""


class TagRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes a tag; patterns know `*` and `?`. Naming nothing lets all in that is not denied."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = OWN
    longest_value: int = 256  # characters; of a longer value the beginning is kept
    most: int = 100  # of one source on one asset at one place

    def __post_init__(self) -> None:
        if not (0 < self.longest_value <= 400 and 0 < self.most <= 1_000):
            raise ValueError(
                "a tag has 1 to 400 characters, and there are 1 to 1,000 of a source on an asset"
            )

    def tags(self, told: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
        """Choose the tags among a source's names and values; what looks like a secret is hidden."""
        chosen = [
            (key, self._short(value))
            for key in sorted(told)
            if self._lets_in(key)
            for value in sorted({*_hidden(key, told[key])})
        ]
        return chosen[: self.most]

    def _lets_in(self, key: str) -> bool:
        named = not self.allow or any(fnmatchcase(key, pattern) for pattern in self.allow)
        return bool(key) and named and not any(fnmatchcase(key, pattern) for pattern in self.deny)

    def _short(self, value: str) -> str:
        return value if len(value) <= self.longest_value else value[: self.longest_value - 1] + "…"


def _hidden(key: str, values: Iterable[str]) -> Iterable[str]:
    for value in values:
        yield from (str(each) for each in redacted_names({key: value}).values())


def labels_of(config: Mapping[str, Any] | None) -> dict[str, tuple[str, ...]]:
    """Give the labels in an image's configuration."""
    inner = (config or {}).get("config")
    labels = inner.get("Labels") if isinstance(inner, dict) else None
    if not isinstance(labels, dict):
        return {}
    return {key: (value,) for key, value in labels.items() if isinstance(value, str)}
