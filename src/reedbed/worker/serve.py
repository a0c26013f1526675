"""The daemon: its jobs, its listener and its signals, put together."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from reedbed.errors import SettingsError
from reedbed.intel.proofs import State, counts
from reedbed.intel.push import Observer
from reedbed.intel.report import report
from reedbed.intel.status import FLOW_OF_FEEDS
from reedbed.inventory.run import starting
from reedbed.jobs import Job, job_name, now_utc
from reedbed.metrics import Outbox, Readings
from reedbed.model.ecosystem import PackageType
from reedbed.settings import Settings as AllSettings
from reedbed.store import findings, outbox, planned, platforms, profiles, runs
from reedbed.store.database import Database
from reedbed.store.inventory import connections, hints, webhooks
from reedbed.store.migrate import is_current
from reedbed.wiring.jobs import (
    enrich_jobs,
    feed_jobs,
    hint_jobs,
    hunt_jobs,
    platform_jobs,
    sync_jobs,
    webhook_jobs,
)
from reedbed.wiring.parts import Parts
from reedbed.worker.daemon import Settings, Worker
from reedbed.worker.hands import lend_hands
from reedbed.worker.health import Health
from reedbed.worker.hooks import HookListener
from reedbed.worker.signals import leaving_on_signals

Around = Callable[[Job], Job]
"""Gives a job that does the same, and is watched by somebody while it does."""


def as_it_is(job: Job) -> Job:
    """Watch nothing."""
    return job


async def serve(parts: Parts, *, told: Observer | None = None, around: Around = as_it_is) -> None:
    """Carry out every feed's and platform's job until a signal asks to leave.

    `told` hears of each change that goes through in this process.

    Raises:
        SettingsError: the address of the listener is not one, or is taken.
        Unreachable: the database does not answer.
    """
    settings = Settings(engine_url=engine_url(parts), name=parts.settings.worker.id)
    worker = Worker(partial(_jobs, parts, told, around), settings, db=parts.db, metrics=parts.metrics)
    health = Health(
        jobs=lambda: worker.jobs,
        read=partial(_read, parts.db, timedelta(days=parts.settings.intel.proof_days)),
        metrics=parts.metrics,
        ticked_at=lambda: worker.ticked_at,
    )
    hooks = HookListener(
        parts.db, parts.vault, parts.settings.hooks, metrics=parts.metrics, told=worker.hurry
    )
    stop = asyncio.Event()
    with leaving_on_signals(stop):
        async with health.listening(parts.settings.health.listen):
            lending = asyncio.create_task(lend_hands(parts, stop, owner=lambda: worker.id))
            taking = asyncio.create_task(hooks.attend(stop))
            try:
                await worker.work(stop)
            finally:
                stop.set()
                await asyncio.gather(lending, taking)


async def _jobs(parts: Parts, told: Observer | None, around: Around) -> list[Job]:
    names = [platform.name for platform in await parts.db.read(platforms.shielded)]
    watched = (*feed_jobs(parts), *platform_jobs(parts, names, told=told))
    hunts = hunt_jobs(parts, names) if await parts.db.read(_all_read, parts.settings, now=now_utc()) else []
    syncs = sync_jobs(parts, await parts.db.read(starting.enabled))
    answers = hint_jobs(parts, await parts.db.read(starting.listening))
    tells = webhook_jobs(parts, await parts.db.read(webhooks.list_all))
    return [*map(around, watched), *hunts, *syncs, *answers, *tells, *enrich_jobs(parts)]


def _all_read(connection: Connection, settings: AllSettings, *, now: datetime) -> bool:
    """Whether each feed was read once: a hunt before would find nothing, and be done for a day."""
    read = {feed for flow, _, feed in runs.last_success(connection, now=now) if flow == FLOW_OF_FEEDS}
    return {each.name for each in settings.feeds} <= read


async def _read(db: Database, fresh_for: timedelta) -> Readings:
    """Read what the store says.

    Raises:
        SettingsError: its schema is not this release's any more.
        Unreachable: the store does not answer.
    """
    if not await is_current(db):
        raise SettingsError(
            f"The schema of {db.name} is not this release's",
            why="an older release or a restored backup has changed it meanwhile",
            fix="Restart this daemon, which migrates it.",
        )
    return await db.read(readings, now=now_utc(), fresh_for=fresh_for)


def engine_url(parts: Parts) -> str:
    """Where the engine keeps its state: on SQLite a file of its own, beside the database."""
    settings = parts.settings
    if settings.worker.engine_database or settings.database.startswith("postgresql"):
        return settings.worker.engine_database or settings.database
    return f"sqlite:///{settings.data_path / 'engine.db'}"


def readings(connection: Connection, *, now: datetime, fresh_for: timedelta) -> Readings:
    """Read what metrics and readiness show of the store."""
    depths = outbox.depths(connection)
    known = platforms.list_all(connection)
    return Readings(
        outboxes=[_outbox(platform.name, depths.get(platform.name, outbox.Depth())) for platform in known],
        left_out=planned.left_out(connection),
        findings={platform.name: 0 for platform in known} | findings.standing(connection),
        credentials={
            **{platform.name: platform.token_expires_at for platform in known},
            **{f"safedep/{each.name}": each.key_expires_at for each in profiles.list_all(connection)},
            **{f"connection/{each.name}": each.token_expires_at for each in connections.list_all(connection)},
        },
        last_success={
            job_name(flow, feed, platform): at
            for (flow, platform, feed), at in runs.last_success(connection, now=now).items()
        },
        repositories={
            (platform.name, package_type.value, state.value): number
            for platform in known
            for (package_type, state), number in _proved(connection, platform.name, now, fresh_for).items()
        },
        hints={name: waiting.number for name, waiting in hints.waiting(connection).items()},
    )


def _proved(
    connection: Connection, platform: str, now: datetime, fresh_for: timedelta
) -> Mapping[tuple[PackageType, State], int]:
    return counts(report(connection, platform, now=now, fresh_for=fresh_for).repositories)


def _outbox(platform: str, depth: outbox.Depth) -> Outbox:
    return Outbox(
        platform=platform,
        queued=depth.queued,
        held=depth.held,
        oldest_queued_at=depth.oldest_queued_at,
    )
