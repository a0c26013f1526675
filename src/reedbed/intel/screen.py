"""Asking Artifactory, right before a block, whether people use what only an interval condemns."""

from collections.abc import Sequence

from reedbed.intel.plan import Limits, Use, in_use, needs_screening
from reedbed.jfrog.artifactory import Artifactory
from reedbed.model.ledger import Change


async def in_use_now(artifactory: Artifactory, changes: Sequence[Change], limits: Limits) -> set[str]:
    """Find the packages (purls) whose change would block releases that people fetched.

    Where Artifactory cannot tell, a package counts as used: a person should look.

    Raises:
        Unreachable, Refused, Unreadable: Artifactory could not be asked.
    """
    wide = [change for change in changes if needs_screening(change, limits)]
    if not wide:
        return set()
    found = await artifactory.released(change.flagged.package for change in wide)
    uses: dict[str, list[Use]] = {}
    for release in found.releases:
        downloads = limits.downloads if release.downloads is None else release.downloads
        uses.setdefault(str(release.package), []).append(Use(release.version, downloads))
    for package in found.not_known:
        uses.setdefault(str(package), []).append(Use(None, limits.downloads))
    packages = {str(change.flagged.package): change for change in wide}
    return {package for package, change in packages.items() if in_use(change, uses.get(package, ()), limits)}
