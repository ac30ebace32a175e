"""One worker of lesson 10's cluster: python -m helpers.scaling.worker FOLDER, with TF_CONFIG set.

FOLDER holds `digits.npz` (pictures, labels) and `plan.json`. Worker 0, the chief, leaves its
checkpoints in FOLDER/checkpoints and at the end the weights in FOLDER/weights.npz.
"""

import json
import os
import sys
from pathlib import Path

from helpers.scaling import cluster, training

TIMEOUT = 60  # seconds that a worker waits for the others in an all-reduce


def connect():
    """Return a MultiWorkerMirroredStrategy over the workers that TF_CONFIG names; wait for them."""
    import tensorflow as tf

    # One thread for a sum, so that a run can be repeated bit by bit, and a core for each worker:
    # they stand for machines, which don't share theirs.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    options = tf.distribute.experimental.CommunicationOptions(
        implementation=tf.distribute.experimental.CommunicationImplementation.RING,
        timeout_seconds=TIMEOUT,
    )
    return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)


def work(folder: Path, index: int, report: cluster.Reporter) -> None:
    """Train as worker `index` by the plan in `folder`."""
    strategy = connect()
    plan = training.Plan.read(folder / "plan.json")
    (pictures,) = training.read_arrays(folder / "digits.npz", "pictures")
    (labels,) = training.read_arrays(folder / "digits.npz", "labels")
    model = training.train(
        strategy,
        pictures,
        labels,
        plan,
        checkpoints=folder / "checkpoints",
        report=report,
        # All workers save, as TensorFlow asks them to; only the chief's copy is read.
        save_to=folder / f"copies-of-{index}" if index else None,
    )
    if index == 0:
        training.write_arrays(folder / "weights.npz", weights=training.weights(model))
    report("done", step=plan.steps)


def main(arguments: list[str]) -> int:
    """Work in the folder named; return an exit code."""
    folder = Path(arguments[0])
    place = json.loads(os.environ["TF_CONFIG"])
    index = place["task"]["index"]
    port = int(place["cluster"]["worker"][index].rpartition(":")[2])
    cluster.end_with_parent()
    report = cluster.Reporter(folder / f"worker-{index}.jsonl")
    report("process", pid=os.getpid())
    cluster.confine(port, lambda: report("confined"))
    import tensorflow as tf

    try:
        work(folder, index, report)
    except (tf.errors.UnavailableError, tf.errors.DeadlineExceededError, tf.errors.AbortedError):
        report("peer lost")
        # Not sys.exit: TensorFlow's own farewell would wait for the one that is gone.
        os._exit(cluster.PEER_LOST)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
