"""Where a remote repository's upstream has the file that is to be in its cache."""

from urllib.parse import quote

from jfrog_standin.artifactory.npm_packages import remote_tarball
from jfrog_standin.artifactory.pypi_packages import remote_file
from jfrog_standin.artifactory.remotes import Remotes
from jfrog_standin.artifactory.repository import Repository


async def upstream_url(remotes: Remotes, member: Repository, path: str) -> str | None:
    """The upstream's URL for a path of the cache; None: not a remote, or the upstream has no such file."""
    if member.rclass != "remote":
        return None
    match member.package_type:
        case "npm":
            name, separator, file = path.partition("/-/")
            return await remote_tarball(remotes, member, name, file) if separator else None
        case "pypi":
            return await remote_file(remotes, member, path)
        case "docker" | "oci":
            return None  # fetched through the registry alone, where a file has another address than here
        case _:
            return f"{await remotes.upstream(member)}/{quote(path, safe='/@!+')}"
