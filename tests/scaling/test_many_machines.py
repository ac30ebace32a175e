"""The recipe of docs/many-machines.md: its manifest, filled in as Kubernetes does, is run."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import yaml

from helpers.scaling import cluster
from tools import notebooks

PAGE = notebooks.NOTEBOOKS.parent / "docs" / "many-machines.md"
INDEX = "metadata.annotations['batch.kubernetes.io/job-completion-index']"


@pytest.fixture(scope="module")
def manifest():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return {one["kind"]: one for one in yaml.safe_load_all(text)}


def environment(job, index):
    """What Kubernetes puts into the environment of the pod with this index."""
    found = {}
    for one in job["spec"]["template"]["spec"]["containers"][0]["env"]:
        if "valueFrom" in one:
            assert one["valueFrom"]["fieldRef"]["fieldPath"] == INDEX
            found[one["name"]] = str(index)
        else:  # what stands above may be used
            found[one["name"]] = re.sub(r"\$\((\w+)\)", lambda m: found[m[1]], one["value"])
    return found


def test_each_worker_gets_its_place_and_the_names_that_the_pods_have(manifest):
    job, service = manifest["Job"], manifest["Service"]
    name, spec = job["metadata"]["name"], job["spec"]
    count, subdomain = spec["completions"], spec["template"]["spec"]["subdomain"]
    assert spec["completionMode"] == "Indexed" and spec["parallelism"] == count
    pods = [
        f"{name}-{index}.{spec['template']['spec']['subdomain']}:5000" for index in range(count)
    ]
    for index in range(count):
        found = environment(job, index)["TF_CONFIG"]
        assert json.loads(found) == json.loads(cluster.tf_config(pods, index))
    assert service["metadata"]["name"] == subdomain
    assert service["spec"]["clusterIP"] == "None"  # headless: a name for each pod
    chosen = {"batch.kubernetes.io/job-name": name}
    policy = manifest["NetworkPolicy"]["spec"]
    (ingress,) = policy["ingress"]
    assert ingress == {"from": [{"podSelector": policy["podSelector"]}]}
    assert service["spec"]["selector"] == policy["podSelector"]["matchLabels"] == chosen


def run(job, folder, kill_at=None):
    """Start what the job starts, on loopback, again where it fails; return how often that was."""
    count, (container,) = job["spec"]["completions"], job["spec"]["template"]["spec"]["containers"]
    places = [f"{cluster.HOST}:{port}" for port in cluster.free_ports(count)]
    program = [sys.executable, *container["command"][1:]]

    def start(index):
        config = environment(job, index)["TF_CONFIG"]
        names = json.loads(config)["cluster"]["worker"]
        for name, place in zip(names, places, strict=True):
            config = config.replace(name, place)
        variables = os.environ | {"TF_CONFIG": config, "TF_CPP_MIN_LOG_LEVEL": "2"}
        with (folder / f"worker-{index}.jsonl").open("ab") as out:
            return subprocess.Popen(
                program, cwd=folder, env=variables, stdout=out, stderr=subprocess.DEVNULL
            )

    workers, again = [start(index) for index in range(count)], 0
    try:
        while any(worker.poll() != 0 for worker in workers):
            said = (folder / "worker-1.jsonl").read_text()
            if kill_at and f'"step": {kill_at},' in said:
                workers[1].kill()
                kill_at = None
            for index, worker in enumerate(workers):
                if worker.poll() not in (None, 0):  # restartPolicy: OnFailure
                    again += 1
                    assert again <= job["spec"]["backoffLimit"]
                    workers[index] = start(index)
    finally:
        for worker in workers:
            worker.kill()
    return again


@pytest.mark.slow
def test_workers_of_the_manifest_train_and_one_that_is_killed_costs_nothing(
    manifest, lesson_files, tmp_path
):
    weights = []
    for name, pause, kill_at in [("undisturbed", 0, None), ("disturbed", 0.1, 12)]:
        folder = lesson_files(tmp_path / name, steps=24, pause=pause)
        again = run(manifest["Job"], folder, kill_at)
        assert (again > 0) == (kill_at is not None)
        with np.load(folder / "weights.npz") as arrays:
            weights.append([arrays[one] for one in arrays.files])
    assert all(map(np.array_equal, *weights))
