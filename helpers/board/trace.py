"""Reads what TensorFlow's profiler recorded: how long each step waits for its digits, and works.

The recording is a protocol buffer (`*.xplane.pb`): planes, which are devices; in them lines, which
are threads; on them events, with a start and a duration in picoseconds.
"""

from pathlib import Path

import numpy as np

INPUT = "IteratorGetNextOp::DoCompute"  # what a step calls to get its batch


def read(logs) -> tuple[np.ndarray, np.ndarray]:
    """Return (waits, works): milliseconds (n,) of each recorded step but the last.

    A step begins when it asks for its batch. It waits until the batch is there, then works until
    the next step begins. Raises FileNotFoundError where nothing was recorded below `logs`.
    """
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    recordings = sorted(Path(logs).rglob("*.xplane.pb"))
    if not recordings:
        raise FileNotFoundError("No profile was recorded there: fit with profile_batch=(…, …).")
    space = XSpace.FromString(recordings[-1].read_bytes())
    asked = sorted(
        (line.timestamp_ns / 1e6 + event.offset_ps / 1e9, event.duration_ps / 1e9)
        for plane in space.planes
        for line in plane.lines
        for event in line.events
        if plane.event_metadata[event.metadata_id].name == INPUT
    )
    starts, waits = np.array(asked).reshape(-1, 2).T
    return waits[:-1], np.diff(starts) - waits[:-1]
