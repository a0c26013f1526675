"""What is flagged of some packages: by the feeds, and by silent sources that the ledger remembers."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from reedbed.intel.merge import Admission, merge, with_silent_sources
from reedbed.model.advisory import Standing
from reedbed.model.ledger import Flagged, Pushed
from reedbed.model.purl import Purl
from reedbed.model.versions import holds
from reedbed.store import advisories, ledger


def flagged_of(
    connection: Connection, platform: str, keys: Sequence[str], admission: Admission
) -> dict[Purl, Flagged]:
    """Say what is flagged of some packages (purls); of the others nothing is."""
    said = advisories.standings(connection, keys)
    return united(said, ledger.of_packages(connection, platform, keys), admission)


def united(
    said: Mapping[str, Sequence[Standing]], pushed: Mapping[str, Pushed], admission: Admission
) -> dict[Purl, Flagged]:
    """Unite what is said of packages (by their purls) with what is pushed of them. Pure."""
    every = (_united(said.get(key, []), pushed.get(key), admission) for key in {**said, **pushed})
    return {flagged.package: flagged for flagged in every if flagged}


def _united(standings: Sequence[Standing], pushed: Pushed | None, admission: Admission) -> Flagged | None:
    wanted = merge(standings, admission)
    return with_silent_sources(wanted, pushed, standings) if pushed else wanted


def meant(flagged: Flagged, version: str | None) -> bool | None:
    """Say whether a release is meant; None: not known, as where a file does not tell its version."""
    every = str(flagged.versions) == "(,)"
    if version is None:
        return True if every else None
    return holds(flagged.versions, version, flagged.package.type)
