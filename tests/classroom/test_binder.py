"""Binder's image, as repo2docker reads this repository, without a container engine."""

from rehearsal import rendered, steps


def test_the_image_installs_the_lock_when_the_repo_is_there_as_a_user_from_no_special_index(place):
    dockerfile = rendered(place)
    known, runs = steps(dockerfile)
    files = [run.replace('"', "").rpartition(" ")[2].rpartition("/")[2] for run in runs]
    assert files == ["requirements.txt", "postBuild", "postBuild", "start"]
    assert runs[0].startswith("${KERNEL_PYTHON_PREFIX}/bin/pip install ")
    assert known["R2D_ENTRYPOINT"] == f"{known['HOME']}/binder/start"
    assert dockerfile.rpartition("\nUSER ")[2].startswith("${NB_USER}\n")
    assert "index-url" not in dockerfile
