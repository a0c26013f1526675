"""Where a running stand-in is reached, as it writes it down for other programs of the same user."""

import os
from pathlib import Path

import msgspec

FILE = "standin.json"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """What `serve` tells: the first line of its output with --json, and the file in its data folder."""

    url: str
    ca: str | None  # path of the CA file; None: plain HTTP
    admin_user: str
    admin_password: str
    admin_token: str
    control_token: str
    pid: int


def write(address: Address, data: Path) -> Path:
    """Write the file, readable by its owner alone."""
    path = data / FILE
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(address) + b"\n")
    return path


def read(data: Path) -> Address:
    """Read the file of a running stand-in.

    Raises:
        FileNotFoundError: none runs with that data folder.
        msgspec.MsgspecError: the file is not one of ours.
    """
    return msgspec.json.decode((data / FILE).read_bytes(), type=Address)


def forget(address: Address, data: Path) -> None:
    """Remove the file, unless another stand-in has written its own there since."""
    try:
        if read(data) == address:
            (data / FILE).unlink()
    except (FileNotFoundError, msgspec.MsgspecError):
        return
