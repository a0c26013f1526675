"""Makes the jobs: what is to be done for each feed, platform, connection and webhook."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from reedbed.feeds.registry import open_feed
from reedbed.feeds.settings import FeedSettings
from reedbed.intel import flow
from reedbed.intel.intake import Progress, silent
from reedbed.intel.push import Observer
from reedbed.inventory.exports import telling
from reedbed.inventory.findings import refreshing, scoring
from reedbed.inventory.records import layers
from reedbed.inventory.run import keeping, starting
from reedbed.inventory.run.context import Mode
from reedbed.inventory.run.part import Spot
from reedbed.jobs import Counts, Every, Job, RunContext, Schedule, job_name, now_utc
from reedbed.store.inventory.connections import Connection
from reedbed.store.inventory.hints import Waiting
from reedbed.store.inventory.webhooks import Webhook
from reedbed.store.runs import Run
from reedbed.wiring.lines import line_of, line_to, receiver_of, safedep_credentials, target
from reedbed.wiring.parts import Parts

TELL_EVERY_S = 60.0
PUSH_EVERY_S = 10.0
"""How often a platform is brought to what the feeds say, and what failed there is tried again."""


def feed_jobs(parts: Parts, *, progress: Progress = silent) -> list[Job]:
    """One job for each feed: read what is new."""
    every = Every(parts.settings.intel.interval_s)
    return [
        Job(
            flow="feed",
            feed=each.name,
            platform="all",
            schedule=every,
            run=partial(_read, parts, each, progress),
        )
        for each in parts.settings.feeds
    ]


async def _read(parts: Parts, settings: FeedSettings, progress: Progress, run: RunContext) -> Counts:
    feed = open_feed(settings, credentials=partial(safedep_credentials, parts))
    return await flow.read_feed(run, feed, parts.db, now=now_utc, progress=progress)


def platform_jobs(
    parts: Parts, names: Sequence[str], *, full: bool = False, told: Observer | None = None
) -> list[Job]:
    """One job for each platform: bring it to what the feeds say."""
    every = Every(min(PUSH_EVERY_S, parts.settings.intel.interval_s))
    return [
        Job(
            flow="push",
            feed="all",
            platform=name,
            schedule=every,
            run=partial(_bring, parts, name, full, told),
        )
        for name in names
    ]


async def _bring(parts: Parts, name: str, full: bool, told: Observer | None, run: RunContext) -> Counts:
    async with line_to(parts, name) as jfrog:
        return await flow.bring(
            run,
            target(jfrog, parts.terms, told=told),
            parts.db,
            terms=parts.terms,
            owner=f"{parts.owner}/{run.id}",
            now=now_utc,
            full=full,
        )


def hunt_jobs(parts: Parts, names: Sequence[str]) -> list[Job]:
    """One job for each platform: look for what it has of what is flagged; none where that is switched off."""
    intel = parts.settings.intel
    return [
        Job(
            flow="hunt",
            feed="all",
            platform=name,
            schedule=Every(intel.hunt_interval_s),
            run=partial(_hunt, parts, name),
        )
        for name in names
        if intel.hunt_interval_s
    ]


async def _hunt(parts: Parts, name: str, run: RunContext) -> Counts:
    async with line_to(parts, name) as jfrog:
        return await flow.look(
            run, jfrog, parts.db, terms=parts.terms, ask_xray=parts.settings.intel.hunt_xray, now=now_utc
        )


def sync_jobs(parts: Parts, enabled: Sequence[tuple[Connection, Run | None]]) -> list[Job]:
    """One job for each connection that may run, which its own schedule makes due."""
    return [sync_job(parts, each.name, schedule=starting.planned(each, newest)) for each, newest in enabled]


def sync_job(parts: Parts, name: str, *, schedule: Schedule, mode: Mode | None = None) -> Job:
    """The job of one connection; without a mode it reads as much as its schedule says."""
    return Job(flow=starting.FLOW, platform=name, schedule=schedule, run=partial(_sync, parts, name, mode))


async def _sync(parts: Parts, name: str, mode: Mode | None, run: RunContext) -> Counts:
    async with line_of(parts, name) as jfrog:
        counts = await starting.carry_out(run, jfrog, parts.db, name, mode=mode)
    return await _after(parts, name, run, counts)


async def _after(parts: Parts, name: str, run: RunContext, counts: Counts) -> Counts:
    """Work out what follows from what a run has read."""
    await layers.attribute_bases(parts.db, name, run=run.id)
    await scoring.rescore(parts.db, parts.settings.score, run=run.id)
    await keeping.keep(parts.db, name, parts.settings.inventory, run=run.id, now=now_utc())
    return counts


def part_job(parts: Parts, name: str, spots: Sequence[Spot], *, schedule: Schedule) -> Job:
    """The job of reading what somebody named; it takes turns with the connection's runs."""
    return Job(
        flow=starting.PART_FLOW,
        platform=name,
        turns_with=job_name(starting.FLOW, None, name),
        schedule=schedule,
        run=partial(_part, parts, name, spots),
    )


async def _part(parts: Parts, name: str, spots: Sequence[Spot], run: RunContext) -> Counts:
    async with line_of(parts, name) as jfrog:
        counts = await starting.carry_out_part(run, jfrog, parts.db, name, spots=spots)
    return await _after(parts, name, run, counts)


def hint_jobs(parts: Parts, listening: Sequence[tuple[str, Waiting | None]]) -> list[Job]:
    """One job for each connection that JFrog tells of changes; it takes turns with the connection's runs."""
    debounce = timedelta(seconds=parts.settings.hooks.debounce_s)
    return [
        Job(
            flow=starting.HINT_FLOW,
            platform=name,
            turns_with=job_name(starting.FLOW, None, name),
            schedule=starting.hinted(waiting, debounce),
            run=partial(_answer, parts, name),
        )
        for name, waiting in listening
    ]


async def _answer(parts: Parts, name: str, run: RunContext) -> Counts:
    async with line_of(parts, name) as jfrog:
        counts = await starting.answer_hints(run, jfrog, parts.db, name)
    return await _after(parts, name, run, counts)


def enrich_jobs(parts: Parts) -> list[Job]:
    """One job for each source of knowledge about CVEs that the settings name: import it anew."""
    every = Every(parts.settings.enrich.interval_s)
    return [
        Job(
            flow=refreshing.FLOW,
            feed=refreshing.feed_of(name),
            platform="all",
            schedule=every,
            run=partial(_enrich, parts, name),
        )
        for name in refreshing.wanted(parts.settings.enrich)
    ]


async def _enrich(parts: Parts, name: str, run: RunContext) -> Counts:
    settings = parts.settings
    return await refreshing.refresh(parts.db, name, settings.enrich, settings.score, now=now_utc)


def webhook_jobs(parts: Parts, known: Sequence[Webhook]) -> list[Job]:
    """One job for each webhook: tell it what is new."""
    every = Every(TELL_EVERY_S)
    return [
        Job(flow="webhook", feed=each.name, platform="all", schedule=every, run=partial(_tell, parts, each))
        for each in known
    ]


async def _tell(parts: Parts, webhook: Webhook, run: RunContext) -> Counts:
    return await telling.tell(parts.db, webhook, await receiver_of(parts, webhook), now=now_utc)
