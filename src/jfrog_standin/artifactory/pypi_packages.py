"""The files of a project in one local or remote PyPI repository."""

import hashlib
from datetime import UTC

import msgspec
from packaging.utils import canonicalize_name

from jfrog_standin import errors
from jfrog_standin.artifactory.contents import Unreadable, core_metadata, python_metadata
from jfrog_standin.artifactory.coordinates import coordinates_of
from jfrog_standin.artifactory.pypi_index import JSON_PAGE, Link, read_page
from jfrog_standin.artifactory.remotes import Remotes
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, Storage

ACCEPTED = f"{JSON_PAGE}, text/html;q=0.5"

WEB_PREFIX = "packages/packages/"
"""What stands before a cached file's path in the links of a remote, and in no path of the cache."""


METADATA = ".metadata"
"""What follows a wheel's path where its metadata are a file of their own."""

YANKED = "pypi.yanked"
"""The property of a file that is yanked, with the reason; nobody says how Artifactory keeps it."""


def local_links(storage: Storage, member: Repository, name: str) -> list[Link]:
    """The links of a project; its URL is the file's path."""
    links = [_link(storage, item) for item in storage.items(member.storage_key) if _project(item) == name]
    return sorted(links, key=lambda link: link.file)


def local_projects(storage: Storage, member: Repository) -> set[str]:
    """The normalised names of the projects that a repository has files of."""
    return {name for item in storage.items(member.storage_key) if (name := _project(item))}


async def remote_links(remotes: Remotes, member: Repository, name: str) -> list[Link]:
    """The links of a project as the upstream has them; none: it does not know the project."""
    page = await remotes.document(member, f"{await remotes.upstream(member)}/{name}/", accept=ACCEPTED)
    try:
        return read_page(page.body, page.content_type, page.url) if page is not None else []
    except msgspec.DecodeError as error:
        raise errors.artifactory(502, f"The upstream's page of {name} can't be read.") from error


async def remote_file(remotes: Remotes, member: Repository, path: str) -> str | None:
    """The upstream's URL of a file, by its path in the cache; None: the project has no such file.

    A wheel's metadata have one if the upstream says that they are a file of their own.
    """
    wheel = path.removesuffix(METADATA)
    found = coordinates_of("pypi", wheel)
    links = await remote_links(remotes, member, canonicalize_name(found.name)) if found else []
    link = next((link for link in links if link.cache_path == wheel), None)
    if link is None or wheel == path:
        return link.url if link is not None else None
    return link.url + METADATA if link.metadata is not None else None


def _project(item: Item) -> str:
    found = coordinates_of("pypi", item.path) if not item.is_folder else None
    return canonicalize_name(found.name) if found else ""


def _link(storage: Storage, item: Item) -> Link:
    body, found = storage.body(item), coordinates_of("pypi", item.path)
    try:
        requires_python = python_metadata(item.name, body).get("requires_python", "")
        metadata = core_metadata(body) if item.name.endswith(".whl") else None
    except Unreadable:
        requires_python, metadata = "", None
    return Link(
        file=item.name,
        url=item.path,
        sha256=item.checksums.sha256 if item.checksums else "",
        requires_python=requires_python,
        yanked=item.properties[YANKED][0] if item.properties.get(YANKED) else None,
        metadata=hashlib.sha256(metadata).hexdigest() if metadata is not None else None,
        version=found.version if found else "",
        size=item.size,
        uploaded=f"{item.created.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
    )
