r"""The event log: constant snake_case names with ids as fields; JSON lines, or colour on a terminal.

What a field holds may have been written by a stranger, or hold a credential by mistake. So every value passes
two processors before it is rendered: `redact` blanks what looks like a credential, `escape` spells out every
character that could start a new line, move a cursor or hide text (`\n`, `\x1b`, `\u202e`).
"""

import logging
import re
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from itertools import islice
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LONGEST_VALUE = 4_000
"""Characters of one field. A package name of 10 kB is somebody's joke, and not ours to store."""
LONGEST_TRACEBACK = 40_000
DEEPEST = 6
WIDEST = 200

HIDDEN = "[redacted]"

AGAIN_S = 30.0
"""Seconds for which a library is not heard again when it repeats itself."""
ALIKE = 60
"""Characters at the start of a message by which one is taken for a repetition."""

# Each of these looks at a character a bounded number of times: hostile text must not hold up the log.
CREDENTIALS: Final = (
    re.compile(r"AKCp[A-Za-z0-9]{8,}+"),  # an Artifactory API key
    re.compile(r"cmVmdGtu[A-Za-z0-9+/=]{16,}+"),  # a reference token: base64 of `reftkn:…`
    re.compile(r"(?<=://)[^/\s@]++(?=@)"),  # user and password in a URL
    re.compile(r"(?i)(?<=bearer )[^\s,;\"']{6,}+|(?<=basic )[A-Za-z0-9+/=]{8,}+"),
)
DOTTED: Final = re.compile(r"(?<![\w-])[\w-]{11,}+\.[\w-]{8,}+(?:\.[\w-]*+)?")
"""A JWT, where its first part holds `eyJ`: JFrog's access and identity tokens."""
UNBROKEN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{60,}+")
"""An opaque token, where it mixes cases and digits as no digest does."""
SECRET_FIELD = re.compile(r"(?i)(^|_)(token|password|passwd|secret|authorization|api_?key|cookie)$")

FOREIGN: Final = ("", "dbos", "aiohttp", "sqlalchemy", "alembic", "asyncio")


def configure(level: str = "info", *, json: bool | None = None, stream: TextIO | None = None) -> None:
    """Set up the one log of this process, on `stream` (default: standard error).

    `json` None means JSON lines unless the stream is a terminal. Libraries that use the standard library's
    logging come through the same processors from WARNING on, as the event `library_message`.
    """
    out = stream or sys.stderr
    as_json = not out.isatty() if json is None else json
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            redact,
            escape,
            _renderer(as_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Lossy(out))),
        cache_logger_on_first_use=False,
    )
    _adopt_standard_logging()


def _renderer(as_json: bool) -> Processor:
    if as_json:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=True, timestamp_key="at", exception_formatter=structlog.dev.plain_traceback
    )


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Blank fields with a secret's name and text that looks like a credential; order the rest."""
    first = {name: event[name] for name in ("at", "level", "event") if name in event}
    return _mapped({**first, **event}, _without_credentials)  # type: ignore[no-any-return]


def escape(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Spell out hidden characters in names and values; a traceback alone keeps its lines."""
    return {
        _visible(name): _lines(value) if name == "exception" else _mapped(value, _visible)
        for name, value in event.items()
    }


def presentable(text: str) -> str:
    """Make text from anywhere fit for a row or a message: without credentials, on one line, bounded."""
    return _visible(_without_credentials(text))


def _mapped(value: Any, change: Callable[[str], str], depth: int = 0) -> Any:
    """Apply `change` to every text in a value. What is not JSON becomes text first; deep or wide is cut."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | bytes | bytearray | memoryview | BaseException):
        return change(_text(value))
    if not isinstance(value, Mapping | Sequence | AbstractSet):
        return change(str(value))
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {
            change(str(name)): HIDDEN if SECRET_FIELD.search(str(name)) else _mapped(each, change, depth + 1)
            for name, each in islice(value.items(), WIDEST)
        }
    return [_mapped(each, change, depth + 1) for each in islice(value, WIDEST)]


def _text(value: str | bytes | bytearray | memoryview | BaseException) -> str:
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return value if isinstance(value, str) else bytes(value).decode(errors="backslashreplace")


def _without_credentials(text: str) -> str:
    text = text[:LONGEST_TRACEBACK]
    for pattern in CREDENTIALS:
        text = pattern.sub(HIDDEN, text)
    text = DOTTED.sub(lambda found: HIDDEN if "eyJ" in found[0].partition(".")[0] else found[0], text)
    return UNBROKEN.sub(lambda found: HIDDEN if _is_mixed(found[0]) else found[0], text)


def _is_mixed(text: str) -> bool:
    return not (text.isupper() or text.islower() or text.isdigit() or text.isalpha())


def _visible(text: str, limit: int = LONGEST_VALUE) -> str:
    if len(text) > limit:
        text = f"{text[:limit]}…(+{len(text) - limit})"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _lines(text: Any) -> str:
    """Keep the line breaks of a traceback; each line is indented, as no event's own line is."""
    lines = str(text).split("\n")
    return "\n".join(f"  {_visible(line)}" for line in lines)


class _Lossy:
    """A stream that takes what it can. A full disk costs lines of the log, never the work they tell of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


class _Adopted(logging.Handler):
    """Hands a library's record to the event log, and the same one again only after a while.

    An engine whose database is away says so several times a second; the daemon's own events say it once.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if self._was_said((record.name, message[:ALIKE]), time.monotonic()):
            return
        fields: MutableMapping[str, Any] = {"library": record.name, "message": message}
        if record.exc_info and record.exc_info[1] is not None:
            fields["exc_info"] = record.exc_info
        level = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(structlog.get_logger(), level)("library_message", **fields)

    def _was_said(self, what: tuple[str, str], at: float) -> bool:
        self._said = {each: then for each, then in self._said.items() if at - then < AGAIN_S}
        if what in self._said:
            return True
        self._said[what] = at
        return False


def _adopt_standard_logging() -> None:
    """Let libraries speak from WARNING on, and through this log alone.

    DBOS adds a console handler of its own unless its logger has one already, and advertises its vendor's
    console at INFO: a handler and a level set here prevent both.
    """
    for name in FOREIGN:
        logger = logging.getLogger(name)
        logger.handlers = [_Adopted()]
        logger.setLevel(logging.WARNING)
        logger.propagate = False
    logging.captureWarnings(capture=True)
