"""JSON Lines: everything that is known, one finding or asset a line."""

from collections.abc import AsyncIterator, Sequence

from msgspec.structs import asdict

from reedbed.model.exports import PRODUCT, VENDOR, Asset, Finding
from reedbed.sinks.streaming import encoded


async def write(
    rows: AsyncIterator[Sequence[Finding]] | AsyncIterator[Sequence[Asset]],
) -> AsyncIterator[bytes]:
    """Write one object a line; moments are RFC 3339 in UTC, severities are words."""
    async for some in rows:
        yield b"".join(
            encoded(_finding(row) if isinstance(row, Finding) else _asset(row)) + b"\n" for row in some
        )


def _finding(finding: Finding) -> dict[str, object]:
    told = asdict(finding) | {"severity": finding.severity.word, "vendor": VENDOR, "product": PRODUCT}
    del told["mapped"], told["text"]
    return told


def _asset(asset: Asset) -> dict[str, object]:
    told = asdict(asset) | {"source": VENDOR}
    del told["mapped"], told["findings"]
    return told
