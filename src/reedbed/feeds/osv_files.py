"""Reading records of the OSV format that lie on this machine: a zip, a folder, a git checkout."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncGenerator, Iterable, Iterator
from pathlib import Path

from reedbed.errors import Unreachable
from reedbed.feeds.draining import Drain
from reedbed.feeds.feed import Batch, Drained
from reedbed.feeds.osv_archive import MEGABYTE, zip_records
from reedbed.feeds.osv_record import Taking, read_record, unusable
from reedbed.feeds.settings import OsvSettings
from reedbed.model.advisory import Advisory, Statement, Unusable

FILES, COMMIT = "files", "commit"
"""Validators: what the files looked like from outside, and the commit that was checked out."""

MALICIOUS, WITHDRAWN = "osv/malicious", "osv/withdrawn"
"""The folders of ossf/malicious-packages; a withdrawn record moves from the first to the second."""

OBJECT_ID = re.compile(r"[0-9a-f]{40,64}")  # anything else could be an option to git
GIT_TIMEOUT_S = 120.0


def layout(source: Path) -> dict[str, Path]:
    """Find what to read at a path: scope → zip, file or folder. A folder of `*/all.zip` has many scopes."""
    if not source.exists():
        raise _unreachable(source, "there is no such file or folder")
    zips = {path.parent.name: path for path in sorted(source.glob("*/all.zip"))} if source.is_dir() else {}
    return zips or {"*": source}


async def read_files(
    source: Path, drain: Drain, taking: Taking, settings: OsvSettings
) -> AsyncGenerator[Batch | Drained, None]:
    """Read one scope that `layout` has found.

    Raises:
        Unreachable: the files cannot be read.
        Unreadable: an archive is damaged as a whole.
    """
    if (source / MALICIOUS).is_dir():
        reading = _read_checkout(source, drain, taking, settings)
    else:
        reading = _read_folder_or_zip(source, drain, taking, settings)
    try:
        async for each in reading:
            yield each
    except OSError as error:
        raise _unreachable(source, str(error)) from error


async def _read_folder_or_zip(
    source: Path, drain: Drain, taking: Taking, settings: OsvSettings
) -> AsyncGenerator[Batch | Drained, None]:
    look = await asyncio.to_thread(_look, source)
    if drain.before.validators.get(FILES) == look:
        yield drain.unchanged()
        return
    async for batch in drain.batches(_records(source, taking, settings)):
        yield batch
    yield drain.drained_whole({FILES: look})


def _records(source: Path, taking: Taking, settings: OsvSettings) -> Iterator[tuple[Statement, ...]]:
    if source.is_dir() or source.suffix.lower() == ".json":
        return _read_paths(source, _json_files(source), taking, settings)
    return zip_records(source, taking, settings, archive=str(source))


async def _read_checkout(
    source: Path, drain: Drain, taking: Taking, settings: OsvSettings
) -> AsyncGenerator[Batch | Drained, None]:
    """Read a checkout: what has changed since the commit that the cursor knows, else all of it."""
    commit = await _git(source, "rev-parse", "--verify", "HEAD")
    head = commit.decode("ascii", "replace").strip() if commit else None
    known = drain.before.validators.get(COMMIT, "")
    if head and head == known:
        yield drain.unchanged()
        return
    changed = await _changed(source, known, head) if head and OBJECT_ID.fullmatch(known) else None
    if changed is None:
        both = (path for folder in (MALICIOUS, WITHDRAWN) for path in _json_files(source / folder))
        records = _read_paths(source, both, taking, settings)
    else:
        records = _read_paths(source, changed, taking, settings)
    async for batch in drain.batches(records):
        yield batch
    validators = {COMMIT: head} if head else {}
    yield drain.drained_whole(validators) if changed is None else drain.drained(validators)


async def _changed(source: Path, known: str, head: str) -> list[Path] | None:
    """List the records that a range of commits added or changed, withdrawn ones last; None: git cannot say.

    A file that is gone says nothing: a withdrawal is a file that came to `withdrawn/`.
    """
    told = await _git(
        source, "diff", "--no-ext-diff", "--name-only", "--no-renames", "--diff-filter=d", "--relative", "-z",
        known, head, "--", MALICIOUS, WITHDRAWN,
    )  # fmt: skip
    if told is None:
        return None
    names = sorted(os.fsdecode(name) for name in told.split(b"\0") if name.endswith(b".json"))
    return [path for name in names if _is_file(path := source / name)]


async def _git(source: Path, *arguments: str) -> bytes | None:
    """Ask git about a checkout without letting it write, prompt or start anything; None: it has no answer."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("REEDBED_")}  # no secrets
    environment = {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        process = await asyncio.create_subprocess_exec(
            "git", "-C", str(source), "-c", "core.fsmonitor=false", *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, env=environment,
        )  # fmt: skip
    except OSError:  # git is not installed: the files are all there is
        return None
    try:
        output, _ = await asyncio.wait_for(process.communicate(), GIT_TIMEOUT_S)
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output if process.returncode == 0 else None


def _json_files(top: Path) -> Iterator[Path]:
    """Walk a folder for records, without following links, so that none leads out of it."""
    if top.is_file():
        yield top
        return
    waiting = [top] if top.is_dir() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git":
                        waiting.append(Path(entry.path))
                elif entry.name.endswith(".json") and entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _read_paths(
    top: Path, paths: Iterable[Path], taking: Taking, settings: OsvSettings
) -> Iterator[tuple[Statement, ...]]:
    largest = settings.max_record_mb * MEGABYTE
    for path in paths:
        name = path.relative_to(top).as_posix() if path != top else path.name
        with path.open("rb") as file:
            data = file.read(largest + 1)
        if len(data) > largest:
            yield (unusable(taking.feed, name, f"the file has more than {largest} bytes"),)
        else:
            yield _placed(read_record(data, file=name, taking=taking), name)


def _placed(says: tuple[Statement, ...], name: str) -> tuple[Statement, ...]:
    """Trust neither of the two where the place says withdrawn and the record does not."""
    if not name.startswith(WITHDRAWN):
        return says
    reason = "the record lies among the withdrawn ones, but does not say that it is"
    return tuple(
        Unusable(feed=each.feed, id=each.id, reason=reason) if isinstance(each, Advisory) else each
        for each in says
    )


def _look(source: Path) -> str:
    """Sum up names, sizes and times of change, in whatever order the folder gives them."""
    total = 0
    for path in [source] if source.is_file() else _json_files(source):
        seen = path.stat()
        text = f"{path.relative_to(source)}\0{seen.st_size}\0{seen.st_mtime_ns}"
        digest = hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=16).digest()
        total = (total + int.from_bytes(digest)) % (1 << 128)
    return f"{total:032x}"


def _unreachable(source: Path, why: str) -> Unreachable:
    return Unreachable(
        f"Could not read {source}", why=why, fix="Check the feed's source, and that Reedbed may read there."
    )
