"""Telling webhooks what happened to findings: into the outbox first, then out of it. Acts."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection

from reedbed.errors import Refused, Unreachable
from reedbed.inventory.exports.asked import findings_asked
from reedbed.jobs import Counts
from reedbed.sinks.webhook import Message, Receiver, send, session_to
from reedbed.store.database import Database
from reedbed.store.inventory import exports, webhooks
from reedbed.store.inventory.exports import Condition
from reedbed.store.inventory.findings import FINDINGS
from reedbed.store.inventory.webhooks import Event, Webhook

log = structlog.get_logger(__name__)

EVENTS_A_MESSAGE = 100
MESSAGES_A_RUN = 500
SETTLED_S = 60.0
"""What happened in the last minute is told with the next run: a transaction may not be ended yet."""

WAITS_S = (30, 60, 300, 900, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400)
"""Between attempts: about two days; then a message is given up, and shown as such."""


async def tell(
    db: Database,
    webhook: Webhook,
    receiver: Receiver,
    *,
    now: Callable[[], datetime],
    settled_s: float = SETTLED_S,
    wait_s: float = 1.0,
) -> Counts:
    """Put what is new into a webhook's outbox, and send what is due. Twice is harmless: ids stay.

    Raises:
        SettingsError: the query can't be read any more, or the certificate authority can't.
    """
    where = await findings_asked(db, webhook.query, now=now())
    queued, looked = 0, EVENTS_A_MESSAGE
    while looked == EVENTS_A_MESSAGE:
        told, looked = await db.write(_fill, webhook.name, where, now=now(), settled_s=settled_s)
        queued += told
    sent, failed = await _send_due(db, webhook, receiver, now, wait_s)
    await db.write(webhooks.forget, webhook.name, now=now())
    return {"seen": queued, "pushed": sent, "failed": failed}


def _fill(
    connection: Connection, name: str, where: Condition, *, now: datetime, settled_s: float
) -> tuple[int, int]:
    """Put one message's worth of events into the outbox: (those that are told, those looked at)."""
    before = now - timedelta(seconds=settled_s)
    events, until, looked = webhooks.news(connection, name, where, limit=EVENTS_A_MESSAGE, before=before)
    if until is None:
        return 0, 0
    body = body_of(connection, events)
    bodies = [(message_id(name, events), body)] if events else []
    webhooks.enqueue(connection, name, bodies, until=until, now=now)
    return len(events), looked


def message_id(name: str, events: Sequence[Event]) -> str:
    """Name a message by what it tells, so that telling it again is telling the same."""
    parts = [name, *(f"{each.finding} {each.kind} {each.at.isoformat()}" for each in events)]
    return "msg_" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def body_of(connection: Connection, events: Sequence[Event]) -> str:
    """Write a message: what happened, and each finding as it is now."""
    ids = sorted({each.finding for each in events})
    known = {
        each.id: each for each in exports.findings(connection, FINDINGS.c.id.in_(ids), limit=len(ids) + 1)
    }
    told = [
        {
            "type": f"finding.{event.kind}",
            "timestamp": event.at,
            "detail": event.detail,
            "finding": _shown(known[event.finding]),
        }
        for event in events
        if event.finding in known
    ]
    latest = max((event.at for event in events), default=None)
    return msgspec.json.encode({"type": "findings.changed", "timestamp": latest, "data": told}).decode()


SHOWN = (
    *("id", "connection", "repository", "path", "type", "vulnerability", "component", "issue", "title"),
    *("cvss3_score", "score", "epss", "kev_added", "applicability", "status", "triage", "fix_version"),
    *("images", "published_at", "first_found_at", "last_found_at", "fixed_at", "fixed_because"),
)


def _shown(finding: Any) -> dict[str, Any]:
    images = [
        {"name": place.asset_name, "digest": place.digest, "version": place.version}
        for place in finding.places
    ]
    told = {name: getattr(finding, name) for name in SHOWN}
    return told | {"severity": finding.severity.word, "places": images[:50]}


async def _send_due(
    db: Database, webhook: Webhook, receiver: Receiver, now: Callable[[], datetime], wait_s: float
) -> tuple[int, int]:
    sent = failed = 0
    due = await db.read(webhooks.due, webhook.name, now=now(), limit=MESSAGES_A_RUN)
    if not due:
        return 0, 0
    async with session_to(receiver) as session:
        for each in due:
            message = Message(each.id, each.body.encode())
            try:
                status = await send(session, receiver, message, at=now(), wait_s=wait_s)
            except (Unreachable, Refused) as error:
                failed += 1
                await _note_failure(db, each, error, now())
                if isinstance(error, Unreachable):
                    break  # the others would fare alike: they keep their turn
            else:
                sent += 1
                await db.write(webhooks.sent, each.id, status=status, now=now())
    return sent, failed


async def _note_failure(
    db: Database, delivery: webhooks.Delivery, error: Unreachable | Refused, now: datetime
) -> None:
    after = WAITS_S[delivery.attempts] if delivery.attempts < len(WAITS_S) else None
    told = error.retry_after_s if isinstance(error, Unreachable) else None
    wait = None if after is None else max(after, min(told or 0, WAITS_S[-1]))
    again = None if wait is None else now + timedelta(seconds=wait)
    log.warning("webhook_failed", message=delivery.id, attempt=delivery.attempts + 1, error=error)
    await db.write(webhooks.failed, delivery.id, reason=error.why, next_attempt_at=again, now=now)
