"""Which of several versions is the lowest, by the order of its ecosystem."""

from collections.abc import Iterable

from reedbed.model.ecosystem import RULES, PackageType


def lowest(package_type: str, versions: Iterable[str]) -> str | None:
    """Give the lowest of some versions; None where no order is known, or one of them can't be read."""
    try:
        order = RULES[PackageType(package_type)].order
        return min(versions, key=order) if order else None
    except ValueError:
        return None
