"""Which flagged packages Artifactory may have: found from the side where there is less to look through.

To ask by package takes a query for some forty of them: with the whole public backlog some 6,000. To walk the
repositories takes one for each thousand files, whatever the backlog. How many files there are is known only
once they are walked. So a walk may make as many queries as asking by package would, and is given up where
that is not enough: either way costs at most twice what the better one would.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing

import msgspec
import structlog

from reedbed.intel.flagging import flagged_of
from reedbed.intel.merge import Admission
from reedbed.jfrog.artifactory import Artifactory, storage_keys
from reedbed.jfrog.layouts import REPOSITORY_TYPES
from reedbed.jfrog.walking import packages_in, walkable
from reedbed.jfrog.wire import Repo
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import Purl
from reedbed.store import advisories
from reedbed.store.database import Database

log = structlog.get_logger(__name__)

PACKAGES_A_QUERY = 40
"""So many criteria fit into the 6,000 characters of a query."""

FEW_QUERIES = 25
"""Where by-package asking takes no more than these, nothing is walked."""


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """The flagged packages of those types that were walked to their end."""

    walked: Mapping[PackageType, frozenset[Purl]]

    def may_have(self, package: Purl) -> bool:
        """Say whether to ask about a package; False: no file of it was met."""
        return package in self.walked.get(package.type, {package})


async def survey(artifactory: Artifactory, db: Database, platform: str, admission: Admission) -> Holdings:
    """Walk the repositories of those types of which so much is flagged that this is the shorter way.

    Raises:
        Unreachable, Refused, Unreadable: the platform fails.
    """
    counted = await db.read(advisories.packages)
    queries = {kind: -(-number // PACKAGES_A_QUERY) for kind, number in counted.items() if walkable(kind)}
    many = {kind: number for kind, number in queries.items() if number > FEW_QUERIES}
    repositories = await artifactory.repositories() if many else []
    walk = _Walk(artifactory, db, platform, admission)
    walked = {}
    for kind, most in sorted(many.items()):
        found = await walk.through(kind, keys_of(repositories, kind), most=most)
        log.info("repositories_walked", platform=platform, type=kind, whole=found is not None)
        if found is not None:
            walked[kind] = found
    return Holdings(walked=walked)


def keys_of(repositories: Sequence[Repo], package_type: PackageType) -> list[str]:
    """Name where the files of a package type are."""
    words = REPOSITORY_TYPES.get(package_type, frozenset())
    return storage_keys([repo for repo in repositories if repo.packageType.lower() in words])


class _Walk:
    """A walk through one platform's repositories, with what to look for."""

    def __init__(self, artifactory: Artifactory, db: Database, platform: str, admission: Admission) -> None:
        self._artifactory = artifactory
        self._db = db
        self._platform = platform
        self._admission = admission

    async def through(
        self, package_type: PackageType, keys: Sequence[str], *, most: int
    ) -> frozenset[Purl] | None:
        """Give the flagged packages in some repositories; None: they are larger than `most` queries show."""
        met: set[Purl] = set()
        queries = 0
        for key in keys:
            queries += 1  # the one that ends it
            async with aclosing(packages_in(self._artifactory, package_type, key)) as parts:
                async for packages in parts:
                    queries += 1
                    met |= await self._flagged(packages - met)
                    if queries > most:
                        return None
        return frozenset(met)

    async def _flagged(self, packages: set[Purl]) -> set[Purl]:
        keys = sorted(map(str, packages))
        return set(await self._db.read(flagged_of, self._platform, keys, self._admission))
