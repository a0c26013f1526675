"""Seeing and making what turns custom issues into refused downloads: survey, show the plan, carry it out."""

from collections.abc import Collection

from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.blocking import (
    WATCH,
    Criterion,
    Enforcement,
    Index,
    PutPolicy,
    PutWatch,
    State,
    Step,
    plan,
)
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.watching import Watching


async def survey(jfrog: JFrog) -> State:
    """Read all that decides whether downloads are blocked: five requests, none of which changes anything.

    Raises:
        Refused: the token's user lacks one of the roles Manage Policies, Manage Watches, Manage Resources;
            the message names it.
    """
    watching = Watching(jfrog)
    return State(
        repositories=tuple(await Artifactory(jfrog).repositories()),
        indexing=await watching.indexing(),
        policies=tuple(await watching.policies()),
        watches=tuple(await watching.watches()),
        own_watch=await watching.watch_body(WATCH),
    )


async def planned(jfrog: JFrog, keys: Collection[str], criterion: Criterion) -> Enforcement:
    """Say what would have to be made for these repositories to block; changes nothing."""
    return plan(await survey(jfrog), keys, criterion)


async def carry_out(jfrog: JFrog, enforcement: Enforcement) -> None:
    """Take the steps in order. Each is harmless to repeat after a new survey, so a failure loses nothing."""
    watching = Watching(jfrog)
    for step in enforcement.steps:
        await _take(watching, step)


async def _take(watching: Watching, step: Step) -> None:
    match step:
        case Index():
            await watching.index(step.keys)
        case PutPolicy(replaces=True):
            await watching.replace_policy(step.policy)
        case PutPolicy():
            await watching.create_policy(step.policy)
        case PutWatch(body=None):
            await watching.create_watch(step.watch)
            await watching.apply_watch(step.watch.name)
        case PutWatch():
            await watching.replace_watch(step.watch.name, step.body or {})
            await watching.apply_watch(step.watch.name)
