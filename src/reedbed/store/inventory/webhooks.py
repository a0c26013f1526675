"""Webhooks, and the outbox of what goes to them: written before it is sent, kept until it arrived."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)

from reedbed.errors import SettingsError
from reedbed.store.columns import KEY, METADATA, Utc, Word, storable
from reedbed.store.dialects import merge, upsert
from reedbed.store.inventory.exports import Condition
from reedbed.store.inventory.findings import FINDING_EVENTS, FINDINGS
from reedbed.store.rows import structs
from reedbed.store.vault import Vault

KEEP = timedelta(days=14)
"""How long what arrived, or was given up, can be looked at."""


class State(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given-up"


WEBHOOKS = Table(
    "webhooks",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("url", Text, nullable=False),
    Column("sealed_secret", Text, nullable=False),
    Column("query", Text, nullable=False),  # which findings; empty: all
    Column("ca_file", Text, nullable=False),
    Column("allow_plain_http", Boolean, nullable=False),
    Column("told_at", Utc, nullable=False),  # events up to this one are in the outbox …
    Column("told_finding", KEY, nullable=False),  # … those of the same moment up to this finding …
    Column("told_kind", KEY, nullable=False),  # … and kind
    Column("created_at", Utc, nullable=False),
)

DELIVERIES = Table(
    "webhook_deliveries",
    METADATA,
    Column("id", KEY, primary_key=True),  # what the receiver knows it by
    Column("webhook", KEY, ForeignKey("webhooks.name", ondelete="CASCADE"), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Word(State), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Utc, nullable=False),
    Column("reason", Text, nullable=False),  # why the last attempt failed
    Column("created_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("status", String, nullable=False),  # the last answer's
    Index(None, "webhook", "state", "next_attempt_at"),
)


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told what."""

    name: str
    url: str
    query: str
    ca_file: str
    allow_plain_http: bool
    created_at: datetime


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a finding."""

    finding: str
    kind: str
    at: datetime
    detail: dict[str, Any]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    body: str
    attempts: int


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a webhook's outbox."""

    waiting: int = 0
    sent: int = 0
    given_up: int = 0
    reason: str = ""  # of the last failure


def secret_context(name: str) -> str:
    """Where a webhook's secret is kept: what it is sealed for."""
    return f"webhooks/{name}/secret"


def add(connection: Connection, webhook: Webhook, *, sealed_secret: str) -> None:
    """Add a webhook; it is told what happens from now on.

    Raises:
        SettingsError: there is one of this name.
    """
    adding = upsert(connection, WEBHOOKS).values(
        **msgspec.structs.asdict(webhook),
        sealed_secret=sealed_secret,
        told_at=webhook.created_at,
        told_finding="",
        told_kind="",
    )
    adding = adding.on_conflict_do_nothing(index_elements=["name"])
    if connection.execute(adding.returning(WEBHOOKS.c.name)).first() is None:
        raise SettingsError(
            f"Could not add the webhook {webhook.name}",
            why="there is one of this name",
            fix="Choose another name, or remove that one first.",
        )


def list_all(connection: Connection) -> list[Webhook]:
    columns = [WEBHOOKS.c[name] for name in Webhook.__struct_fields__]
    return structs(connection, select(*columns).order_by(WEBHOOKS.c.name), Webhook)


def get(connection: Connection, name: str) -> Webhook:
    """Give a webhook.

    Raises:
        SettingsError: there is none of this name.
    """
    known = {each.name: each for each in list_all(connection)}
    if name not in known:
        raise _unknown(name, known)
    return known[name]


def sealed_secret(connection: Connection, name: str) -> str:
    """Give a webhook's secret as it is stored; a vault opens it for `secret_context(name)`."""
    query = select(WEBHOOKS.c.sealed_secret).where(WEBHOOKS.c.name == name)
    return str(connection.execute(query).scalar_one())


def reseal_secrets(connection: Connection, vault: Vault) -> int:
    """Encrypt every secret with the vault's current key; give the number of those that another had sealed."""
    resealed = 0
    for name, sealed in connection.execute(select(WEBHOOKS.c.name, WEBHOOKS.c.sealed_secret)).all():
        anew = vault.reseal(sealed, context=secret_context(name))
        if anew != sealed:
            connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.name == name).values(sealed_secret=anew))
            resealed += 1
    return resealed


def remove(connection: Connection, name: str) -> None:
    """Remove a webhook, with what waits for it.

    Raises:
        SettingsError: there is none of this name.
    """
    if not connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.name == name)).rowcount:
        raise _unknown(name, {each.name: each for each in list_all(connection)})


def news(
    connection: Connection, name: str, where: Condition, *, limit: int, before: datetime
) -> tuple[list[Event], Row[Any] | None, int]:
    """Read what happened since a webhook was told last, where that ends, and how much it was.

    What the condition leaves out is passed over.

    What is younger than `before` waits: a transaction that is not ended yet may have an older moment.
    """
    told = connection.execute(select(WEBHOOKS).where(WEBHOOKS.c.name == name)).one()
    event = FINDING_EVENTS.c
    place = (event.at, event.finding, event.kind)
    behind = or_(
        event.at > told.told_at,
        and_(event.at == told.told_at, event.finding > told.told_finding),
        and_(event.at == told.told_at, event.finding == told.told_finding, event.kind > told.told_kind),
    )
    wanted = where.label("wanted")
    query = (
        select(*place, event.detail, wanted)
        .join(FINDINGS, FINDINGS.c.id == event.finding)
        .where(behind, event.at < before)
        .order_by(*place)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    events = [Event(finding=r.finding, kind=r.kind, at=r.at, detail=r.detail) for r in rows if r.wanted]
    return events, rows[-1] if rows else None, len(rows)


def enqueue(
    connection: Connection, name: str, bodies: Sequence[tuple[str, str]], *, until: Row[Any], now: datetime
) -> None:
    """Put (id, body) into the outbox, together with how far the webhook is told."""
    rows = [
        {
            "id": id_,
            "webhook": name,
            "body": storable(body),
            "state": State.WAITING,
            "attempts": 0,
            "next_attempt_at": now,
            "reason": "",
            "created_at": now,
            "ended_at": None,
            "status": "",
        }
        for id_, body in bodies
    ]
    merge(connection, DELIVERIES, rows, once=["state", "attempts", "ended_at"])
    connection.execute(
        update(WEBHOOKS)
        .where(WEBHOOKS.c.name == name)
        .values(told_at=until.at, told_finding=until.finding, told_kind=until.kind)
    )


def due(connection: Connection, name: str, *, now: datetime, limit: int) -> list[Delivery]:
    """List what is to be sent now, oldest first."""
    of = DELIVERIES.c
    query = (
        select(of.id, of.body, of.attempts)
        .where(of.webhook == name, of.state == State.WAITING, of.next_attempt_at <= now)
        .order_by(of.created_at, of.id)
        .limit(limit)
    )
    return structs(connection, query, Delivery)


def sent(connection: Connection, id_: str, *, status: int, now: datetime) -> None:
    """Note that a delivery arrived."""
    _settle(connection, id_, state=State.SENT, ended_at=now, status=str(status), reason="")


def failed(
    connection: Connection, id_: str, *, reason: str, next_attempt_at: datetime | None, now: datetime
) -> None:
    """Note that an attempt failed; without a next one the delivery is given up."""
    settled: dict[str, Any] = {"reason": storable(reason)[:500], "attempts": DELIVERIES.c.attempts + 1}
    if next_attempt_at is None:
        settled |= {"state": State.GIVEN_UP, "ended_at": now}
    else:
        settled |= {"next_attempt_at": next_attempt_at}
    _settle(connection, id_, **settled)


def _settle(connection: Connection, id_: str, **values: Any) -> None:
    connection.execute(
        update(DELIVERIES).where(DELIVERIES.c.id == id_, DELIVERIES.c.state == State.WAITING).values(**values)
    )


def forget(connection: Connection, name: str, *, now: datetime) -> int:
    """Forget deliveries that ended long ago."""
    old = and_(DELIVERIES.c.webhook == name, DELIVERIES.c.ended_at < now - KEEP)
    return connection.execute(delete(DELIVERIES).where(old)).rowcount


def depths(connection: Connection) -> dict[str, Depth]:
    """Say what is in each webhook's outbox."""
    of = DELIVERIES.c
    counts = connection.execute(select(of.webhook, of.state, func.count()).group_by(of.webhook, of.state))
    depths: dict[str, dict[str, Any]] = {}
    for webhook, state, many in counts:
        depths.setdefault(webhook, {})[state.value.replace("-", "_")] = many
    for webhook, told in depths.items():
        last = select(of.reason).where(of.webhook == webhook, of.reason != "")
        last = last.order_by(of.next_attempt_at.desc(), of.id.desc()).limit(1)
        told["reason"] = connection.execute(last).scalar() or ""
    return {webhook: Depth(**told) for webhook, told in depths.items()}


def _unknown(name: str, known: dict[str, Webhook]) -> SettingsError:
    return SettingsError(
        f"Could not find the webhook {name}",
        why=f"no webhook has that name; there are: {', '.join(sorted(known)) or 'none yet'}",
        fix="Name one of those, or add it with `reedbed webhook add`.",
    )
