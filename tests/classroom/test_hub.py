"""A class on one server: three learners at once, and nothing of theirs meets.

Each has a JupyterLab of her own behind one JupyterHub, takes the lessons by the link that the guide
gives, and has lessons 01, 04 and 02 open side by side: she runs a stretch of each, with a training
in it, and saves it. They work at the same time. Where JupyterHub can't be installed, for want of a
network, these tests are skipped, but not in CI.
"""

import itertools
import re
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import nbformat
import psutil
import pytest
import requests
from hub import ROOT, Learner, start_hub
from programs import ran

API = ("contents", "kernels", "sessions")
LEARNERS = ("ada", "ben", "cem")  # each gives her run in lesson 02 her own name
# How far each lesson is run: to the end of the cell with this text.
STRETCHES = {
    "01_mnist_keras": "loss, accuracy = model.evaluate",
    "04_inception_transfer_learning": "network.classify(picture)",
    "02_tensorboard": "board.show(",
}
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
                cell.source = cell.source.replace('"as delivered"', f'"of {self.name}"')
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
    hidden = shutil.ignore_patterns(".ipynb_*")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=hidden)
    shutil.copy(ROOT / "README.md", folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "Lessons")
    return folder


def git(folder, *words):
    who = ("-c", "user.name=teacher", "-c", "user.email=teacher@example.org")
    assert ran("git", "-C", folder, *who, *words)[0] == 0


def commit(folder, message):
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", message)


@pytest.fixture(scope="module")
def hub(place, tmp_path_factory):
    with start_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def desks(hub, repository):
    """All three at work at once, with everything open."""
    desks = [Desk(Learner(hub, name)) for name in LEARNERS]
    with ThreadPoolExecutor(len(desks)) as pool:
        list(pool.map(lambda desk: desk.learner.start(), desks))
        list(pool.map(lambda desk: desk.work(repository), desks))
    return desks


def test_each_has_her_own_files_and_saw_in_them_what_the_lessons_show(desks):
    """Nobody was disturbed: it is what stands in the workshop's own copy."""
    for desk in desks:
        for path, notebook in desk.notebooks.items():
            saved = (desk.learner.home / path).read_text(encoding="utf-8")
            assert [other.note for other in desks if other.note in saved] == [desk.note]
            on_disk = nbformat.reads(saved, as_version=4)
            assert printed(on_disk.cells) == printed(notebook.cells)
            if "02_tensorboard" not in path:  # there each has a run of her own
                ours = nbformat.read(ROOT / "notebooks" / path.rpartition("/")[2], as_version=4)
                pairs = zip(notebook.cells[1:], ours.cells, strict=True)  # behind the note
                # What needs a fetched asset is not here: such cells ran, and are not compared.
                pairs = [(hers, own) for hers, own in pairs if "needs-" not in str(own.metadata)]
                hers, own = zip(*pairs, strict=True)
                assert printed(hers) == printed(own)


def printed(cells):
    """What each code cell printed. (However many pieces it came in.)"""
    outputs = [cell.outputs for cell in cells if cell.cell_type == "code"]
    return ["".join(output.get("text", "") for output in some) for some in outputs]


def test_no_two_share_a_port_and_all_listen_on_loopback_only(desks):
    ports = [desk.learner.listening() for desk in desks]
    for hers in ports:
        assert {address for address, _ in hers} == {"127.0.0.1"}
        assert len(hers) >= 1 + 1 + 3 * 5  # her server, her TensorBoard, three kernels
    assert not any(one & other for one, other in itertools.combinations(ports, 2))


def test_each_tensorboard_shows_its_learners_runs_and_no_others(desks):
    for desk in desks:
        assert desk.board.startswith(f"/user/{desk.name}/proxy/")
        runs = desk.learner.ask(f"{desk.board}data/runs").json()
        assert {run.split("/")[0] for run in runs} == {f"of {desk.name}"}
        assert list(desk.learner.home.glob(f"runs/tensorboard/*/of {desk.name}"))
    assert len({desk.board for desk in desks}) == len(desks)


def test_other_learners_and_strangers_are_refused(desks, hub):
    for one, other in itertools.permutations(desks, 2):
        own = [f"/user/{other.name}/{what}" for what in ("lab", *map("api/{}".format, API))]
        for path in (*own, f"{other.board}data/runs"):
            refused = one.learner.ask(path)
            # JupyterLab's page sends her to the hub's login first, which then refuses her.
            sent = refused.headers.get("location", "")
            assert refused.status_code == 403 or "/hub/api/oauth2/authorize" in sent
            reply = requests.get(hub.url + path, timeout=30, allow_redirects=False)
            assert reply.status_code in (302, 403) and "rates" not in reply.text


def test_another_learners_tensorboard_is_no_way_in_through_ones_own_server(desks):
    """Her proxy reaches each port of this machine; the secret in the path is what protects it."""
    for one, other in itertools.permutations(desks, 2):
        port = other.board.split("/")[4]
        assert one.learner.ask(f"/user/{one.name}/proxy/{port}/data/runs").status_code == 404


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
