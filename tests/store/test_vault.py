import copy
import pickle
import stat
import traceback
from base64 import b64encode
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from reedbed.errors import SettingsError
from reedbed.model.secret import Secret
from reedbed.store.keys import add_key, drop_old_keys, open_vault
from reedbed.store.vault import Vault, new_key, read_keys

PLACE = "platforms/prod/token"


def _vault(*keys: str) -> Vault:
    return Vault(read_keys(Secret(" ".join(keys)), source="test"))


@given(st.text())
def test_what_is_sealed_opens_again(text: str) -> None:
    vault = _vault(new_key())
    try:
        text.encode()
    except UnicodeEncodeError:
        return

    assert vault.open(vault.seal(text, context=PLACE), context=PLACE).reveal() == text


def test_a_sealed_secret_shows_nothing_and_never_looks_the_same() -> None:
    vault = _vault(new_key())

    first, second = (vault.seal(Secret("hunter2"), context=PLACE) for _ in range(2))

    assert "hunter2" not in first
    assert first != second


def test_a_ciphertext_does_not_open_in_another_row() -> None:
    vault = _vault(new_key())
    sealed = vault.seal("hunter2", context=PLACE)

    with pytest.raises(SettingsError, match="another's place"):
        vault.open(sealed, context="platforms/test/token")


@given(st.integers(0, 63), st.sampled_from(list(permutations("abcXYZ019-_.", 2))))
def test_a_changed_ciphertext_does_not_open(at: int, others: tuple[str, str]) -> None:
    vault = _vault(new_key())
    sealed = vault.seal("hunter2", context=PLACE)
    put = others[0] if others[0] != sealed[at] else others[1]
    changed = sealed[:at] + put + sealed[at + 1 :]

    assert len(sealed) == 64
    with pytest.raises(SettingsError):
        vault.open(changed, context=PLACE)


@pytest.mark.parametrize("sealed", ["", "v1", "v1..", "v2.abc.def", "hunter2", "v1.\0.é"])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(SettingsError, match="Could not decrypt"):
        _vault(new_key()).open(sealed, context=PLACE)


def test_old_keys_open_until_they_are_dropped() -> None:
    old, new = new_key(), new_key()
    sealed = _vault(old).seal("hunter2", context=PLACE)
    both = _vault(new, old)

    assert both.open(sealed, context=PLACE).reveal() == "hunter2"
    resealed = both.reseal(sealed, context=PLACE)
    assert both.reseal(resealed, context=PLACE) == resealed
    assert _vault(new).open(resealed, context=PLACE).reveal() == "hunter2"


@pytest.mark.parametrize("text", ["", "  ", "hunter2", b64encode(b"short").decode(), "é" * 44, "a" * 45])
def test_a_malformed_key_is_said_without_being_shown(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_keys(Secret(text), source="REEDBED_SECRET_KEY")

    shown = "".join(traceback.format_exception(caught.value)) + caught.value.why + caught.value.fix
    assert "openssl rand -base64 32" in caught.value.fix
    assert not text.strip() or text not in shown


def test_a_key_made_by_openssl_is_taken() -> None:
    assert read_keys(Secret(b64encode(b"\xfb" * 32).decode() + "\n"), source="test") == [b"\xfb" * 32]


@pytest.fixture
def no_keychain() -> Iterator[None]:
    yield from _with_keychain(NoKeyring())  # type: ignore[no-untyped-call]


@pytest.fixture
def keychain() -> Iterator[None]:
    yield from _with_keychain(Keychain())  # type: ignore[no-untyped-call]


def _with_keychain(chosen: KeyringBackend) -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(chosen)
    yield
    keyring.set_keyring(before)


class Keychain(NoKeyring):
    """A keychain that holds one key."""

    priority = -1.0  # keyring knows every subclass, and must not choose this one by itself
    key = new_key()

    def get_password(self, service: str, username: str, msg: str | None = None) -> str | None:
        return self.key if (service, username) == ("reedbed", "secret-key") else None


@pytest.mark.usefixtures("no_keychain")
def test_without_any_key_one_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    fallback, data = tmp_path / "config" / "secret.key", tmp_path / "data"

    first = open_vault(key=None, key_file=None, fallback=fallback, database_folder=data)
    again = open_vault(key=None, key_file=None, fallback=fallback, database_folder=data)

    assert first.made == fallback
    assert again.made is None
    assert stat.S_IMODE(fallback.stat().st_mode) == 0o600
    assert again.vault.open(first.vault.seal("x", context=PLACE), context=PLACE) == Secret("x")


@pytest.mark.usefixtures("no_keychain")
def test_no_key_is_made_beside_the_database(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="whoever has one would have both"):
        open_vault(key=None, key_file=None, fallback=tmp_path / "x" / "key", database_folder=tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("keychain")
def test_the_first_source_that_has_a_key_counts(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(new_key())
    file.chmod(0o600)
    fallback = tmp_path / "fallback"

    def source(key: Secret | None, key_file: Path | None, *, keychain: bool) -> str:
        return open_vault(
            key=key, key_file=key_file, fallback=fallback, database_folder=None, keychain=keychain
        ).source

    assert source(Secret(new_key()), file, keychain=True) == "REEDBED_SECRET_KEY"
    assert source(None, file, keychain=True) == str(file)
    assert source(None, None, keychain=True) == "the keychain"
    assert source(None, None, keychain=False) == str(fallback)


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(new_key())
    file.chmod(0o644)

    with pytest.raises(SettingsError, match="every user of this machine") as caught:
        open_vault(key=None, key_file=file, fallback=tmp_path / "other", database_folder=None)

    assert "chmod 600" in caught.value.fix


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b""])
def test_a_key_file_without_a_key_is_a_settings_error(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
        file.chmod(0o600)

    with pytest.raises(SettingsError, match=str(file)):
        open_vault(key=None, key_file=file, fallback=tmp_path / "other", database_folder=None)


def test_a_key_file_is_rotated_in_two_steps(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(new_key())
    file.chmod(0o600)

    def vault() -> Vault:
        return open_vault(key=None, key_file=file, fallback=file, database_folder=None).vault

    before = vault()
    sealed = before.seal("hunter2", context=PLACE)
    add_key(file)
    resealed = vault().reseal(sealed, context=PLACE)
    drop_old_keys(file)

    assert vault().current != before.current
    assert vault().open(resealed, context=PLACE).reveal() == "hunter2"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret("hunter2")

    shown = f"{secret} {secret!r} {[secret]} {copy.deepcopy(secret)} {_vault(new_key())!r}"

    assert "hunter2" not in shown
    assert (secret == Secret("hunter2"), secret == Secret("other"), secret == "hunter2") == (
        True,
        False,
        False,
    )
    assert (bool(secret), bool(Secret(""))) == (True, False)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
