"""What the daemon takes from JFrog's webhooks, and what it refuses."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import trustme
from sqlalchemy import Connection, insert

from jfrog_standin.event.subscription import Criteria, EventFilter, EventHandler, Subscription
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.server import running
from jfrog_standin.settings import StandIn, Switches
from jfrog_standin.xray.scan import Scan
from reedbed.errors import SettingsError
from reedbed.inventory.connection import hooks
from reedbed.inventory.connection.hook_settings import Hooks as Settings
from reedbed.jfrog.hook_secrets import EVENT_HEADER, HEADER, Expected, signature
from reedbed.jobs import now_utc
from reedbed.metrics import Metrics
from reedbed.model.hints import Hint, Source
from reedbed.model.platform import Platform
from reedbed.model.secret import Secret
from reedbed.store import platforms
from reedbed.store.database import Database, open_database
from reedbed.store.inventory import connections, hints
from reedbed.store.inventory import hooks as store
from reedbed.store.inventory.connections import CONNECTIONS, State
from reedbed.store.vault import Vault, new_key, read_keys
from reedbed.worker.hooks import HookListener, tls_of
from standin.scans import issue, put_image
from standin.test_policies_watches import POLICIES, WATCHES, policy, watch

SECRET = Secret("a secret with 25 letters!")
KEY = new_key()
VAULT = Vault(read_keys(Secret(KEY), source="the test"))
ANYWHERE = Settings(listen="127.0.0.1:0")
PATH = "/hooks/prod/artifactory"


def pushed(tag: str = "1.0", path: str = "app", **more: object) -> bytes:
    data = {"repo_key": "docker-local", "path": f"{path}/{tag}/manifest.json"}
    return json.dumps({"domain": "docker", "event_type": "pushed", "data": data, **more}).encode()


def signed(body: bytes, secret: Secret = SECRET) -> dict[str, str]:
    by = Expected(source=Source.ARTIFACTORY, secret=secret, signed=True)
    return {EVENT_HEADER: signature(by, body)}


class Daemon:
    """A listener with a connection that has both hooks."""

    def __init__(self, db: Database, listener: HookListener, http: aiohttp.ClientSession) -> None:
        self.db = db
        self.listener = listener
        self.http = http

    async def post(self, body: Any, headers: dict[str, str] | None = None, path: str = PATH) -> int:
        if headers is None:
            headers = signed(body)
        async with self.http.post(path, data=body, headers=headers) as answer:
            self.said = await answer.text()
            return answer.status

    async def waiting(self) -> int:
        found = await self.db.read(hints.waiting)
        return found["prod"].number if found else 0

    async def counts(self, source: Source = Source.ARTIFACTORY) -> tuple[int, int, int]:
        found = {hook.source: hook for hook in await self.db.read(store.list_all)}[source]
        return found.accepted, found.repeated, found.refused

    async def codes(self) -> list[str]:
        return [each.code for each in await self.db.read(store.last, "prod", Source.ARTIFACTORY, limit=99)]


def register(connection: Connection) -> None:
    platforms.add(connection, Platform(name="p", url="https://jfrog.example"), sealed_token="sealed")
    now = now_utc()
    row = {"name": "prod", "platform": "p", "description": "", "state": State.REGISTERED, "revision": 1}
    more = {"scope": {}, "schedule": {}, "created_at": now, "changed_at": now}
    connection.execute(insert(CONNECTIONS).values(**row, **more))


async def enable(db: Database, source: Source = Source.ARTIFACTORY, secret: Secret = SECRET) -> None:
    await hooks.enable(db, VAULT, "prod", source, secret, signed=True, who="admin", now=now_utc())


@asynccontextmanager
async def daemon(
    db: Database, settings: Settings = ANYWHERE, metrics: Metrics | None = None
) -> AsyncIterator[Daemon]:
    await db.write(register)
    for source in Source:
        await enable(db, source)
    listener = HookListener(db, VAULT, settings, metrics=metrics or Metrics(), told=lambda: None)
    async with listener.listening() as url, aiohttp.ClientSession(url) as http:
        yield Daemon(db, listener, http)


@pytest.fixture
def on_sqlite(tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    (tmp_path / "reedbed.db").write_bytes(migrated_file.read_bytes())
    db = open_database(f"sqlite:///{tmp_path / 'reedbed.db'}")
    yield db
    db.close()


async def test_a_delivery_becomes_hints_once_however_often_and_in_what_order_it_comes(
    database: Database,
) -> None:
    bodies = [pushed("1.0"), pushed("2.0"), pushed("3.0", event_type="deleted")]
    metrics = Metrics()
    async with daemon(database, metrics=metrics) as at:
        answers = [await at.post(body) for body in [*bodies, *reversed(bodies)]]
        together = await asyncio.gather(*(at.post(pushed("4.0")) for _ in range(5)))

        assert answers == [202] * 6
        assert together == [202] * 5
        assert await at.waiting() == 4
        taken, repeated, refused = await at.counts()
        assert (taken + repeated, refused) == (11, 0)
        assert repeated >= 3
    labels = 'connection="prod",outcome="repeated",source="artifactory"'
    assert f"reedbed_hook_deliveries_total{{{labels}}} {float(repeated)}" in metrics.page().decode()


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "bad-secret"),
        ({EVENT_HEADER: SECRET.reveal()}, 401, "bad-secret"),
        (signed(pushed("9.9")), 401, "bad-secret"),
        (signed(pushed(), Secret("somebody else's secret......")), 401, "bad-secret"),
        ({**signed(pushed()), "Content-Encoding": "gzip"}, 415, "encoded"),
    ],
)
async def test_what_was_not_sent_by_who_knows_the_secret_leaves_a_note_and_no_hint(
    on_sqlite: Database, headers: dict[str, str], status: int, code: str
) -> None:
    async with daemon(on_sqlite) as at:
        answered = await at.post(pushed(), headers)

        assert answered == status
        assert await at.waiting() == 0
        assert await at.codes() == [code]
        assert SECRET.reveal() not in at.said


async def test_genuine_nonsense_is_a_clear_400(on_sqlite: Database) -> None:
    async with daemon(on_sqlite) as at:
        for body in (b"", b"{", b'{"domain": 1}', b"[" * 100_000, b"\xff\xfe"):
            assert await at.post(body) == 400
            assert "predefined payload" in json.loads(at.said)["error"]

        assert set(await at.codes()) == {"unreadable"}
        assert await at.waiting() == 0


@pytest.mark.parametrize("age_s", [3_700, -400])
async def test_a_delivery_that_says_it_is_old_or_of_the_future_is_refused(
    on_sqlite: Database, age_s: int
) -> None:
    stamp = (now_utc() - timedelta(seconds=age_s)).timestamp()
    async with daemon(on_sqlite) as at:
        assert await at.post(pushed(timestamp=int(stamp * 1000))) == 400
        assert await at.post(pushed(timestamp=int(now_utc().timestamp()))) == 202
        assert await at.waiting() == 1


async def test_what_is_too_large_is_refused_whether_it_says_so_or_not(on_sqlite: Database) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 1024

    async with daemon(on_sqlite, msgspec.structs.replace(ANYWHERE, max_bytes=8_192)) as at:
        assert await at.post(pushed() + b" " * 20_000) == 413
        assert await at.post(trickle(), {}) == 413
        assert await at.codes() == ["too-large", "too-large"]


async def test_more_than_so_many_in_a_minute_are_asked_to_come_later(on_sqlite: Database) -> None:
    async with daemon(on_sqlite, msgspec.structs.replace(ANYWHERE, per_minute=2)) as at:
        forged = [await at.post(pushed(), {}) for _ in range(4)]
        answers = [await at.post(pushed(f"{n}.0")) for n in range(3)]

        assert forged == [401] * 4  # they take nobody's place
        assert answers == [202, 202, 429]
        assert await at.waiting() == 2


@pytest.mark.parametrize(
    "path", ["/hooks/other/artifactory", "/hooks/prod/other", "/hooks/prod", "/hooks/prod%2fx/xray", "/"]
)
async def test_a_hook_that_is_not_there_tells_nothing(on_sqlite: Database, path: str) -> None:
    async with daemon(on_sqlite) as at:
        unknown = await at.post(pushed(), path=path)

        assert unknown == 404
        assert "prod" not in at.said


async def test_xray_sends_its_password_and_each_source_has_a_secret_of_its_own(on_sqlite: Database) -> None:
    artifact = {"name": "manifest.json", "path": "default/docker-local/app/1.0/"}
    body = json.dumps({"issues": [{"impacted_artifacts": [artifact]}]}).encode()
    async with daemon(on_sqlite) as at:
        other = Secret("the other secret, and as long")
        await enable(at.db, Source.XRAY, other)
        await at.listener.look()
        by = {
            secret: {
                "Authorization": "Basic " + base64.b64encode(f"reedbed:{secret.reveal()}".encode()).decode()
            }
            for secret in (SECRET, other)
        }

        assert await at.post(body, by[SECRET], "/hooks/prod/xray") == 401
        assert await at.post(body, by[other], "/hooks/prod/xray") == 202
        assert await at.waiting() == 1
        assert await at.counts(Source.XRAY) == (1, 0, 1)


async def test_an_old_secret_is_good_no_more_and_without_a_hook_nobody_listens(on_sqlite: Database) -> None:
    async with daemon(on_sqlite) as at:
        await enable(at.db, secret=Secret("another secret of many letters"))
        await at.listener.look()
        assert await at.post(pushed()) == 401

        for source in Source:
            await hooks.disable(at.db, "prod", source, who="admin", now=now_utc())
        await at.listener.look()

        assert at.listener.url is None
        with pytest.raises(aiohttp.ClientConnectionError):
            await at.post(pushed())


async def test_a_hook_or_connection_that_went_a_moment_ago_takes_nothing(on_sqlite: Database) -> None:
    async with daemon(on_sqlite) as at:
        await hooks.disable(at.db, "prod", Source.ARTIFACTORY, who="admin", now=now_utc())
        disabled = await at.post(pushed())
        await at.db.write(connections.remove, "prod")
        removed = await at.post(b"{}", {HEADER: SECRET.reveal()}, "/hooks/prod/xray")

        assert (disabled, removed) == (404, 404)
        assert await at.waiting() == 0


async def test_secrets_are_sealed_anew_with_a_new_key(on_sqlite: Database) -> None:
    await on_sqlite.write(register)
    await enable(on_sqlite)
    [before] = await on_sqlite.read(store.sealed)
    assert SECRET.reveal() not in before.sealed_secret

    both = Vault(read_keys(Secret(f"{new_key()} {KEY}"), source="the test"))

    assert await on_sqlite.write(store.reseal_secrets, both) == 1
    assert await on_sqlite.write(store.reseal_secrets, both) == 0
    [after] = await on_sqlite.read(store.sealed)
    assert both.open(after.sealed_secret, context=after.context) == SECRET


async def test_a_short_secret_is_not_taken(on_sqlite: Database) -> None:
    await on_sqlite.write(register)

    with pytest.raises(SettingsError, match="fewer than 24"):
        await enable(on_sqlite, secret=Secret("short"))


async def test_tls_is_spoken_where_a_certificate_is_named(tmp_path: Path, on_sqlite: Database) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    settings = msgspec.structs.replace(ANYWHERE, certificate=str(tmp_path / "both.pem"))
    trust = ssl.create_default_context()
    authority.configure_trust(trust)

    async with daemon(on_sqlite, settings) as at:
        url = f"{at.listener.url}{PATH}"
        async with at.http.post(url, data=pushed(), headers=signed(pushed()), ssl=trust) as answer:
            assert answer.url.scheme == "https"
            assert answer.status == 202


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (Settings(listen="0.0.0.0:9465"), "without TLS"),
        (Settings(listen="9465"), "host:port"),
        (Settings(certificate="/no/such/file.pem"), "No such file"),
    ],
)
def test_an_address_that_would_give_secrets_away_is_refused(settings: Settings, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        tls_of(settings)


async def test_what_a_platform_tells_is_hints_once_however_it_comes(on_sqlite: Database) -> None:
    """Late, twice, in another order, with forged ones among them: from the registry, and as a day passes."""
    habits = Switches(
        deliveries_again=1, deliveries_late_ms=20, deliveries_shuffled=True, deliveries_forged=True
    )
    seeded = StandIn(certificate=None, seeded=Seed(images=40, small_kb=1, large_kb=1), switches=habits)
    async with daemon(on_sqlite) as at, running(seeded) as standin:
        platform, told = standin.platform, list[tuple[str, str]]()
        handler = EventHandler(
            url=f"{at.listener.url}{PATH}", secret=SECRET.reveal(), use_secret_for_signing=True
        )
        events = EventFilter(
            domain="docker",
            event_types=("pushed", "deleted"),
            criteria=Criteria(any_local=True, any_remote=True),
        )
        platform.subscriptions["k"] = Subscription(key="k", event_filter=events, handlers=(handler,))
        platform.artifactory.watchers.append(lambda _, item: told.append((item.repo, item.path)))

        assert platform.world
        platform.world.advance(1)
        async with asyncio.timeout(60.0):
            while not platform.deliveries.is_idle:
                await asyncio.sleep(0.02)

        hinted = await on_sqlite.write(hints.take, "prod", run="r")
        accepted, repeated, refused = await at.counts()
        tagged = {
            (repository, path)
            for repository, path in told
            if path.endswith("manifest.json") and "/sha256" not in path
        }
        assert len(tagged) > 3
        assert {(hint.repository, hint.path, hint.tag) for hint in hinted} == {
            (repository, *path.rsplit("/", 2)[:2]) for repository, path in tagged
        }
        assert accepted >= len(hinted)
        assert repeated >= len(tagged)
        assert refused > 0


async def test_a_violation_that_xray_tells_of_is_a_hint_at_its_image(on_sqlite: Database) -> None:
    settings = StandIn(certificate=None, quick_setup=True)
    async with daemon(on_sqlite) as at, running(settings) as standin:
        webhook = {
            "name": "reedbed",
            "url": f"{at.listener.url}/hooks/prod/xray",
            "user_name": "reedbed",
            "password": SECRET.reveal(),
        }
        rules = policy(min_severity="High")
        rules["rules"][0]["actions"]["webhooks"] = ["reedbed"]
        everywhere = {"resources": [{"type": "all-repos", "filters": []}]}
        put_image(standin, "1.0", Scan(issues=(issue(1),)))
        headers = {"Authorization": f"Bearer {standin.admin_token}"}
        async with aiohttp.ClientSession(standin.url, headers=headers) as http:
            for path, body in (
                ("/xray/api/v1/webhooks", webhook),
                (POLICIES, rules),
                (WATCHES, watch() | {"project_resources": everywhere}),
            ):
                async with http.post(path, json=body) as made:
                    assert made.status == 201, await made.text()

        async with asyncio.timeout(60.0):
            while not await at.waiting():
                await asyncio.sleep(0.02)

        taken = await on_sqlite.write(hints.take, "prod", run="r")
        assert taken == [Hint("docker-local", "team/app", "1.0", "xray.alert")]
        assert await at.counts(Source.XRAY) == (1, 0, 0)
