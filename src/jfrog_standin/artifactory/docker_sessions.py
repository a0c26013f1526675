"""Uploads of blobs that have begun and not ended."""

import secrets

import msgspec

MOST_AT_ONCE = 1000


class Upload(msgspec.Struct, kw_only=True):
    """A blob of which a part has arrived."""

    repository: str
    name: str
    body: bytearray


class Uploads:
    """The uploads of one platform that have begun and not ended; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._open: dict[str, Upload] = {}

    def begin(self, repository: str, name: str) -> str:
        """Open an upload, and give its id."""
        upload_id = secrets.token_hex(16)
        self._open[upload_id] = Upload(repository=repository, name=name, body=bytearray())
        while len(self._open) > MOST_AT_ONCE:
            del self._open[next(iter(self._open))]
        return upload_id

    def get(self, upload_id: str, repository: str, name: str) -> Upload | None:
        """The upload with an id, if it is one of this image."""
        found = self._open.get(upload_id)
        return found if found is not None and (found.repository, found.name) == (repository, name) else None

    def end(self, upload_id: str) -> None:
        self._open.pop(upload_id, None)
