"""The system's keychain, where there is one that works: in a container or a service there mostly is none."""

import keyring
from keyring.errors import KeyringError

from reedbed.model.secret import Secret
from reedbed.store.keys import KEYCHAIN_SERVICE

BROKEN = (KeyringError, OSError, RuntimeError)
"""What a keychain that is missing, locked or broken raises, by its backend."""


def keep(account: str, secret: Secret) -> bool:
    """Put a secret into the keychain and read it back; False: this system has none that keeps it."""
    try:
        keyring.set_password(KEYCHAIN_SERVICE, account, secret.reveal())
    except BROKEN:
        return False
    return find(account) == secret


def find(account: str) -> Secret | None:
    try:
        found = keyring.get_password(KEYCHAIN_SERVICE, account)
    except BROKEN:
        return None
    return Secret(found) if found else None


def forget(account: str) -> bool:
    """Take a secret out of the keychain; False: it holds none, or does not answer."""
    try:
        keyring.delete_password(KEYCHAIN_SERVICE, account)
    except BROKEN:
        return False
    return True
