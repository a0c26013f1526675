"""`python -m bench [NAME…]`: run the benchmarks named, or all of them, one after the other.

Exit code 0: every figure was measured, met or short. 1: something broke, so there is no figure.
"""

import asyncio
import importlib
import sys
from collections.abc import Sequence

from bench.child import Broken
from bench.figure import Benchmark, Figure

BENCHMARKS = {
    "help": "bench.help",
    "push": "bench.push",
    "push-faults": "bench.push_faults",
    "publication": "bench.publication",
    "replay": "bench.replay",
    "poll": "bench.poll",
    "idle": "bench.idle",
    "import": "bench.intake",
    "findings": "bench.findings",
    "sync": "bench.sync",
    "hands": "bench.hands",
}
"""The name that a person types, and the module whose `measure` is the benchmark. The quick ones first."""


async def _main(names: Sequence[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"No benchmark is called {unknown[0]}: there are {', '.join(BENCHMARKS)}.\n")
        return 2
    code = 0
    for name in names or BENCHMARKS:
        measure: Benchmark = importlib.import_module(BENCHMARKS[name]).measure
        try:
            async for each in measure():
                print(each if isinstance(each, Figure) else f"# {each}", flush=True)
        except Broken as error:
            sys.stderr.write(f"{name} could not be measured: {error}\n")
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(sys.argv[1:])))
