"""Where the vault's key comes from: a variable, a key file, the keychain, or a key file that is made."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec

from reedbed.errors import SettingsError
from reedbed.model.secret import Secret
from reedbed.store.vault import Vault, new_key, read_keys

KEYCHAIN_SERVICE = "reedbed"
KEYCHAIN_NAME = "secret-key"


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A vault, and where its key came from."""

    vault: Vault
    source: str  # for people: "REEDBED_SECRET_KEY", a path, "the keychain"
    made: Path | None = None  # the key file that was made just now: say so, and that it is to be backed up


def open_vault(
    *,
    key: Secret | None,
    key_file: Path | None,
    fallback: Path,
    database_folder: Path | None,
    keychain: bool = True,
) -> Opened:
    """Find the key; the first of these that is there counts: `key`, `key_file`, the keychain, `fallback`.

    With none of them a key is made in `fallback`, for its owner alone (0600). It lies outside the
    database's folder, so that one backup or one stolen folder does not hold both.

    Raises:
        SettingsError: a key is malformed, its file cannot be read or made, or others may read it.
    """
    if key:
        return Opened(vault=Vault(read_keys(key, source="REEDBED_SECRET_KEY")), source="REEDBED_SECRET_KEY")
    if key_file is not None:
        return _from_file(key_file)
    if keychain and (kept := _from_keychain()):
        return Opened(vault=Vault(read_keys(kept, source="the keychain")), source="the keychain")
    if fallback.exists():
        return _from_file(fallback)
    return _made(fallback, database_folder)


def add_key(path: Path) -> None:
    """Put a new key before those in a key file. What the old ones sealed still opens.

    Raises:
        SettingsError: the file cannot be read or written.
    """
    _write_anew(path, [new_key(), *_words(path)])


def drop_old_keys(path: Path) -> None:
    """Keep the current key alone, once everything is sealed with it: see `platforms.reseal_tokens`.

    Raises:
        SettingsError: the file cannot be read or written.
    """
    _write_anew(path, _words(path)[:1])


def _words(path: Path) -> list[str]:
    text = _read(path)
    read_keys(text, source=str(path))
    return text.reveal().replace(",", " ").split()


def _from_file(path: Path) -> Opened:
    return Opened(vault=Vault(read_keys(_read(path), source=str(path))), source=str(path))


def _read(path: Path) -> Secret:
    try:
        mode = path.stat().st_mode
        text = Secret(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not a text file"
        raise _unusable(path, why, "Name a readable key file.") from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise _unusable(
            path,
            "every user of this machine may read or change it",
            f"chmod 600 {path} (in Kubernetes: defaultMode: 0400), and rotate the key if it was seen.",
        )
    return text


def _from_keychain() -> Secret | None:
    """Ask the system's keychain; one that is missing, locked or broken is as one without the key."""
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(KEYCHAIN_SERVICE, KEYCHAIN_NAME)
    except (KeyringError, OSError, RuntimeError):
        return None
    return Secret(found) if found else None


def _made(path: Path, database_folder: Path | None) -> Opened:
    if database_folder is not None and path.resolve().is_relative_to(database_folder.resolve()):
        raise _unusable(
            path,
            "it would lie in the database's folder, and whoever has one would have both",
            "Set secret_key_file to a path elsewhere, or REEDBED_SECRET_KEY.",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:  # another process was quicker
        return _from_file(path)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error), "Set REEDBED_SECRET_KEY instead.") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(new_key() + "\n")
    return msgspec.structs.replace(_from_file(path), made=path)


def _write_anew(path: Path, keys: Sequence[str]) -> None:
    """Write keys so that at every moment the file is whole, the old or the new."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error), "Let this user write to its folder.") from None


def _unusable(path: Path, why: str, fix: str) -> SettingsError:
    return SettingsError(f"Could not use the key file {path}", why=why, fix=fix)
