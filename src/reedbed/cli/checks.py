"""How checks look on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reedbed.cli import show

if TYPE_CHECKING:
    from reedbed.model.checks import Check

MARKS = {"passed": "[green]✓[/]", "warned": "[yellow]![/]", "failed": "[red]✗[/]", "skipped": "[dim]-[/]"}


def show_checks(checks: "Sequence[Check]") -> None:
    """Print each check with its time, its code and what to do."""
    width = max((len(each.name) for each in checks), default=0)
    for each in checks:
        code = f"{each.code}: " if each.code else ""
        took = f" ({each.duration_s:.1f} s)" if each.duration_s else ""
        show.line(f"{MARKS[each.outcome]} {each.name:<{width}}{took} {code}{show.safe(each.evidence)}")
        if each.fix:
            show.line(f"  fix: {show.safe(each.fix)}")
