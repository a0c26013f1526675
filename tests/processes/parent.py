"""The parent of prepared processes: it imports what others have written once, and forks for each order.

Nothing of ours is imported here, so that a child imports Reedbed as an interpreter of its own would.
"""

import gc
import importlib
import os
import runpy
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import msgspec

LIBRARIES = (
    "aiohttp",
    "aiolimiter",
    "alembic.autogenerate",
    "alembic.context",
    "croniter",
    "cyclopts",
    "cyclopts.help",
    "dbos",
    "joserfc.jwe",
    "joserfc.jwk",
    "keyring",
    "lark",
    "nodesemver",
    "packaging.version",
    "platformdirs",
    "prometheus_client",
    "psycopg",
    "re2",
    "rich.console",
    "rich.markdown",
    "rich.progress",
    "rich.syntax",
    "rich.table",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "stamina",
    "structlog",
    "trustme",
)
MOST_BYTES = 1 << 17
"""Of an order: arguments and environment, which a socket takes as one message."""


class Order(msgspec.Struct, frozen=True):
    words: tuple[str, ...]
    """What stands after `python`: a file, or `-m` and a module, and its arguments."""
    environment: dict[str, str]
    folder: str


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a person's Ctrl-C is for the tests, which end us
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for companions
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # else the first collection of each child would copy all of it
    _serve(socket.socket(fileno=int(sys.argv[1])))


def _serve(orders: socket.socket) -> None:
    """Fork a companion for each order, until the other side has gone."""
    while True:
        message, files, _, _ = socket.recv_fds(orders, MOST_BYTES, 4)
        if not message:
            return
        if os.fork() == 0:
            orders.close()
            _accompany(msgspec.json.decode(message, type=Order), files)
        for each in files:
            os.close(each)


def _accompany(order: Order, files: list[int]) -> NoReturn:
    """Start what was ordered; tell its id, and then its end: the exit code, or minus a signal's number."""
    *streams, status = files
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(status)
        _become(order, streams)
    for each in (0, 1, 2, *streams):
        os.close(each)
    with suppress(BrokenPipeError):  # nobody wants to know any more
        os.write(status, b"%d\n" % child)
        _, ended = os.waitpid(child, 0)
        os.write(status, b"%d\n" % os.waitstatus_to_exitcode(ended))
    os._exit(0)


def _become(order: Order, streams: list[int]) -> NoReturn:
    """Be what `python WORDS` would be."""
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order.environment)
    os.chdir(order.folder)
    further = filter(None, order.environment.get("PYTHONPATH", "").split(os.pathsep))
    first, *rest = order.words
    if first == "-m":
        name, *rest = rest
        sys.argv, sys.path[:1] = [name, *rest], [order.folder, *further]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[:1] = [first, *rest], [str(Path(first).parent), *further]
        runpy.run_path(first, run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    main()
