"""Binder's image, as repo2docker reads this repository, without a container engine."""

import os
import re
import subprocess
import sys

from hub import ROOT

SCRIPT = """
from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import PythonBuildPack
kinds = (k(base_image="docker.io/library/buildpack-deps:24.04") for k in Repo2Docker().buildpacks)
chosen = next(kind for kind in kinds if kind.detect())
assert isinstance(chosen, PythonBuildPack)
assert (chosen.binder_dir, chosen.python_version) == ("binder", "3.12")
chosen.platform = "linux/amd64"  # what an engine would tell it
print(chosen.render())
"""


def test_the_image_installs_the_lock_when_the_repo_is_there_as_a_user_from_no_special_index(place):
    environment = os.environ | {"PYTHONPATH": str(place)}
    command = [sys.executable, "-c", SCRIPT]
    dockerfile = subprocess.check_output(command, cwd=ROOT, env=environment, text=True)
    steps = [
        r"COPY .*src/ \$\{REPO_DIR\}",
        r'\$\{KERNEL_PYTHON_PREFIX\}/bin/pip install --no-cache-dir -r "binder/requirements.txt"',
        r"^RUN (\./)?binder/postBuild",
        r'^ENV R2D_ENTRYPOINT[= ]"?\S*binder/start',
    ]
    places = [re.search(step, dockerfile, re.MULTILINE) for step in steps]
    assert None not in places, steps[places.index(None)]
    starts = [place.start() for place in places]
    assert starts == sorted(starts)
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE)[-1] == "${NB_USER}"
    assert "index-url" not in dockerfile
