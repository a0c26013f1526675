"""Makes the parts that every command and the worker share from the settings, once."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import platformdirs
import structlog

from reedbed.feeds.settings import OsvSettings
from reedbed.intel.merge import Admission
from reedbed.intel.plan import Limits
from reedbed.intel.relevance import Relevance
from reedbed.intel.terms import Terms
from reedbed.jfrog.custom_issue import IssueStyle
from reedbed.jobs import now_utc
from reedbed.metrics import Metrics
from reedbed.model.secret import Secret
from reedbed.remedy.registry.registries import Registries
from reedbed.settings import Settings
from reedbed.store import keys, platforms, profiles, registries
from reedbed.store.database import Database, open_database
from reedbed.store.inventory import connections as store
from reedbed.store.inventory import hooks, webhooks
from reedbed.store.migrate import migrate
from reedbed.store.vault import Vault

if TYPE_CHECKING:
    from reedbed.inventory.connection.connections import Connections

log = structlog.get_logger(__name__)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What every command and the worker share."""

    settings: Settings
    db: Database
    key: keys.Opened  # the vault, and where its key came from
    metrics: Metrics
    owner: str  # of the runs of this process

    @property
    def vault(self) -> Vault:
        return self.key.vault

    @property
    def connections(self) -> "Connections":
        # Most commands ask JFrog nothing, and start without what could.
        from reedbed.inventory.connection.connections import Connections

        return Connections(self.db, self.vault, now=now_utc)

    @property
    def registries(self) -> Registries:
        return Registries(self.db, self.vault, now=now_utc)

    @property
    def terms(self) -> Terms:
        return terms(self.settings)


@asynccontextmanager
async def opened(settings: Settings, *, owner: str = "command") -> AsyncIterator[Parts]:
    """Open the database, migrated to this release, and the vault; close them at the end.

    Raises:
        SettingsError: the database's URL is wrong, it is of a newer release, or the key can't be read.
        Unreachable: the database does not answer.
    """
    db = open_database(settings.database_url)
    try:
        await migrate(db)
        key = await asyncio.to_thread(_key, settings)
        if key.made:
            log.warning("secret_key_made", file=str(key.made), advice="back it up, apart from the data")
        yield Parts(settings=settings, db=db, key=key, metrics=Metrics(), owner=owner)
    finally:
        db.close()


def _key(settings: Settings) -> keys.Opened:
    given = os.environ.get("REEDBED_SECRET_KEY")
    return keys.open_vault(
        key=Secret(given) if given else None,
        key_file=Path(settings.secret_key_file) if settings.secret_key_file else None,
        fallback=Path(platformdirs.user_config_path("reedbed")) / "secret.key",
        database_folder=None if settings.database else settings.data_path,
    )


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """What a rotation of the key did."""

    key: str  # the new key's name, which tells nothing of it
    source: str
    resealed: int  # credentials
    old_dropped: bool


async def rotate_key(parts: Parts) -> Rotated:
    """Encrypt every credential with the current key; where that is in a file, make a new one there first.

    At each moment the keys at hand open every credential, so a crash leaves nothing to mend but to try again.

    Raises:
        SettingsError: a credential's key is not at hand, or the key file can't be written.
    """
    file = Path(parts.key.source)
    in_file = await asyncio.to_thread(file.is_file)
    if in_file:
        await asyncio.to_thread(keys.add_key, file)
    key = await asyncio.to_thread(_key, parts.settings)
    resealed = await parts.db.write(platforms.reseal_tokens, key.vault)
    resealed += await parts.db.write(profiles.reseal_keys, key.vault)
    resealed += await parts.db.write(store.reseal_tokens, key.vault)
    resealed += await parts.db.write(registries.reseal_tokens, key.vault)
    resealed += await parts.db.write(webhooks.reseal_secrets, key.vault)
    resealed += await parts.db.write(hooks.reseal_secrets, key.vault)
    if in_file:
        await asyncio.to_thread(keys.drop_old_keys, file)
    return Rotated(key=key.vault.current, source=key.source, resealed=resealed, old_dropped=in_file)


def terms(settings: Settings) -> Terms:
    """Read from the settings what plans depend on."""
    intel, xray = settings.intel, settings.xray
    return Terms(
        admission=Admission(
            suspicious=frozenset(intel.suspicious_feeds), automated=frozenset(intel.automated_feeds)
        ),
        limits=Limits(
            allow_list=intel.allow_list,
            blocks=intel.max_blocks,
            unblocks=intel.max_unblocks,
            ask_in_use=intel.ask_in_use,
            downloads=intel.in_use_downloads,
        ),
        style=IssueStyle(
            issue_kind=xray.issue_kind,
            malicious_flag=xray.malicious_flag,
            provider=xray.provider,
            pypi_original_spelling=xray.pypi_original_spelling,
            go_prefix=xray.go_prefix,
            link_base=xray.link_base or None,
        ),
        relevance=Relevance(
            window_days=intel.window_days,
            whole=frozenset(each.name for each in settings.feeds if not isinstance(each, OsvSettings)),
        ),
    )
