"""Run the benchmarks, all or those named: python tests/bench [NAME…]; figures in build/bench.json.

A benchmark is a file bench_NAME.py beside this one, with functions bench_*() that each return a
Measurement, or yield several, which are kept as they come. With
--record, those that have a function `record` also write their figures to where people read them.
"""

import importlib
import sys
from pathlib import Path

from harness import Measurement, keep

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parents[1] / "build" / "bench.json"


def main(names):
    """Run the benchmarks called `names` (all, if empty); print and merge each figure."""
    recorded = "--record" in names
    names = [name for name in names if name != "--record"]
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    if unknown := set(names) - set(known):
        print(f"There is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(known)}.")
        return 2
    for name in names or known:
        module = importlib.import_module(f"bench_{name}")
        for function_name, function in list(vars(module).items()):
            if function_name.startswith("bench_"):
                found = function()
                for measurement in [found] if isinstance(found, Measurement) else found:
                    print(measurement, flush=True)
                    keep(RESULTS, measurement)
        if recorded and hasattr(module, "record"):
            module.record(RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
