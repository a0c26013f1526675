"""What is proved on a platform, held against what the platform says now, or said when it last answered."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from reedbed.errors import ReedbedError
from reedbed.intel.proofs import Line, State, Tally, lines, tallies
from reedbed.jfrog.blocking import State as Configuration
from reedbed.jfrog.blocking import cover
from reedbed.jfrog.enforcement import survey
from reedbed.jfrog.grounds import grounds
from reedbed.jfrog.layouts import package_type_of
from reedbed.jfrog.session import JFrog
from reedbed.store import coverage, proofs
from reedbed.store.coverage import Covered
from reedbed.store.database import Database


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """Why a platform could not be looked at."""

    what: str
    why: str
    fix: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is proved on one platform."""

    platform: str
    as_of: datetime | None  # when the platform was last looked at; None: never
    away: Away | None  # None: that was now
    types: Sequence[Tally]
    repositories: Sequence[Line]
    unseen: Sequence[str]  # repositories that were asked for and are not to be seen

    @property
    def proved(self) -> bool:
        """Whether every repository is; where one or all are not seen, or nobody answers, nothing is."""
        every = all(line.state is State.PROVED for line in self.repositories)
        return self.away is None and bool(self.repositories) and not self.unseen and every


async def look(jfrog: JFrog, db: Database, *, now: Callable[[], datetime]) -> None:
    """Read how far each repository is covered, and keep it: the five requests of a survey.

    Raises:
        Refused: the token's user may not read policies, watches or indexing; the message names the role.
        Unreachable, Unreadable: as any call.
    """
    name = jfrog.platform.name
    found = seen(name, await survey(jfrog), at=now())
    await db.write(coverage.replace, name, found)


def seen(platform: str, state: Configuration, *, at: datetime) -> list[Covered]:
    """Say how far each repository is covered whose packages Xray can enforce. Pure."""
    digests = grounds(state)
    found: list[Covered] = []
    for repo in state.repositories:
        package_type = package_type_of(repo.packageType)
        if package_type is None:
            continue
        covered = cover(state, repo.key, "malicious")  # a rule by severity counts as well
        found.append(
            Covered(
                platform=platform,
                repository=repo.key,
                package_type=package_type,
                kind=covered.kind,
                indexed=covered.indexed,
                blocked_by=covered.blocked_by,
                ground=digests[repo.key],
                seen_at=at,
            )
        )
    return found


def report(
    connection: Connection,
    platform: str,
    *,
    only: Collection[str] = (),
    away: ReedbedError | None = None,
    now: datetime,
    fresh_for: timedelta,
) -> Report:
    """Tell what is proved by what the store knows; `only` names repositories, none: all."""
    covered = coverage.of_platform(connection, platform)
    found = lines(covered, proofs.of_platform(connection, platform), now=now, fresh_for=fresh_for)
    wanted = [line for line in found if not only or line.repository in only]
    return Report(
        platform=platform,
        as_of=max((each.seen_at for each in covered), default=None),
        away=Away(what=away.what, why=away.why, fix=away.fix) if away else None,
        types=tallies(wanted),
        repositories=wanted,
        unseen=sorted(set(only) - {line.repository for line in wanted}),
    )
