"""What one process may do at a time, claimed; what a process claimed that has died here is free."""

import os
import re
import secrets
from datetime import datetime
from typing import Final

from reedbed.store import leases
from reedbed.store.database import Database
from reedbed.worker import machine

OWNER: Final = re.compile(r"[^@]*@(?P<host>[^@]+)-(?P<pid>\d+)-[0-9a-f]{6}(/|$)")
"""The name of a process, by itself or before what it does."""


def process_name(name: str = "") -> str:
    """Name this process as no other is named, now or later: `once@build-7#1f0c3a-1234-9f3a1c`."""
    return f"{name or 'worker'}@{machine.name()}-{os.getpid()}-{secrets.token_hex(3)}"


async def claim(db: Database, lease: str, owner: str, *, now: datetime, ttl_s: float) -> bool:
    """Take a lease, if need be from a process of this machine that has ended; say whether it is ours.

    Without looking, a process that was killed would keep its successor waiting for as long as leases last.
    """
    if await db.write(leases.take, lease, owner, now=now, ttl_s=ttl_s):
        return True
    holder = await db.read(leases.holder, lease, now=now)
    if holder is None or not has_died(holder.owner):
        return False
    await db.write(leases.release, lease, holder.owner)
    return await db.write(leases.take, lease, owner, now=now, ttl_s=ttl_s)


def has_died(owner: str) -> bool:
    """Whether the process of this name has certainly ended."""
    found = OWNER.match(owner)
    return found is not None and machine.is_gone(found["host"], int(found["pid"]))
