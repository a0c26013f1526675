"""What maps make of assets and findings, written anew; nothing else of them changes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, bindparam, update

from reedbed.store.inventory.assets import ASSETS
from reedbed.store.inventory.findings import FINDINGS
from reedbed.store.rows import slices


def save_assets(connection: Connection, mapped: Mapping[str, dict[str, Any]]) -> int:
    """Write what a map makes of assets, by their ids; count those that change."""
    return _save(connection, ASSETS, mapped)


def save_findings(connection: Connection, mapped: Mapping[str, dict[str, Any]]) -> int:
    """Write what a map makes of findings, but for their texts, by their ids; count those that change."""
    return _save(connection, FINDINGS, mapped)


def _save(connection: Connection, table: Table, mapped: Mapping[str, dict[str, Any]]) -> int:
    made = bindparam("made", type_=table.c.mapped.type)
    statement = (
        update(table)
        .where(table.c.id == bindparam("of"), table.c.mapped != made)
        .values(mapped=made)
        .execution_options(synchronize_session=False)
    )
    rows = [{"of": key, "made": values} for key, values in sorted(mapped.items())]
    return sum(connection.execute(statement, list(some)).rowcount for some in slices(rows))
