"""The repositories that an administrator makes first: a local, a remote and a virtual one of each type."""

from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Storage

TYPES = ("npm", "pypi", "go")


def set_up(storage: Storage) -> None:
    """Make `npm-local`, `npm-remote` and `npm` before both, likewise for PyPI and Go, and `generic-local`.

    All but the virtual ones are indexed by Xray. A remote fetches from what this machine's own pip, npm or
    go is set to, and only when it is asked for something.
    """
    for kind in TYPES:
        local = Repository(key=f"{kind}-local", package_type=kind, xray_index=True)
        remote = Repository(key=f"{kind}-remote", rclass="remote", package_type=kind, xray_index=True)
        virtual = Repository(
            key=kind,
            rclass="virtual",
            package_type=kind,
            members=(local.key, remote.key),
            default_deployment=local.key,
        )
        for repository in (local, remote, virtual):
            storage.add(repository)
    storage.add(Repository(key="generic-local", xray_index=True))
