"""The vault: secrets sealed so that a copy of the database tells nothing, and changing it gains nothing.

A sealed secret is `v1.<key id>.<nonce and ciphertext>`, by AES-256-GCM. Where it is kept is bound in, so a
row's secret does not open in another row.
"""

import hashlib
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reedbed.errors import SettingsError
from reedbed.model.secret import Secret

FORM = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12  # as NIST SP 800-38D recommends; at random, good for some 2^32 secrets a key


class Vault:
    """Seals with the first of its keys, opens with any of them."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        self._current = key_id(keys[0])

    def __repr__(self) -> str:
        return f"Vault(current={self._current!r}, keys={len(self._ciphers)})"

    @property
    def current(self) -> str:
        """Names the key that seals; it says nothing about the key itself."""
        return self._current

    def seal(self, secret: Secret | str, *, context: str) -> str:
        """Encrypt a secret for one place, as `platforms/prod/token`."""
        text = secret.reveal() if isinstance(secret, Secret) else secret
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, text.encode(), _bound(self._current, context))
        return f"{FORM}.{self._current}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, context: str) -> Secret:
        """Decrypt what was sealed for the same place.

        Raises:
            SettingsError: its key is not here any more, or it was changed, or belongs elsewhere.
        """
        form, _, rest = sealed.partition(".")
        name, _, body = rest.partition(".")
        if form != FORM or name not in self._ciphers:
            raise _lost(context, "the key that it was encrypted with is not here")
        try:
            raw = _decoded(body)
            opened = self._ciphers[name].decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(name, context))
        except (InvalidTag, NotBase64, ValueError) as error:
            raise _lost(context, "it was changed, or put in another's place") from error
        return Secret(opened.decode())

    def reseal(self, sealed: str, *, context: str) -> str:
        """Encrypt with the current key what any key here opens; what that one sealed stays as it is."""
        if sealed.startswith(f"{FORM}.{self._current}."):
            return sealed
        return self.seal(self.open(sealed, context=context), context=context)


def key_id(key: bytes) -> str:
    """Name a key without telling anything about it."""
    return hashlib.sha256(b"reedbed key id\0" + key).hexdigest()[:12]


def new_key() -> str:
    """Make a key, as it is written in a variable or a key file."""
    return urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def read_keys(text: Secret, *, source: str) -> list[bytes]:
    """Read keys, separated by commas or white space: the current one first, then old ones.

    Raises:
        SettingsError: there is none, or one is not 32 bytes in base64.
    """
    keys = [_key(word, source) for word in text.reveal().replace(",", " ").split()]
    if not keys:
        raise _malformed(source, "it holds no key")
    return keys


def _key(word: str, source: str) -> bytes:
    try:
        key = urlsafe_b64decode(word.replace("+", "-").replace("/", "_"))
    except ValueError:
        raise _malformed(source, "what it holds is not in base64") from None
    if len(key) != KEY_BYTES:
        raise _malformed(source, f"a key in it has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _decoded(body: str) -> bytes:
    """Read base64 in its one canonical form; the decoder alone would skip what does not belong."""
    raw = urlsafe_b64decode(body)
    if urlsafe_b64encode(raw).decode() != body:
        raise ValueError("not in canonical base64")
    return raw


def _bound(name: str, context: str) -> bytes:
    return f"{FORM}\0{name}\0{context}".encode()


def _malformed(source: str, why: str) -> SettingsError:
    return SettingsError(
        f"Could not read the secret key from {source}",
        why=why,
        fix="Make one with `openssl rand -base64 32`; put the new key before old ones, with a comma between.",
    )


def _lost(context: str, why: str) -> SettingsError:
    return SettingsError(
        f"Could not decrypt {context}",
        why=why,
        fix="Bring the key back (REEDBED_SECRET_KEY or the key file), or enter the secret again: a "
        "platform's with `reedbed platform rotate`, a profile's with `reedbed auth login`. Nothing else is "
        "lost.",
    )
