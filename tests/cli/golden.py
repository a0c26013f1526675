"""Outputs of commands as golden files: what differs from run to run is replaced by a word.

`GOLDEN=write` writes them anew.
"""

import os
import re
from pathlib import Path

from flow.household import Finished

FOLDER = Path(__file__).parent / "golden"

ALTER = (
    (r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:PORT"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)?", "TIME"),
    (r"\d{4}-\d\d-\d\d", "DAY"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "RUN"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "NAMED"),  # after what it is of
    (r'"(took_s|duration_ms|duration_s)":[\d.e-]+', r'"\1":0'),
    (r"\(\d+\.\d+ s\)", "(0.0 s)"),
    (r"\b[0-9a-f]{12}\b", "KEY"),
    (r'"owner":"[^"]*"', '"owner":"PROCESS"'),
    (r"reedbed-canary-[0-9a-z]+", "CANARY"),
    (r"RB-[A-Z2-7]{26}", "ISSUE"),
    (r" {2,}", "  "),  # columns are as wide as what was replaced
    (r" +$", ""),
)


def shown(arguments: tuple[str, ...], finished: Finished, folder: Path) -> str:
    """Show a command, its exit code and both its outputs; log lines are left out."""
    err = "\n".join(line for line in finished.err.splitlines() if not line.startswith('{"at"'))
    text = (
        f"$ reedbed {' '.join(arguments)}\nexit {finished.code}\n--- stdout\n{finished.out}--- stderr\n{err}"
    )
    text = text.replace(str(folder), "FOLDER").replace("\r\n", "\n")
    for pattern, word in ALTER:
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return text.rstrip("\n") + "\n"


def differs(name: str, text: str) -> str | None:
    """Say how a text differs from its golden file, or write that file where asked to."""
    file = FOLDER / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text)
    expected = file.read_text() if file.exists() else ""
    return None if text == expected else f"{file.name} is\n{expected}\nand was\n{text}"
