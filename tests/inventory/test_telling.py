"""Webhooks: what happens is in the outbox first, and arrives once, signed, whatever the receiver does."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from inventory.receiving import SECRET, Desk, desk
from inventory.stocked import AT, Flaw, put, register
from reedbed.errors import SettingsError
from reedbed.inventory.exports.telling import WAITS_S, tell
from reedbed.jobs import Counts
from reedbed.model.inventory import Severity
from reedbed.model.secret import Secret
from reedbed.sinks.webhook import Receiver, checked_secret, checked_url
from reedbed.store.database import Database
from reedbed.store.inventory import webhooks
from reedbed.store.inventory.webhooks import Depth, Webhook

FLAWS = [
    Flaw(cve="CVE-2026-1000", severity=Severity.CRITICAL),
    Flaw(cve="CVE-2026-1001", severity=Severity.LOW),
]
LATER = AT + timedelta(hours=1)


@pytest.fixture
async def receiver() -> AsyncIterator[Desk]:
    async with desk() as open_desk:
        yield open_desk


@pytest.fixture
async def db(database: Database) -> Database:
    await register(database)
    return database


async def _added(db: Database, receiver: Desk, query: str = "") -> Webhook:
    webhook = Webhook(
        name="desk", url=receiver.url, query=query, ca_file="", allow_plain_http=True, created_at=AT
    )
    await db.write(webhooks.add, webhook, sealed_secret="sealed")
    return webhook


async def _tell(
    db: Database, webhook: Webhook, *, hours: float = 2.0, secret: Secret = SECRET, url: str = ""
) -> Counts:
    to = Receiver(url=url or webhook.url, secret=secret)
    return await tell(db, webhook, to, now=lambda: AT + timedelta(hours=hours), wait_s=0.001)


async def _depth(db: Database) -> Depth:
    return (await db.read(webhooks.depths)).get("desk", Depth())


async def test_what_happens_after_a_webhook_was_added_arrives_signed_and_once(
    db: Database, receiver: Desk
) -> None:
    await put(db, "before", FLAWS[0], at=AT - timedelta(hours=1))
    webhook = await _added(db, receiver)
    await put(db, "team/app", *FLAWS, at=LATER)

    first = await _tell(db, webhook)
    second = await _tell(db, webhook)

    assert sorted(receiver.told) == [("finding.detected", flaw.cve) for flaw in FLAWS]
    assert (first["seen"], first["pushed"]) == (2, 1)
    assert (second["seen"], second["pushed"]) == (0, 0)
    assert await _depth(db) == Depth(sent=1)


async def test_a_message_tells_what_a_person_needs_to_act(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", FLAWS[0], at=LATER)

    await _tell(db, webhook)

    (message,) = receiver.taken.values()
    finding = message["data"][0]["finding"]
    assert message["type"] == "findings.changed"
    assert (finding["severity"], finding["repository"], finding["path"]) == (
        "Critical",
        "docker-local",
        "team/app",
    )
    assert finding["places"][0]["version"] == "4.17.20"


async def test_a_query_leaves_out_what_it_does_not_ask_for(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver, "finding.severity>=high")
    await put(db, "team/app", *FLAWS, at=LATER)

    await _tell(db, webhook)

    assert receiver.told == [("finding.detected", "CVE-2026-1000")]


async def test_what_just_happened_waits_until_its_transaction_has_surely_ended(
    db: Database, receiver: Desk
) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", FLAWS[0], at=LATER)

    await _tell(db, webhook, hours=1 + 30 / 3_600)
    early = list(receiver.told)
    await _tell(db, webhook, hours=1 + 90 / 3_600)

    assert early == []
    assert receiver.told == [("finding.detected", "CVE-2026-1000")]


async def test_many_events_come_in_messages_of_a_hundred(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", *(Flaw(cve=f"CVE-2026-{5000 + n}") for n in range(250)), at=LATER)

    counts = await _tell(db, webhook)

    assert (counts["seen"], counts["pushed"]) == (250, 3)
    assert len(set(receiver.told)) == len(receiver.told) == 250


async def test_a_receiver_that_is_down_gets_the_same_message_later(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", FLAWS[0], at=LATER)
    receiver.status = 503

    await _tell(db, webhook)
    at_once = await _tell(db, webhook)
    waiting = await _depth(db)
    receiver.status = 200
    await _tell(db, webhook, hours=3)

    assert at_once["failed"] == 0
    assert (waiting.waiting, waiting.reason) == (1, "the answer was 503")
    assert len(set(receiver.asked)) == 1
    assert len(receiver.told) == 1
    assert await _depth(db) == Depth(sent=1)


async def test_retry_after_is_heeded(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", FLAWS[0], at=LATER)
    receiver.status, receiver.headers = 429, {"Retry-After": "7200"}

    await _tell(db, webhook)
    receiver.status = 200
    too_early = await _tell(db, webhook, hours=3)
    await _tell(db, webhook, hours=4.1)

    assert len(receiver.asked) == 2
    assert too_early["pushed"] == 0
    assert len(receiver.told) == 1


async def test_a_message_is_given_up_after_its_last_attempt_and_shown_as_such(
    db: Database, receiver: Desk
) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", FLAWS[0], at=LATER)
    receiver.status = 400

    for number in range(len(WAITS_S) + 1):
        await _tell(db, webhook, hours=2 + 25 * number)

    assert await _depth(db) == Depth(given_up=1, reason="the answer was 400")
    assert len(receiver.asked) == len(WAITS_S) + 1


async def test_a_redirect_is_never_followed(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", FLAWS[0], at=LATER)
    receiver.status, receiver.headers = 307, {"Location": receiver.url.replace("/in", "/elsewhere")}

    await _tell(db, webhook)

    assert len(receiver.asked) == 1
    assert "a redirect, which is never followed" in (await _depth(db)).reason


async def test_nobody_at_home_is_a_reason_and_nothing_is_lost(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", FLAWS[0], at=LATER)

    await _tell(db, webhook, url="http://127.0.0.1:1/in")

    assert (await _depth(db)).waiting == 1


async def test_a_wrong_secret_is_refused_by_the_receiver(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", FLAWS[0], at=LATER)

    await _tell(db, webhook, secret=Secret("another secret than theirs is"))

    assert receiver.taken == {}
    assert (await _depth(db)).reason == "the answer was 401"


async def test_what_ended_long_ago_is_forgotten(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", FLAWS[0], at=LATER)

    await _tell(db, webhook)
    await _tell(db, webhook, hours=24 * 15)

    assert await _depth(db) == Depth()


async def test_a_removed_webhook_takes_its_outbox_with_it(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver)
    await put(db, "team/app", FLAWS[0], at=LATER)
    receiver.status = 503
    await _tell(db, webhook)

    await db.write(webhooks.remove, "desk")

    assert await db.read(webhooks.depths) == {}
    with pytest.raises(SettingsError, match="Could not find the webhook desk"):
        await db.read(webhooks.get, "desk")


async def test_a_name_is_given_once(db: Database, receiver: Desk) -> None:
    webhook = await _added(db, receiver)

    with pytest.raises(SettingsError, match="there is one of this name"):
        await db.write(webhooks.add, webhook, sealed_secret="x")


@pytest.mark.parametrize(
    "url",
    [
        *("", "desk.example/in", "http://desk.example/in", "ftp://desk.example", "https://", "https://[::"),
        *("https://alice:secret@desk.example/in", "file:///etc/passwd", "http://127.0.0.1.desk.example/"),
    ],
)
def test_an_address_that_is_not_safe_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="no address that can be used"):
        checked_url(url, allow_plain_http=True)


def test_plain_http_goes_to_this_machine_alone_and_only_where_it_is_allowed() -> None:
    assert checked_url("http://127.0.0.1:80/in", allow_plain_http=True)
    assert checked_url("https://desk.example/in", allow_plain_http=False)
    with pytest.raises(SettingsError):
        checked_url("http://127.0.0.1:80/in", allow_plain_http=False)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(SettingsError, match="secret"):
        checked_secret("hunter2")
