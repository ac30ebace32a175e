"""Binder's image, as repo2docker reads this repository, without a container engine."""

import os
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


def rendered(place):
    """The Dockerfile that repo2docker, installed at `place`, writes for this repository."""
    environment = os.environ | {"PYTHONPATH": str(place)}
    return subprocess.check_output(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, text=True
    )


def test_the_image_installs_the_lock_when_the_repo_is_there_as_a_user_from_no_special_index(place):
    from rehearsal import steps

    dockerfile = rendered(place)
    known, runs = steps(dockerfile)
    assert [run.strip('"').rpartition(" ")[2] for run in runs] == [
        *(
            "binder/requirements.txt",
            "binder/postBuild",
            "./binder/postBuild",
            "${REPO_DIR}/binder/start",
        ),
    ]
    assert runs[0].startswith("${KERNEL_PYTHON_PREFIX}/bin/pip install ")
    assert known["R2D_ENTRYPOINT"] == f"{known['HOME']}/binder/start"
    assert dockerfile.rpartition("\nUSER ")[2].startswith("${NB_USER}\n")
    assert "index-url" not in dockerfile
