"""A connection that has landed one record of each source model."""

from datetime import UTC, datetime

from sqlalchemy import Connection, insert

from inventory.transform_records import IMAGE, REPOSITORY, SCAN
from reedbed.inventory.records.landing import landing_of, landing_of_scan, text_of
from reedbed.model.platform import Platform
from reedbed.store import platforms
from reedbed.store.inventory import landed
from reedbed.store.inventory.connections import CONNECTIONS, State

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def land(connection: Connection, *, texts: bool = True) -> None:
    """Store a connection that has landed one record of each model."""
    platforms.add(connection, Platform(name="prod", url="https://jfrog.example"), sealed_token="-")
    connection.execute(
        insert(CONNECTIONS).values(
            name="prod",
            platform="prod",
            description="",
            state=State.REGISTERED,
            scope={},
            schedule={},
            revision=1,
            created_at=NOW,
            changed_at=NOW,
        )
    )
    told = [text_of(each) for each in SCAN.vulnerabilities]
    if texts:
        landed.save_texts(connection, dict(told))
    records = [
        landing_of("docker-image", "docker-local/a", IMAGE),
        landing_of_scan("docker-local/a", SCAN, [digest for digest, _ in told]),
        landing_of("repository", "npm-remote", REPOSITORY),
    ]
    landed.land(connection, "prod", records, run="r", now=NOW)
