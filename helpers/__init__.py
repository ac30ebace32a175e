"""What the lessons need and should not have to show. Start with `python -m helpers`.

`start` seeds, run mode, time and memory · `files` files written whole · `assets` the data and
weights of the manifest, verified · `images` pictures from files · `figures` plots and grids ·
`numbers` how numbers are printed and compared · `exercises` checks, hints, the chosen answer ·
`widgets` things to play with. Each subject has a room: `digits` (lessons 00, 01), `board` (02),
`cells` (03), `vision` (04), `captions` (05), `grammar` (06), `dreams` (07), `styles` (08),
`sharing` (09), `scaling` (10). What runs, tests and hands out the lessons is in `tools`.
"""

import contextlib
import ctypes
import os
from pathlib import Path

# TensorFlow and Keras read these once, when they are first imported: whatever a learner's
# environment says, lessons are about Keras 3 on TensorFlow. Log level "3" is silent: errors that
# matter come as Python exceptions, and what remains is talk about the build.
os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_USE_LEGACY_KERAS": "0"}
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# TensorFlow's allocator for oneDNN keeps all memory that it ever took; the system's gives back what
# is freed, provided that large pieces stand apart (glibc: from 250 kB on) and all threads share.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
with contextlib.suppress(AttributeError, OSError, TypeError):  # where there is no such knob
    # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_ARENA_MAX
    for knob, value in ((-3, 250_000), (-1, 1_000_000), (-8, 1)):
        ctypes.CDLL(None).mallopt(knob, value)

# Where a user has no home, as in a container that runs under any number, this folder is one.
if os.path.expanduser("~") == "~":  # noqa: PTH111 - pathlib raises an error here
    os.environ["HOME"] = str(Path(__file__).resolve().parents[1])
