"""The reference of transform maps: what stands in docs/reference/transform-maps.md, made from the code."""

from reedbed.inventory.transform import defaults
from reedbed.inventory.transform.diff import made_of
from reedbed.inventory.transform.document import Document, Row
from reedbed.inventory.transform.functions import FUNCTIONS
from reedbed.inventory.transform.source import SOURCES, paths
from reedbed.inventory.transform.target import GIVEN, GIVEN_PATHS, TARGETS

HEAD = """# Transform maps: functions, models and rows

Made from `src/reedbed/inventory/transform/`; change it there and run `make docs`. What they are for, and how
to change one, is in [transform-maps.md](../transform-maps.md).

## Functions

Constants are written as in JSON. Functions of one value take each of a list, and give a list. Without its
value a function gives none, but for those that take several. A function that can't take a value refuses it:
then the row has an error, and `on_error` holds.

| function | gives |
|---|---|
"""

CONDITION = """| `if(condition, a, b)` | a where the condition holds, else b; b may be left out |

A condition is a value, which holds unless it is missing, empty or false; or two values with `==`, `!=`, `<`,
`<=`, `>`, `>=` between; or conditions with `and`, `or`, `not` and brackets. Moments compare as text:
`to_datetime(blobConfig.created) >= "2026"`.
"""


def reference_page() -> str:
    functions = "\n".join(
        f"| `{_cell(each.signature)}` | {_cell(each.about)} |" for each in FUNCTIONS.values()
    )
    maps = [_map(known) for key in defaults.FILES if (known := defaults.document(*key))]
    return "\n".join([HEAD + functions + "\n" + CONDITION, _sources(), _targets(), *maps])


def _sources() -> str:
    lines = ["## Source models", ""]
    for model in SOURCES.values():
        own = [
            path for path in paths(model) if not model.within or path not in paths(SOURCES["docker-image"])
        ]
        own += GIVEN_PATHS if model.repeats else ()
        before = "every path of `docker-image`, " if model.within else ""
        listed = ", ".join(f"`{path}`" for path in own)
        lines += [f"`{model.name}` is {model.about}: {before}{listed}.", ""]
    return "\n".join(lines)


def _targets() -> str:
    lines = ["## Target models", ""]
    for target in TARGETS.values():
        own = ", ".join(f"`{prefix}NAME`" for prefix in target.open)
        lines += [f"`{target.name}` is {target.about}. Paths of one's own: {own}.", ""]
        lines += ["| path | takes |", "|---|---|"]
        lines += [
            f"| `{path}` | {kind}{', required' if path in target.required else ''} |"
            for path, kind in target.paths.items()
        ]
        lines.append("")
    given = ", ".join(f"`{name}` ({each.about})" for name, each in GIVEN.items())
    return "\n".join([*lines, f"Targets of a finding may be `given`: {given}.", ""])


def _map(document: Document) -> str:
    made = f"Made of `{document.source}`, makes `{document.target}`."
    rows = "\n".join(_row(number, row) for number, row in enumerate(document.rows, 1))
    columns = "| row | target | made of | the trap, and what was mended |\n|---|---|---|---|"
    return f"## {document.name}\n\n{document.description} {made}\n\n{columns}\n{rows}\n"


def _row(number: int, row: Row) -> str:
    return f"| {number} | `{row.target}` | `{_cell(made_of(row))}` | {_cell(row.note)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
