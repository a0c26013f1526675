"""The whole first flow on a small scale: feeds, a store, a stand-in, and a clock that a test turns."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from jfrog.platforms import TIMEOUT_S, at, impatient
from jfrog_standin.artifactory import packages
from jfrog_standin.faults import Fault
from jfrog_standin.osv_records import Record, record
from jfrog_standin.server import Running
from jfrog_standin.xray.xray import StoredIssue
from reedbed.errors import ReedbedError
from reedbed.feeds.registry import open_feed
from reedbed.feeds.safedep_access import Credentials, nobody
from reedbed.feeds.settings import FeedSettings, OsvSettings
from reedbed.intel import flow
from reedbed.intel.push import Target
from reedbed.intel.release import release
from reedbed.intel.terms import Terms
from reedbed.jfrog import enforcement
from reedbed.jfrog.artifactory import Artifactory, Verdict
from reedbed.jfrog.breaker import Breaker
from reedbed.jfrog.session import JFrog, connect
from reedbed.jfrog.xray import Xray
from reedbed.jobs import Counts, RunContext
from reedbed.model.ledger import HoldRule, Pushed
from reedbed.store import ledger, outbox, platforms, runs
from reedbed.store.changes import Waiting
from reedbed.store.database import Database

PLATFORM = "standin"
STARTED = datetime(2026, 11, 1, tzinfo=UTC)
WRITES = frozenset({"POST", "PUT", "DELETE"})
EVENTS = "/xray/api/v1/events"

Issues = Mapping[str, Mapping[str, Any]]
"""Component's name → what the stand-in holds of its custom issue, without the times."""


class Thread:
    """Reads feeds into a store and brings a stand-in to what they say, as the worker's jobs do."""

    def __init__(self, db: Database, standin: Running, folder: Path) -> None:
        self.db = db
        self.standin = standin
        self.records = folder / "records"
        self.records.mkdir()
        self.feeds: list[FeedSettings] = [OsvSettings(name="osv", source=str(self.records))]
        self.credentials: Credentials = nobody
        self.terms = Terms()
        self.token = standin.admin_token
        self.time = STARTED
        self.timeout_s = TIMEOUT_S
        self.errors: list[ReedbedError] = []  # of runs that failed as a whole

    def now(self) -> datetime:
        return self.time

    async def begin(self, sealed_token: str = "") -> None:
        """Store the platform, and make custom issues block in the stand-in's repositories."""
        await self.db.write(platforms.add, at(self.standin, name=PLATFORM), sealed_token=sealed_token)
        async with connect(at(self.standin), self.standin.admin_token, patience=impatient()) as jfrog:
            wanted = await enforcement.planned(jfrog, ["npm-local", "pypi-local", "go-local"], "malicious")
            await enforcement.carry_out(jfrog, wanted)
        self.standin.platform.log.clear()

    def publish(self, record_id: str, name: str, *, day: int = 1, **more: Any) -> None:
        """Say something in the feed `osv`; a later statement has a later day."""
        self.put(record(record_id, name, modified=STARTED - timedelta(days=100 - day), **more))

    def put(self, made: Record) -> None:
        (self.records / f"{made['id']}.json").write_text(json.dumps(made))

    def withdraw(self, record_id: str, name: str, *, day: int) -> None:
        moment = (STARTED - timedelta(days=100 - day)).isoformat()
        self.publish(record_id, name, day=day, versions=["1.0.0"], withdrawn=moment)

    async def run(self, *, full: bool = False) -> Counts:
        """Do one run, ten seconds after the last. An error that ends it is kept in `errors`."""
        context = await self.read()
        try:
            return await self.bring(context, full=full)
        except ReedbedError as error:
            self.errors.append(error)
            return {}

    async def read(self) -> RunContext:
        """Begin a run: read the feeds. What can't be read is left."""
        self.time += timedelta(seconds=10)
        context = RunContext(id=runs.new_id(self.time), scheduled_at=self.time)
        for settings in self.feeds:
            with suppress(ReedbedError):
                feed = open_feed(settings, credentials=self.credentials)
                await flow.read_feed(context, feed, self.db, now=self.now)
        return context

    async def bring(self, context: RunContext, *, full: bool = False) -> Counts:
        platform = at(self.standin, name=PLATFORM, timeout_s=self.timeout_s)
        async with connect(
            platform,
            self.token,
            patience=impatient(attempts=2),
            breaker=Breaker(threshold=1_000),
        ) as jfrog:
            return await flow.bring(
                context,
                self.target(jfrog),
                self.db,
                terms=self.terms,
                owner=context.id,
                now=self.now,
                full=full,
            )

    def target(self, jfrog: JFrog) -> Target:
        return Target(
            platform=PLATFORM,
            xray=Xray(jfrog),
            artifactory=Artifactory(jfrog),
            style=self.terms.style,
            limits=self.terms.limits,
            concurrency=8,
        )

    async def until_done(self, *, runs_at_most: int = 12) -> None:
        """Let the due times of failed changes come, run after run, until nothing is queued."""
        for _ in range(runs_at_most):
            self.time += timedelta(hours=2)
            await self.run()
            depth = (await self.db.read(outbox.depths)).get(PLATFORM)
            if depth is None or not depth.queued:
                return
        raise AssertionError(f"changes are queued after {runs_at_most} runs")

    def limit(self, **changes: Any) -> None:
        """Change the hold limits."""
        limits = msgspec.structs.replace(self.terms.limits, **changes)
        self.terms = msgspec.structs.replace(self.terms, limits=limits)

    def restyle(self, **changes: Any) -> None:
        """Change how issues are written."""
        style = msgspec.structs.replace(self.terms.style, **changes)
        self.terms = msgspec.structs.replace(self.terms, style=style)

    async def release(self, *keys: str, rules: tuple[HoldRule, ...] | None = None) -> list[str]:
        return await release(self.db, PLATFORM, keys, rules=rules, by="alice", now=self.time)

    # What came of it

    def issues(self) -> Issues:
        return issues_of(self.standin.platform.xray.issues)

    def versions(self, name: str) -> set[str]:
        """Give what the stand-in holds to be malicious of a package, in Xray's notation; empty: no issue."""
        found = self.issues().get(name)
        return set(found["versions"]) if found else set()

    async def ledger(self) -> list[Pushed]:
        return await self.db.read(ledger.page, PLATFORM, limit=10_000)

    async def waiting(self, *, held: bool | None = None) -> dict[str, Waiting]:
        found = await self.db.read(outbox.page, PLATFORM, held=held, limit=10_000)
        return {each.package: each for each in found}

    async def held(self) -> dict[str, tuple[HoldRule, ...]]:
        return {key: each.change.held for key, each in (await self.waiting(held=True)).items()}

    def writes(self) -> list[str]:
        """List the requests that were to change something in JFrog: `POST /xray/api/v1/events`."""
        entries = self.standin.platform.log.entries()
        return [f"{e.method} {e.route}" for e in entries if e.method in WRITES and "/search/" not in e.path]

    def fail(self, kind: Any, path: str = "*", method: str = "*", **more: Any) -> None:
        self.standin.platform.faults.add(Fault(kind=kind, path=path, method=method, **more))

    def mend(self) -> None:
        self.standin.platform.faults.clear()

    def npm(self, name: str, version: str) -> str:
        """Put a harmless package into `npm-local`; give its path there."""
        return packages.add_npm(self.standin.platform.artifactory, "npm-local", name, version).path

    async def download(self, path: str) -> Verdict:
        async with connect(at(self.standin), self.standin.admin_token, patience=impatient()) as jfrog:
            return (await Artifactory(jfrog).download("npm-local", path)).verdict


def issues_of(stored: Mapping[str, StoredIssue]) -> Issues:
    """Show custom issues by package, without the times at which they were written."""
    return {
        (issue.components or ())[0].id: {
            "id": issue.id,
            "versions": sorted((issue.components or ())[0].vulnerable()),
            "summary": issue.summary,
            "description": issue.description,
        }
        for issue in (each.issue for each in stored.values())
    }
