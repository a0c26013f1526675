"""The packages of a seeded platform beside its images: files in the layouts of npm, PyPI, Go and Maven.

Their content is a line of text: they are for lists and findings, not for installing.
"""

from functools import partial

from jfrog_standin.artifactory.bodies import made
from jfrog_standin.artifactory.storage import Storage
from jfrog_standin.seeding.catalog import VERSIONS, Catalog, Package
from jfrog_standin.seeding.seed import START, Draw, Seed
from jfrog_standin.xray.bundle import Bundle
from jfrog_standin.xray.scan import Scan
from jfrog_standin.xray.scanned import Findings

KINDS = ("npm", "pypi", "go", "maven")
IMAGES_A_PACKAGE = 60  # so many images come with one package of each kind


class Packages:
    """Puts packages into an Artifactory, and tells what Xray has found in them."""

    def __init__(self, seed: Seed, storage: Storage) -> None:
        self._seed = seed
        self._storage = storage
        self._contents: dict[str, tuple[str, int, int]] = {}  # SHA-256 → kind, package and version

    def begin(self, catalog: Catalog) -> None:
        """Put in what a platform begins with: three versions of each package."""
        for kind in KINDS:
            for number in range(max(2, self._seed.images // IMAGES_A_PACKAGE)):
                package = catalog.package(kind, number)
                for version in (0, 3, VERSIONS - 1):
                    self._put(package, number, version)

    def _put(self, package: Package, number: int, version: int) -> None:
        path = path_of(package.kind, package.names[0], package.versions[version])
        content = made(partial(_body, self._seed.seed, path))
        at = START - Draw(self._seed.seed, "upload", path).share() * (START - START.replace(year=2025))
        at = at.replace(microsecond=0)
        self._contents[content.checksums.sha256] = (package.kind, number, version)
        self._storage.put(f"{package.kind}-team-local", path, content, by="deployer", at=at)

    def findings_of(self, sha256: str, catalog: Catalog) -> Findings | None:
        """Tell what is wrong with a package itself."""
        content = self._contents.get(sha256)
        if content is None:
            return None
        kind, number, version = content
        package = catalog.package(kind, number)
        components = package.components(version)
        scan = Scan(components=components, issues=package.issues(version, components))
        return Findings(status="DONE", at=None, bundles=(Bundle(scan),))


def path_of(kind: str, name: str, version: str) -> str:
    """Where a release lies in a repository of its type."""
    match kind:
        case "npm":
            return f"{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        case "pypi":
            return f"{name}/{version}/{name.replace('-', '_')}-{version}.tar.gz"
        case "go":
            return f"{name}/@v/{version}.zip"
    group, _, artifact = name.partition(":")
    return f"{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}.jar"


def _body(seed: int, path: str) -> bytes:
    return f"{path} of the platform that grew from {seed}\n".encode()
