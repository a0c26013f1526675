"""Hooks of connections: made, taken away, and what becomes of a delivery: hints at most, never a finding."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection as Sql

from reedbed.errors import SettingsError, Unreadable
from reedbed.jfrog import deliveries
from reedbed.jfrog.deliveries import Told
from reedbed.jfrog.hook_secrets import Expected, genuine
from reedbed.model.hints import Source
from reedbed.model.secret import Secret
from reedbed.store import audit
from reedbed.store.database import Database
from reedbed.store.inventory import connections, hints
from reedbed.store.inventory import hooks as store
from reedbed.store.inventory.hooks import Delivery, Hook, Outcome
from reedbed.store.runs import new_id
from reedbed.store.vault import Vault

SHORTEST_SECRET = 24
AHEAD = timedelta(minutes=5)
"""So far in the future a date may be, as clocks differ."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a delivery was not taken."""

    status: int  # of the answer
    code: str  # a stable word
    why: str  # what the sender is told, who may be anybody


BAD_SECRET = Refusal(
    401, "bad-secret", "The secret, or the signature made with it, is not the one of this hook."
)
TOO_OLD = Refusal(400, "too-old", "It was sent too long ago, or is dated in the future.")


def judge(
    expected: Expected, headers: Mapping[str, str], body: bytes, *, now: datetime, max_age: timedelta
) -> Told | Refusal:
    """Decide what a delivery is worth: first who sent it, and only then what it says. Pure."""
    if not genuine(expected, headers, body):
        return BAD_SECRET
    try:
        told = deliveries.read(expected.source, body)
    except Unreadable as error:
        return Refusal(400, "unreadable", f"{error}. {error.fix}")
    if told.sent_at is not None and not now - max_age <= told.sent_at <= now + AHEAD:
        return TOO_OLD
    return told


def accept(
    sql: Sql,
    name: str,
    source: Source,
    told: Told,
    body: bytes,
    *,
    now: datetime,
    remember: timedelta,
) -> Outcome | None:
    """Let the hints of a delivery wait, and note that it came: both, or neither. None: the hook is gone."""
    if all(hook.source is not source for hook in store.list_all(sql, name)):
        return None
    digest = hashlib.sha256(body).hexdigest()
    fresh = hints.take_in(sql, name, told.hints, delivery=digest, now=now, remember=remember)
    outcome = Outcome.ACCEPTED if fresh else Outcome.REPEATED
    came = Delivery(id=new_id(now), at=now, outcome=outcome, event=told.event, hints=len(told.hints))
    store.record(sql, name, source, came)
    return outcome


def refuse(sql: Sql, name: str, source: Source, refusal: Refusal, *, now: datetime) -> None:
    """Note that a delivery was not taken; of what it said nothing is kept."""
    came = Delivery(id=new_id(now), at=now, outcome=Outcome.REFUSED, code=refusal.code)
    store.record(sql, name, source, came)


async def enable(
    db: Database,
    vault: Vault,
    name: str,
    source: Source,
    secret: Secret,
    *,
    signed: bool,
    who: str,
    now: datetime,
) -> None:
    """Let JFrog tell a connection of changes, if it knows a secret; an older one is good no more.

    Raises:
        SettingsError: there is no such connection, or the secret is short.
    """
    if len(secret.reveal()) < SHORTEST_SECRET:
        raise SettingsError(
            "The secret can't be used",
            why=f"it has fewer than {SHORTEST_SECRET} characters",
            fix="Let one be made, or make one with: openssl rand -hex 32",
        )
    sealed = vault.seal(secret, context=store.secret_context(name, source))
    hook = Hook(connection=name, source=source, signed=signed, created_at=now)

    def write(sql: Sql) -> None:
        connections.get(sql, name)
        audit.append(
            sql, at=now, who=who, action="enable hook", subject=name, detail={"source": source.value}
        )
        store.save(sql, hook, sealed_secret=sealed)

    await db.write(write)


async def disable(db: Database, name: str, source: Source, *, who: str, now: datetime) -> None:
    """Take nothing any more from a source; with the last one go the hints that wait.

    Raises:
        SettingsError: there is no such hook.
    """

    def write(sql: Sql) -> None:
        connections.get(sql, name)
        audit.append(
            sql, at=now, who=who, action="disable hook", subject=name, detail={"source": source.value}
        )
        store.remove(sql, name, source)

    await db.write(write)
