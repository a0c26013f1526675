import msgspec
import pytest

from reedbed.errors import SettingsError
from reedbed.model.secret import Secret
from reedbed.store import ledger, outbox, planned, planning, platforms
from reedbed.store.database import Database
from reedbed.store.vault import Vault, new_key, read_keys
from store.statements import NOW, PROD, at, change, pushed


async def test_a_platform_comes_back_as_it_was_added(database: Database) -> None:
    full = msgspec.structs.replace(
        PROD, ca_file="/etc/ca.pem", proxy="http://proxy.example:3128", per_second=2.5, token_expires_at=at(9)
    )

    await database.write(platforms.add, full, sealed_token="sealed")

    assert await database.read(platforms.get, "prod") == full
    assert await database.read(platforms.sealed_token, "prod") == "sealed"


async def test_a_name_is_given_once(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="first")

    with pytest.raises(SettingsError, match="one of this name"):
        await database.write(platforms.add, PROD, sealed_token="second")

    assert await database.read(platforms.sealed_token, "prod") == "first"


async def test_an_unknown_name_is_answered_with_the_known_ones(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")

    with pytest.raises(SettingsError, match="there are: prod"):
        await database.read(platforms.get, "prd")
    with pytest.raises(SettingsError, match="there are: prod"):
        await database.write(platforms.update, msgspec.structs.replace(PROD, name="prd"))
    with pytest.raises(SettingsError, match="there are: prod"):
        await database.write(platforms.remove, "prd")


async def test_changing_a_platform_keeps_its_token_and_the_other_way_round(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="old")

    await database.write(platforms.update, msgspec.structs.replace(PROD, url="https://other.example"))
    assert await database.read(platforms.sealed_token, "prod") == "old"
    await database.write(platforms.replace_token, "prod", "new", expires_at=at(1))

    kept = await database.read(platforms.get, "prod")
    assert (kept.url, kept.token_expires_at) == ("https://other.example", at(1))
    assert await database.read(platforms.sealed_token, "prod") == "new"

    await database.write(platforms.note_expiry, "prod", at(2))

    assert [p.token_expires_at for p in await database.read(platforms.list_all)] == [at(2)]


async def test_a_platform_with_issues_is_not_removed_unasked(database: Database) -> None:
    await database.write(platforms.add, PROD, sealed_token="sealed")
    await database.write(ledger.record, "prod", pushed("axios"))
    await database.write(planning.stage, "prod", "run", [change("axios")], now=NOW)
    await database.write(planning.commit, "prod", "run")
    await database.write(planned.save, "prod", revision=1, settings="s", now=NOW)

    with pytest.raises(SettingsError, match="1 custom issues of ours"):
        await database.write(platforms.remove, "prod")
    await database.write(platforms.remove, "prod", forget_issues=True)

    assert await database.read(platforms.list_all) == []
    assert await database.read(outbox.depths) == {}
    assert await database.read(planned.load, "prod") is None
    assert await database.read(ledger.count, "prod") == 0


def _vault(*keys: str) -> Vault:
    return Vault(read_keys(Secret(",".join(keys)), source="test"))


async def test_after_a_rotation_the_new_key_alone_opens_every_token(database: Database) -> None:
    old, new = new_key(), new_key()
    context = platforms.token_context("prod")
    await database.write(platforms.add, PROD, sealed_token=_vault(old).seal("hunter2", context=context))

    assert await database.write(platforms.reseal_tokens, _vault(new, old)) == 1
    assert await database.write(platforms.reseal_tokens, _vault(new, old)) == 0

    sealed = await database.read(platforms.sealed_token, "prod")
    assert _vault(new).open(sealed, context=context).reveal() == "hunter2"
    with pytest.raises(SettingsError):
        _vault(old).open(sealed, context=context)


async def test_a_lost_key_costs_entering_the_token_again(database: Database) -> None:
    context = platforms.token_context("prod")
    await database.write(platforms.add, PROD, sealed_token=_vault(new_key()).seal("old", context=context))
    vault = _vault(new_key())

    with pytest.raises(SettingsError) as caught:
        vault.open(await database.read(platforms.sealed_token, "prod"), context=context)
    await database.write(platforms.replace_token, "prod", vault.seal("new", context=context), expires_at=None)

    assert "enter the secret again" in caught.value.fix
    sealed = await database.read(platforms.sealed_token, "prod")
    assert vault.open(sealed, context=context).reveal() == "new"
