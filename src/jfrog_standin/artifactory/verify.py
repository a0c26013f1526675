"""Compares a body with the digests that its sender gave."""

from jfrog_standin import errors
from jfrog_standin.artifactory.bodies import digest


def refuse_mismatch(body: bytes, *, sha256: str = "", sha1: str = "", md5: str = "") -> None:
    """Raise Artifactory's 409 when a digest that was given is not the body's; an empty one was not given."""
    actual = digest(body)
    for kind, given, found in (
        ("sha256", sha256, actual.sha256),
        ("sha1", sha1, actual.sha1),
        ("md5", md5, actual.md5),
    ):
        if given and given.lower() != found:
            raise errors.artifactory(
                409, f"Checksum error: {kind} of the received file is '{found}' but '{given}' was expected"
            )
