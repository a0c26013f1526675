"""The pages of a PyPI simple index: written as HTML or JSON, and read from an upstream in either form. Pure.

Sources: PEP 503 (HTML), PEP 592 (yanked), PEP 658 and 714 (metadata), PEP 691 and 700 (JSON).
"""

import hashlib
import re
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urldefrag, urljoin, urlsplit

import msgspec

JSON_PAGE = "application/vnd.pypi.simple.v1+json"

HASH_FOLDERS = re.compile(r"/([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{60})/[^/]+$")


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a project."""

    file: str
    url: str  # the upstream's, or for a local file its path in the repository
    sha256: str = ""
    requires_python: str = ""
    yanked: str | None = None  # the reason, which may be empty; None: it is not
    metadata: str | None = None  # the SHA-256 of a wheel's metadata, empty if not known; None: there is none
    version: str = ""  # told only together with the upload time
    size: int | None = None  # bytes
    uploaded: str = ""  # "2026-01-02T03:04:05.000000Z"

    @property
    def cache_path(self) -> str:
        """Where a remote keeps it: `<first 2>/<next 2>/<rest>/<file>` of a hash.

        The hash is the one in the upstream's own folders, else the file's, else the URL's.
        """
        found = HASH_FOLDERS.search(urlsplit(self.url).path)
        digest = self.sha256 or hashlib.sha256(self.url.encode()).hexdigest()
        folders = found.groups() if found else (digest[:2], digest[2:4], digest[4:])
        return "/".join((*folders, self.file))


def html_page(title: str, links: Iterable[tuple[str, Link]]) -> str:
    """A project's page; each link comes with the href that leads to its file from there."""
    anchors = "".join(f"{_anchor(href, link)}<br/>\n" for href, link in links)
    shown = escape(f"Links for {title}")
    return (
        f"<!DOCTYPE html>\n<html><head><title>{shown}</title></head>\n"
        f"<body><h1>{shown}</h1>\n{anchors}</body></html>\n"
    )


def json_page(name: str, links: Iterable[tuple[str, Link]]) -> dict[str, Any]:
    """A project's page by PEP 691; when a link has an upload time, with what PEP 700 adds."""
    every = list(links)
    files = [_file(href, link) for href, link in every]
    if not any(link.uploaded for _, link in every):
        return {"meta": {"api-version": "1.0"}, "name": name, "files": files}
    versions = sorted({link.version for _, link in every if link.version})
    return {"meta": {"api-version": "1.1"}, "name": name, "versions": versions, "files": files}


def _file(target: str, link: Link) -> dict[str, Any]:
    hashed = {"sha256": link.metadata} if link.metadata else True
    optional = {
        "requires-python": link.requires_python or None,
        "core-metadata": None if link.metadata is None else hashed,
        "size": link.size,
        "upload-time": link.uploaded or None,
    }
    return {
        "filename": link.file,
        "url": target,
        "hashes": {"sha256": link.sha256} if link.sha256 else {},
        "yanked": False if link.yanked is None else (link.yanked or True),
        **{field: value for field, value in optional.items() if value is not None},
    }


def href(path: str) -> str:
    """The relative link from a project's page to a path of the repository."""
    return f"../../{quote(path, safe='/@!+')}"


def _anchor(target: str, link: Link) -> str:
    fragment = f"#sha256={link.sha256}" if link.sha256 else ""
    requires = f' data-requires-python="{escape(link.requires_python)}"' if link.requires_python else ""
    yanked = "" if link.yanked is None else f' data-yanked="{escape(link.yanked)}"'
    told = requires + yanked + _metadata_attributes(link)
    return f'<a href="{escape(target)}{fragment}"{told} rel="internal">{escape(link.file)}</a>'


def _metadata_attributes(link: Link) -> str:
    """Under both names: installers before PEP 714 know the older one alone."""
    if link.metadata is None:
        return ""
    value = f"sha256={link.metadata}" if link.metadata else "true"
    return f' data-core-metadata="{value}" data-dist-info-metadata="{value}"'


def read_page(body: bytes, content_type: str, url: str) -> list[Link]:
    """The links of an upstream's page, found at `url`; what is no link to a file is left out."""
    if content_type == JSON_PAGE:
        return _read_json(body, url)
    reader = _Anchors()
    reader.feed(body.decode("utf-8", "replace"))
    return [link for attributes in reader.found if (link := _from_anchor(attributes, url)) is not None]


class _File(msgspec.Struct, frozen=True):
    filename: str
    url: str
    hashes: dict[str, str] = {}
    requires_python: str | None = msgspec.field(name="requires-python", default=None)
    yanked: bool | str = False
    core_metadata: bool | dict[str, str] | None = msgspec.field(name="core-metadata", default=None)
    size: int | None = None
    upload_time: str | None = msgspec.field(name="upload-time", default=None)


class _Page(msgspec.Struct, frozen=True):
    files: list[_File] = []


def _read_json(body: bytes, url: str) -> list[Link]:
    return [
        Link(
            file=file.filename,
            url=urljoin(url, file.url),
            sha256=file.hashes.get("sha256", ""),
            requires_python=file.requires_python or "",
            yanked=(file.yanked if isinstance(file.yanked, str) else "") if file.yanked else None,
            metadata=_hash_of(file.core_metadata),
            size=file.size,
            uploaded=file.upload_time or "",
        )
        for file in msgspec.json.decode(body, type=_Page).files
        if "/" not in file.filename
    ]


def _hash_of(metadata: bool | dict[str, str] | None) -> str | None:
    """What `Link.metadata` says for a field of PEP 714."""
    if isinstance(metadata, dict):
        return metadata.get("sha256", "")
    return "" if metadata else None


class _Anchors(HTMLParser):
    """Collects the attributes of every link."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs))


def _from_anchor(attributes: dict[str, str | None], page: str) -> Link | None:
    url, fragment = urldefrag(urljoin(page, attributes.get("href") or ""))
    file = urlsplit(url).path.rpartition("/")[2]
    if not file:
        return None
    return Link(
        file=file,
        url=url,
        sha256=fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else "",
        requires_python=attributes.get("data-requires-python") or "",
        yanked=(attributes["data-yanked"] or "") if "data-yanked" in attributes else None,
        metadata=_hash_in(attributes.get("data-core-metadata") or attributes.get("data-dist-info-metadata")),
    )


def _hash_in(attribute: str | None) -> str | None:
    """What `Link.metadata` says for an attribute: "sha256=…", or "true" where the hash is not told."""
    if attribute is None or attribute == "false":
        return None
    return attribute.removeprefix("sha256=") if attribute.startswith("sha256=") else ""
