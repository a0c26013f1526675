"""The maps that Reedbed comes with. What was released is never changed: a new version is a new file."""

from functools import cache
from importlib.resources import files

from reedbed.inventory.transform.document import Document, read_document

IMAGE = "JFrog Docker Image Asset"
REPOSITORY = "JFrog Repository Asset"
VULNERABILITY = "JFrog Docker Image Vulnerability"

FILES = {
    (IMAGE, 1): "image.v1.toml",
    (REPOSITORY, 1): "repository.v1.toml",
    (VULNERABILITY, 1): "vulnerability.v1.toml",
}
"""By name and version; the names are those of the seed's page."""


def text(name: str, version: int) -> str | None:
    """Give a built-in map as it is written; None: there is none such."""
    file = FILES.get((name, version))
    return (files(__name__) / file).read_text(encoding="utf-8") if file else None


@cache
def document(name: str, version: int) -> Document | None:
    written = text(name, version)
    return None if written is None else read_document(written)


def newest(name: str) -> int | None:
    """Give the newest version of a built-in map; None: the name is not one of theirs."""
    return max((version for known, version in FILES if known == name), default=None)
