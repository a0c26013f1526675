"""Hints: that something may have changed at a place. Whether it did, JFrog is asked."""

from enum import StrEnum

import msgspec


class Source(StrEnum):
    """Who tells: each has a secret of its own."""

    ARTIFACTORY = "artifactory"  # its event service
    XRAY = "xray"  # the webhooks of its policies


class Hint(msgspec.Struct, frozen=True):
    """An image that is worth a look."""

    repository: str  # as the event names it: of a remote maybe its cache
    path: str  # the image's, without its tag
    tag: str  # or "sha256:…", where it is there by its digest
    event: str  # what was told: "docker.pushed"


def everything(event: str) -> Hint:
    """Hint at no image in particular: too many were told of at once."""
    return Hint("", "", "", event)
