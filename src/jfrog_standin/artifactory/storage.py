"""What Artifactory holds, in memory: repositories, and the files and folders in them. No input or output."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec

from jfrog_standin.artifactory.bodies import Bodies, Checksums, Content, Full
from jfrog_standin.artifactory.repository import CACHE, Repository

Properties = Mapping[str, tuple[str, ...]]
Watch = Callable[[Literal["deployed", "deleted"], "Item"], None]

MAX_FILE_BYTES = 256 * 2**20
MAX_STORED_BYTES = 4 * 2**30
LONGEST_NAME = 255  # characters of a path's segment, as in the file systems below a real one
LONGEST_PATH = 1024


class NotStored(Exception):
    """Artifactory would refuse to keep this: `status` and `message` are its answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A file, or with `checksums` None a folder, at a path of one local repository or remote's cache."""

    repo: str  # the key it is stored under: "npm-local", "npm-remote-cache"
    path: str  # "left-pad/-/left-pad-1.0.0.tgz"; "" is the repository's root
    folder: str  # the path of the folder it is in, in AQL's form: "." is the root
    name: str  # the last segment; the root's is "."
    checksums: Checksums | None = None
    size: int = 0  # bytes
    created: datetime
    modified: datetime  # a cached file has its upstream's time here
    updated: datetime
    created_by: str
    modified_by: str
    properties: Properties = {}

    @property
    def is_folder(self) -> bool:
        return self.checksums is None


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """How often a file was downloaded, by whom last, and when (UTC)."""

    downloads: int = 0
    last_downloaded: datetime | None = None
    last_downloaded_by: str = ""


class Storage:
    """The repositories of one Artifactory and all that is in them.

    Bodies are kept once per content. The sum of them and the size of each are bounded, so that a
    careless test does not take the machine's memory.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        max_file_bytes: int = MAX_FILE_BYTES,
        max_bytes: int = MAX_STORED_BYTES,
    ) -> None:
        self.repositories: dict[str, Repository] = {}
        self.now = now
        self.max_file_bytes = max_file_bytes
        self._items: dict[str, dict[str, Item]] = {}
        self._added: dict[str, datetime] = {}
        self._children: dict[tuple[str, str], dict[str, None]] = {}
        self._statistics: dict[tuple[str, str], Statistics] = {}
        self.watchers: list[Watch] = []  # called after a file came, and before one goes
        self._bodies = Bodies(max_bytes)
        self._revisions: Counter[str] = Counter()

    # Repositories

    def add(self, repository: Repository) -> None:
        """Create a repository, or configure an existing one anew; its files stay."""
        self.repositories[repository.key] = repository
        if repository.rclass != "virtual":
            self._items.setdefault(repository.storage_key, {})
            self._added.setdefault(repository.storage_key, self.now())

    def remove(self, key: str) -> None:
        """Delete a repository with all its files."""
        repository = self.repositories.pop(key)
        self.delete(repository.storage_key, "")
        self._items.pop(repository.storage_key, None)
        self._added.pop(repository.storage_key, None)

    def owner(self, storage_key: str) -> Repository | None:
        """The repository whose files are kept under a key: `npm-remote` for `npm-remote-cache`."""
        found = self.repositories.get(storage_key)
        if found is None and storage_key.endswith(CACHE):
            cached = self.repositories.get(storage_key.removesuffix(CACHE))
            return cached if cached is not None and cached.rclass == "remote" else None
        return found

    def members(self, key: str) -> list[Repository]:
        """The repositories that answer for a key: itself, or those behind a virtual one, in order."""
        return list(self._walk(key, set()))

    def is_virtual(self, key: str) -> bool:
        """Is a key that of a virtual repository?"""
        found = self.repositories.get(key)
        return found is not None and found.rclass == "virtual"

    def _walk(self, key: str, seen: set[str]) -> Iterator[Repository]:
        repository = self.owner(key)
        if repository is None or repository.key in seen:
            return
        seen.add(repository.key)
        if repository.rclass != "virtual":
            yield repository
        for member in repository.members if repository.rclass == "virtual" else ():
            yield from self._walk(member, seen)

    # Files and folders

    def put(
        self,
        storage_key: str,
        path: str,
        body: bytes | Content,
        *,
        by: str,
        properties: Properties | None = None,
        modified: datetime | None = None,
        at: datetime | None = None,
    ) -> Item:
        """Keep a file, over what was at that path, as of `at`: now, unless a past is being told.

        Raises:
            NotStored: the path is no path, names a folder, or the body is too large.
        """
        _check(path)
        size = len(body) if isinstance(body, bytes) else body.size
        if isinstance(body, bytes) and size > self.max_file_bytes:
            raise NotStored(413, f"The file is larger than {self.max_file_bytes} bytes.")
        there = self.get(storage_key, path)
        if there is not None and there.is_folder:
            raise NotStored(400, f"Expected a file but found a folder at: {storage_key}:{path}")
        self._make_parents(storage_key, path, by=by, at=at or self.now())
        checksums = self._keep(body)
        if there is not None:
            self._release(there)
        now = at or self.now()
        item = Item(
            repo=storage_key,
            path=path,
            folder=path.rpartition("/")[0] or ".",
            name=path.rpartition("/")[2],
            checksums=checksums,
            size=size,
            created=there.created if there is not None else now,
            modified=modified or now,
            updated=now,
            created_by=there.created_by if there is not None else by,
            modified_by=by,
            properties=dict(properties or {}),
        )
        self._place(item)
        for watch in self.watchers:
            watch("deployed", item)
        return item

    def make_folder(self, storage_key: str, path: str, *, by: str) -> Item:
        """Create a folder and those above it; one that exists stays as it is."""
        _check(path)
        there = self.get(storage_key, path)
        if there is not None and not there.is_folder:
            raise NotStored(400, f"Expected a folder but found a file at: {storage_key}:{path}")
        if there is not None:
            return there
        self._make_parents(storage_key, path, by=by, at=self.now())
        return self._place(_folder(storage_key, path, by=by, at=self.now()))

    def get(self, storage_key: str, path: str) -> Item | None:
        """The file or folder at a path; the root folder ("") of every repository exists."""
        items = self._items.get(storage_key)
        if items is None:
            return None
        if path == "":
            return _folder(storage_key, "", by="_system_", at=self._added[storage_key])
        return items.get(path)

    def body(self, item: Item) -> bytes:
        """The content of a file."""
        return self._bodies.get(sha256=item.checksums.sha256) or b"" if item.checksums else b""

    def content(self, *, sha256: str = "", sha1: str = "") -> bytes | None:
        """A body that some file has, by its digest: what a deploy by checksum copies."""
        return self._bodies.get(sha256=sha256, sha1=sha1)

    def items(self, storage_key: str) -> list[Item]:
        """Every file and folder but the root of one repository, in no order to rely on.

        A copy, so that a search in a thread is not disturbed by what is stored meanwhile.
        """
        return list(self._items.get(storage_key, {}).values())

    def revision(self, storage_key: str) -> int:
        """A number that is another one after each change of what is kept under a key."""
        return self._revisions[storage_key]

    def storage_keys(self) -> list[str]:
        """Every key under which files are kept, sorted."""
        return sorted(self._items)

    def children(self, item: Item) -> list[Item]:
        """What is directly in a folder, by name."""
        names = sorted(self._children.get((item.repo, item.path), ()))
        return [self._items[item.repo][f"{item.path}/{name}" if item.path else name] for name in names]

    def below(self, item: Item) -> Iterator[Item]:
        """All that is in a folder, at any depth; folders come before what they hold."""
        for child in self.children(item):
            yield child
            yield from self.below(child)

    def delete(self, storage_key: str, path: str) -> bool:
        """Remove a file, or a folder with all that is in it; False: there was nothing."""
        item = self.get(storage_key, path)
        if item is None:
            return False
        self._revisions[storage_key] += 1
        for gone in [*self.below(item), item]:
            for watch in self.watchers:
                watch("deleted", gone)
            self._release(gone)
            self._items[storage_key].pop(gone.path, None)
            self._statistics.pop((storage_key, gone.path), None)
            self._children.pop((storage_key, gone.path), None)
        parent, _, name = path.rpartition("/")
        self._children.get((storage_key, parent), {}).pop(name, None)
        return True

    def set_properties(self, item: Item, properties: Properties) -> Item:
        """Give an item exactly these properties; none of its times moves."""
        changed = msgspec.structs.replace(item, properties=dict(properties))
        if item.path:
            self._items[item.repo][item.path] = changed
            self._revisions[item.repo] += 1
        return changed

    # Statistics

    def count_download(self, item: Item, *, by: str) -> None:
        """Add one download of a file."""
        before = self.statistics(item)
        self._statistics[item.repo, item.path] = Statistics(
            downloads=before.downloads + 1, last_downloaded=self.now(), last_downloaded_by=by
        )

    def statistics(self, item: Item) -> Statistics:
        return self._statistics.get((item.repo, item.path), Statistics())

    # Inside

    def _make_parents(self, storage_key: str, path: str, *, by: str, at: datetime) -> None:
        segments = path.split("/")
        for depth in range(1, len(segments)):
            above = "/".join(segments[:depth])
            there = self.get(storage_key, above)
            if there is None:
                self._place(_folder(storage_key, above, by=by, at=at))
            elif not there.is_folder:
                raise NotStored(400, f"Expected a folder but found a file at: {storage_key}:{above}")

    def _place(self, item: Item) -> Item:
        parent, _, name = item.path.rpartition("/")
        self._revisions[item.repo] += 1
        self._items.setdefault(item.repo, {})[item.path] = item
        self._children.setdefault((item.repo, parent), {})[name] = None
        return item

    def _keep(self, body: bytes | Content) -> Checksums:
        try:
            return self._bodies.keep(body)
        except Full as error:
            raise NotStored(507, "The storage is full.") from error

    def _release(self, item: Item) -> None:
        if item.checksums is not None:
            self._bodies.release(item.checksums)


def _folder(storage_key: str, path: str, *, by: str, at: datetime) -> Item:
    folder, _, name = path.rpartition("/")
    return Item(
        repo=storage_key,
        path=path,
        folder=folder or ".",
        name=name or ".",
        created=at,
        modified=at,
        updated=at,
        created_by=by,
        modified_by=by,
    )


def _check(path: str) -> None:
    segments = path.split("/")
    if any(segment in {"", ".", ".."} or len(segment) > LONGEST_NAME for segment in segments):
        raise NotStored(400, f"Invalid path: {path[:LONGEST_NAME]!r}")
    if len(path) > LONGEST_PATH or any(ord(character) < 32 for character in path):
        raise NotStored(400, f"Invalid path: {path[:LONGEST_NAME]!r}")
