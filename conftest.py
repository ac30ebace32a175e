"""What holds for all tests, the lessons included: one environment, and an order for two cores."""

import os
import signal
import tempfile

import pytest

from tools import notebooks

pytest_plugins = ["strictly"]

# A runner started in the background of a shell ignores Ctrl-C, and so would every process that the
# tests start and interrupt. With a handler here they begin as they would in a terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Two tests run at a time, each on one core: more threads would only get in each other's way.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
os.environ |= dict.fromkeys((*THREADS, "TF_NUM_INTEROP_THREADS"), "1")
os.environ |= {"WORKSHOP_MODE": "quick", "WORKSHOP_OFFLINE": "1"}
# IPython's own settings, without those of whoever runs the tests.
profile = tempfile.TemporaryDirectory(prefix="ipython-")
os.environ["IPYTHONDIR"] = profile.name


@pytest.fixture
def eagerly():
    """Let TensorFlow compute without graphs: a few steps take less time than building those."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def pytest_ignore_collect(collection_path):
    """Of the notebooks beside the lessons only the lessons are tests."""
    beside = collection_path.parent == notebooks.NOTEBOOKS and collection_path.suffix == ".ipynb"
    return True if beside and collection_path not in notebooks.lessons() else None


# The files of tests that take longest, after the lessons.
LONG = "checks packing painters parcels parser_network running setup teach_inception transfer"


def pytest_collection_modifyitems(items):
    """What takes longest starts first: a long file at the end would leave a core idle."""

    def turn(item):
        long = item.path.stem.removeprefix("test_") in LONG.split()
        return 0 if item.path.suffix == ".ipynb" else 1 if long else 2

    items.sort(key=turn)
