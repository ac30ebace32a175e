"""What the lessons need and should not have to show. Start with `python -m helpers`."""

import os
from pathlib import Path

# TensorFlow's C++ part reads this once, when it is first imported: log noise never reaches a
# learner. "3" drops its errors, too: those that matter come as Python exceptions, and what
# remains is talk about the build (a graph attribute that a part doesn't know, a missing GPU).
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Where a user has no home, as in a container that runs under any number, this folder is one.
if os.path.expanduser("~") == "~":  # noqa: PTH111 - pathlib raises an error here
    os.environ["HOME"] = str(Path(__file__).resolve().parents[1])
