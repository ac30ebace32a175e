"""What the tests of lesson 10's cluster share."""

import json

import numpy as np
import pytest

from tools import notebooks


@pytest.fixture(scope="session")
def lesson_files():
    """Return a function that makes a folder with the programs that lesson 10 writes, and a plan."""

    def write(folder, **plan):
        folder.mkdir(exist_ok=True)
        for cell in notebooks.read(notebooks.NOTEBOOKS / "10_scale_up.ipynb").cells:
            if cell.source.startswith("%%writefile"):
                first, _, rest = cell.source.partition("\n")
                with (folder / first.split()[-1]).open("a") as file:
                    file.write(rest + "\n")
        x = np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1)).astype("uint8")
        np.savez(folder / "digits.npz", x=x, y=np.random.default_rng(1).integers(0, 10, 64))
        plan = {"batch": 16, "rate": 0.05, "every": 5, "pause": 0} | plan
        (folder / "plan.json").write_text(json.dumps(plan))
        return folder

    return write
