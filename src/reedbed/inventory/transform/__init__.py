"""Transform maps: rows that say what becomes of a landed record. Pure.

A map is a TOML document (`document.py`) of rows, each a source path, a constant or an expression
(`expression.py`) of a closed set of functions (`functions.py`) for one target path. It is checked against
what is landed (`source.py`) and what is wanted (`target.py`), and compiled to closures (`compiled.py`).
No map can run code, wait, or make a value without bounds.
"""

from reedbed.inventory.transform.compiled import Mapped, TransformMap, compile_map
from reedbed.inventory.transform.fault import Fault, MapInvalid, Problem

__all__ = ["Fault", "MapInvalid", "Mapped", "Problem", "TransformMap", "compile_map"]
