"""A class on one server: three learners at once, and nothing of theirs meets.

Each has a JupyterLab of her own behind one JupyterHub, takes the lessons by the link that the guide
gives, and has lessons 01, 04 and 02 open side by side: she runs a stretch of each, with a training
in it, and saves it. They work at the same time. Where JupyterHub can't be installed, for want of a
network, these tests are skipped, but not in CI.
"""

import re
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import nbformat
import psutil
import pytest
import requests
from hub import ROOT, Learner, start_hub

RATES = {"ada": "0.2", "ben": "0.3", "cem": "0.4"}  # the learning rate that each tries in lesson 02
# How far each lesson is run: to the end of the cell with this text.
STRETCHES = {
    "01_mnist_keras": "loss, accuracy = model.evaluate",
    "04_inception_transfer_learning": "network.classify(picture)",
    "02_tensorboard": "board.show(",
}
GIT = shutil.which("git")
GUIDE = (ROOT / "docs" / "classroom-server.md").read_text(encoding="utf-8")


@dataclass
class Desk:
    """A learner at work: what she has open, and what came of it."""

    learner: Learner
    notebooks: dict = field(default_factory=dict)
    board: str = ""  # the address of her TensorBoard, as her browser sees it

    @property
    def name(self):
        return self.learner.name

    @property
    def note(self):
        return f"A note of {self.name}'s own."

    def work(self, repository):
        """Take the lessons, run a stretch of each with all kernels alive, and save."""
        self.learner.pull(**link(repository))
        for lesson, last in STRETCHES.items():
            path = f"tensorflow-workshop/notebooks/{lesson}.ipynb"
            notebook = self.learner.open(path)
            end = next(i for i, cell in enumerate(notebook.cells) if last in cell.source) + 1
            for cell in notebook.cells:
                cell.source = cell.source.replace("(0.001, 0.1, 2)", f"({RATES[self.name]},)")
            self.learner.start_kernel(path).run(notebook, end)
            notebook.cells.insert(0, nbformat.v4.new_markdown_cell(self.note))
            self.learner.save(path, notebook)
            self.notebooks[path] = notebook
        outputs = [str(cell.get("outputs")) for cell in notebook.cells]
        (self.board,) = re.findall(r'iframe src="([^"#]+)', "".join(outputs))


def link(repository):
    """The parts of the guide's nbgitpuller link, with the repository put in."""
    (address,) = re.findall(r"^https://HUB/hub/user-redirect/git-pull\?\S+$", GUIDE, re.MULTILINE)
    assert urlsplit(address).path == "/hub/user-redirect/git-pull"
    return dict(parse_qsl(urlsplit(address).query)) | {"repo": str(repository)}


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository on this machine with the lessons as they are here."""
    folder = tmp_path_factory.mktemp("repository") / "tensorflow-workshop"
    shutil.copytree(
        ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_*")
    )
    shutil.copy(ROOT / "README.md", folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "Lessons")
    return folder


def git(folder, *words):
    subprocess.run([GIT, "-C", str(folder), *words], check=True)


def commit(folder, message):
    git(folder, "add", ".")
    who = ["-c", "user.name=teacher", "-c", "user.email=teacher@example.org"]
    git(folder, *who, "commit", "--quiet", "--message", message)


@pytest.fixture(scope="module")
def hub(place, tmp_path_factory):
    with start_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def desks(hub, repository):
    """All three at work at once, with everything open."""
    desks = [Desk(Learner(hub, name)) for name in RATES]
    with ThreadPoolExecutor(len(desks)) as pool:
        list(pool.map(lambda desk: desk.learner.start(), desks))
        list(pool.map(lambda desk: desk.work(repository), desks))
    return desks


def pairs(desks):
    return [(one, other) for one in desks for other in desks if one is not other]


def test_everyone_has_her_own_files_with_her_own_work_in_them(desks):
    for desk in desks:
        for path, notebook in desk.notebooks.items():
            saved = (desk.learner.home / path).read_text(encoding="utf-8")
            assert desk.note in saved
            assert not [other.note for other in desks if other is not desk and other.note in saved]
            on_disk = nbformat.reads(saved, as_version=4)
            assert [cell.get("outputs") for cell in on_disk.cells] == [
                cell.get("outputs") for cell in notebook.cells
            ]


def test_the_stretches_printed_what_the_lessons_print(desks):
    """Nobody was disturbed: each saw what the workshop's own copy of the lesson shows."""
    for desk in desks:
        for path, notebook in desk.notebooks.items():
            if "02_tensorboard" not in path:  # there each has a rate of her own
                ours = nbformat.read(ROOT / "notebooks" / path.rpartition("/")[2], as_version=4)
                assert printed(notebook.cells[1:]) == printed(ours.cells)  # behind the note


def printed(cells):
    """What each code cell printed. (However many pieces it came in.)"""
    return [
        "".join(output.get("text", "") for output in cell.outputs)
        for cell in cells
        if cell.cell_type == "code"
    ]


def test_no_two_share_a_port_and_all_listen_on_loopback_only(desks):
    ports = {desk.name: desk.learner.listening() for desk in desks}
    for desk in desks:
        assert {address for address, _ in ports[desk.name]} == {"127.0.0.1"}
        # Her server, her TensorBoard, and what three kernels listen on.
        assert len(ports[desk.name]) >= 1 + 1 + 3 * 5
    for one, other in pairs(desks):
        assert not ports[one.name] & ports[other.name]


def test_each_tensorboard_shows_its_learners_runs_and_no_others(desks):
    for desk in desks:
        assert desk.board.startswith(f"/user/{desk.name}/proxy/")
        runs = desk.learner.ask(f"{desk.board}data/runs").json()
        assert {run.split("/")[1] for run in runs} == {RATES[desk.name]}
        assert list(
            (desk.learner.home / "runs" / "tensorboard").glob(f"*/rates/{RATES[desk.name]}")
        )
    assert len({desk.board for desk in desks}) == len(desks)


@pytest.mark.parametrize("where", ["api/contents", "api/kernels", "api/sessions", "lab", "board"])
def test_another_learners_server_refuses(desks, where):
    for one, other in pairs(desks):
        path = f"{other.board}data/runs" if where == "board" else f"/user/{other.name}/{where}"
        refused = one.learner.ask(path)
        # JupyterLab's page sends a stranger to the hub's login first, which then refuses her.
        assert (
            refused.status_code == 403 or "/hub/api/oauth2/authorize" in refused.headers["location"]
        )


@pytest.mark.parametrize("where", ["api/contents", "board"])
def test_whoever_has_not_logged_in_is_refused(desks, hub, where):
    for desk in desks:
        path = f"{desk.board}data/runs" if where == "board" else f"/user/{desk.name}/{where}"
        reply = requests.get(hub.url + path, timeout=30, allow_redirects=False)
        assert reply.status_code in (302, 403)
        assert "rates" not in reply.text


def test_another_learners_tensorboard_is_no_way_in_through_ones_own_server(desks):
    """Her proxy reaches each port of this machine; the secret in the path is what protects it."""
    for one, other in pairs(desks):
        port = other.board.split("/")[4]
        assert one.learner.ask(f"/user/{one.name}/proxy/{port}/data/runs").status_code == 404


def test_a_wrong_password_is_refused(hub):
    with pytest.raises(requests.HTTPError, match="403"):
        Learner(type(hub)(hub.url, "guessed", hub.homes, hub.log, hub.process), "eve")


def test_the_link_brings_a_correction_and_keeps_what_a_learner_wrote(desks, repository):
    """Also where the teacher has changed the very lesson that she works on."""
    (repository / "README.md").write_text("Corrected in the break.\n")
    lesson = repository / "notebooks" / "01_mnist_keras.ipynb"
    lesson.write_text(lesson.read_text("utf-8").replace("# 01 · MNIST with Keras", "# Digits"))
    commit(repository, "A correction")
    for desk in desks:
        desk.learner.pull(**link(repository))
        folder = desk.learner.home / "tensorflow-workshop"
        assert (folder / "README.md").read_text() == "Corrected in the break.\n"
        for path in desk.notebooks:
            notebook = nbformat.read(desk.learner.home / path, as_version=4)
            assert notebook.cells[0].source == desk.note


def test_one_learners_server_stops_without_the_others_and_leaves_nothing(desks):
    """Her kernels and her TensorBoard end with it. (This test comes last: it ends them all.)"""
    while desks:
        desk = desks.pop()
        family, ports = desk.learner.family(), desk.learner.listening()
        assert len(family) >= 1 + 3 + 1  # server, kernels, TensorBoard
        desk.learner.stop()
        _, alive = psutil.wait_procs(family, timeout=20)
        assert not alive
        for address in ports:
            with socket.socket() as probe:
                assert probe.connect_ex(address), "somebody still listens there"
        for other in desks:
            assert other.learner.ask(f"{other.board}data/runs").ok
