"""How values lie in columns, alike on SQLite and PostgreSQL."""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, String, Text
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

KEY = String().with_variant(String(collation="C"), "postgresql")
"""Text that pages are keyed by: in code point order on both, whatever the server's locale."""

NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only in an INTEGER

LONGEST_KEY_BYTES = 500
"""Of what a stranger wrote and we look up by. PostgreSQL indexes no row of more than about 2,700 bytes."""


LARGEST = 2**63 - 1


class Amount(TypeDecorator[int]):
    """How many bytes or things a stranger says that there are; what no database takes is not known."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return value if value is not None and abs(value) <= LARGEST else None

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Compare with a fraction as such: PostgreSQL would round it."""
        return self.impl_instance.coerce_compared_value(op, value)


class Utc(TypeDecorator[datetime]):
    """A moment in UTC. On SQLite ISO text of one length, so that it sorts as time does."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} names no time zone, so it is no moment")
        in_utc = value.astimezone(UTC)
        return in_utc if dialect.name == "postgresql" else in_utc.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC) if isinstance(value, datetime) else None


class Json(TypeDecorator[Any]):
    """A structured value as JSON text, read back as the type that it was.

    Where it is compared by the store it is `canonical`: the same text whatever the order of its keys.
    """

    impl = Text
    cache_ok = True

    def __init__(self, shape: Any, *, canonical: bool = False) -> None:
        super().__init__()
        self.shape = shape
        self.canonical = canonical
        self._encoder = msgspec.json.Encoder(order="sorted" if canonical else None)
        self._decoder = msgspec.json.Decoder(shape)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self._encoder.encode(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self._decoder.decode(value)


class Word(TypeDecorator[StrEnum]):
    """One of a fixed set of words, read back as a member of its enumeration."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


def storable(text: str) -> str:
    """Replace what no database takes as text: NUL, and surrogates that stand alone."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def storable_key(text: str) -> str:
    """Make text fit to be looked up by: what is too long ends in a digest of the whole."""
    clean = storable(text)
    if len(clean.encode()) <= LONGEST_KEY_BYTES:
        return clean
    digest = hashlib.sha256(clean.encode()).hexdigest()[:32]
    return clean.encode()[: LONGEST_KEY_BYTES - 40].decode(errors="ignore") + "…" + digest
