"""JupyterLab in headless Chromium, for tests: start it, open a notebook, run it, touch its widgets.

A test of a lesson's widget takes a few lines, with the fixtures of `conftest.py`:

    def test_the_dial_turns(lab, page):
        notebook = lab.run_new(page, "dial = Dial()", "dial")
        slide(notebook.cell("Dial("), "turns", presses=3)
        notebook.wait_for("dial.turns", 3)         # asked of the kernel, until it is so
"""

import ast
import contextlib
import json
import os
import pathlib
import secrets
import shutil
import sys
import time
from dataclasses import dataclass, field

import nbformat
import psutil
import requests
from axe import flaws
from programs import answers, free_ports, wait_until

NOTEBOOKS = pathlib.Path(__file__).parents[2] / "notebooks"
ADDITIONS = NOTEBOOKS.parent / "jupyter"


@contextlib.contextmanager
def start_lab(folder, *, base_url="/", environment=None):
    """JupyterLab on loopback over a copy of the lessons in `folder`; it ends with the block."""
    root = folder / "notebooks"
    shutil.copytree(NOTEBOOKS, root, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    token, (port,) = secrets.token_hex(16), free_ports(1)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser"]
    command += ["--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.base_url={base_url}"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}"]
    log = folder / "jupyterlab.log"
    variables = {**os.environ, **_own_folders(folder), **(environment or {})}
    with log.open("wb") as stream:
        server = psutil.Popen(command, cwd=root, env=variables, stdout=stream, stderr=stream)
    lab = Lab(f"http://127.0.0.1:{port}{base_url}", token, root)
    try:
        wait_until(lambda: answers(f"{lab.url}api"), server, log)
        yield lab
    finally:
        server.terminate()
        if psutil.wait_procs([server], 20)[1]:
            server.kill()


def _own_folders(folder):
    """Nothing of the user's settings gets in, and nothing of the test gets out."""
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    return {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_PATH": str(ADDITIONS),  # as `make lab` sets it
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "WORKSHOP_RUNS": str(folder / "runs"),
    }


@dataclass
class Lab:
    """A running JupyterLab: its address and token, and the folder it serves."""

    url: str
    token: str
    root: pathlib.Path

    def shut_down_kernels(self):
        """A kernel with TensorFlow holds over half a gigabyte: end those that a test left."""
        sessions, token = f"{self.url}api/sessions", {"Authorization": f"token {self.token}"}
        for session in requests.get(sessions, headers=token, timeout=10).json():
            requests.delete(f"{sessions}/{session['id']}", headers=token, timeout=10)

    def open(self, page, path, seconds=60):
        """Open the notebook at `path` (below the lab's folder) and wait for its kernel."""
        page.goto(f"{self.url}doc/tree/{path}?reset&token={self.token}")
        notebook = Notebook(page)
        notebook.wait_until("panel.context.isReady && " + _IDLE, seconds)
        return notebook

    def open_new(self, page, *cells):
        """Open a new notebook that has nothing but these cells."""
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.root / "new.ipynb")
        return self.open(page, "new.ipynb")

    def run_new(self, page, *sources):
        """Open a new notebook that has nothing but this code, a text a cell, and run it."""
        opened = self.open_new(page, *map(nbformat.v4.new_code_cell, sources))
        opened.run_all()
        return opened


_PANEL = "const panel = window.jupyterapp?.shell.currentWidget;"
_CELLS = "[...panel.content.model.cells]"
_IDLE = "panel.sessionContext?.session?.kernel?.status === 'idle'"


@dataclass
class Notebook:
    """A notebook open in the page. What it says is read from its model, not from the screen."""

    page: object = field(repr=False)

    def javascript(self, body, argument=None, seconds=30):
        """Run a function body in the page, where `panel` is the open notebook; never for ever."""
        late = f"new Promise((_, no) => setTimeout(no, {seconds}e3, 'no answer in {seconds} s'))"
        work = f"(async () => {{ {_PANEL} {body} }})()"
        return self.page.evaluate(f"argument => Promise.race([{work}, {late}])", argument)

    def wait_until(self, condition, seconds):
        """Wait for a JavaScript condition on `panel`; a failure leaves its picture."""
        test = f"() => {{ {_PANEL} return panel && {condition}; }}"
        self.page.wait_for_function(test, timeout=seconds * 1000)

    def run_all(self, seconds=240):
        """Run every cell and wait for the last; a cell that fails fails the test."""
        self.javascript(
            "window.ran = false;"
            "window.jupyterapp.commands.execute('notebook:run-all-cells')"
            ".finally(() => { window.ran = true; });"
        )
        self.wait_until("window.ran && " + _IDLE, seconds)
        outputs = self.javascript(f"return {_CELLS}.flatMap(cell => cell.outputs?.toJSON() ?? []);")
        failed = [output for output in outputs if "ename" in output]
        assert not failed, "\n".join(failed[0]["traceback"])

    def sources(self):
        """Each cell's source text."""
        return self.javascript(f"return {_CELLS}.map(cell => cell.sharedModel.getSource());")

    def cell(self, text):
        """The last cell with `text` in its source, scrolled into view, as a Playwright locator."""
        found = [i for i, source in enumerate(self.sources()) if text in source]
        assert found, f"no cell of the notebook has {text!r}"
        self.javascript("await panel.content.scrollToItem(argument, 'start');", found[-1])
        return self.page.locator(f'.jp-Cell[data-windowed-list-index="{found[-1]}"]')

    def flaws(self):
        """What axe-core finds in the outputs of all cells, in both themes."""
        whole = "{...panel.content.notebookConfig, windowingMode: 'none'}"
        self.javascript(f"panel.content.notebookConfig = {whole};")
        there = "panel.node.querySelectorAll('.jp-Notebook .jp-Cell').length"
        self.wait_until(f"{_CELLS}.length === {there}", 20)
        found = []
        for theme in ("Dark", "Light"):
            self.turn(theme)
            found += flaws(self.page, ".jp-Cell-outputArea")
        return found

    def turn(self, theme):
        """Change JupyterLab's theme to "Light" or "Dark"."""
        command = f"'apputils:change-theme', {{theme: 'JupyterLab {theme}'}}"
        self.javascript(f"await window.jupyterapp.commands.execute({command});")
        light = str(theme == "Light").lower()
        self.wait_until(f"document.body.dataset.jpThemeLight === '{light}'", 20)
        self.page.wait_for_timeout(500)  # the stylesheet fades in

    def value(self, expression):
        """What the kernel says `expression` is: a number, text, list… (a Python literal)."""
        answer = self.javascript(
            "const asked = {code: '', store_history: false, user_expressions: {it: argument}};"
            "const kernel = panel.sessionContext.session.kernel;"
            "return (await kernel.requestExecute(asked).done).content.user_expressions.it;",
            expression,
        )
        assert answer["status"] == "ok", f"{expression}: {answer.get('evalue')}"
        return ast.literal_eval(answer["data"]["text/plain"])

    def wait_for(self, expression, wanted=True, seconds=15):
        """Ask the kernel until `expression` is `wanted`, which may also be a test of the value."""
        end = time.monotonic() + seconds
        while True:
            value = self.value(expression)
            if wanted(value) if callable(wanted) else value == wanted:
                return value
            assert time.monotonic() < end, f"{expression} is {value!r} after {seconds} s"
            self.page.wait_for_timeout(100)


def choose(scope, description, name):
    """Choose from the list with that description by typing the first letters of a name."""
    scope.get_by_label(description, exact=True).focus()
    scope.page.keyboard.type(name)


def slide(scope, description, presses, key="ArrowRight"):
    """Move the slider with that description by keyboard."""
    slider = scope.locator(".widget-slider", has_text=description)
    handle = slider.locator(".noUi-handle").first
    handle.focus()
    for _ in range(presses):
        handle.press(key)


def upload(scope, file):
    """Give a file to the upload button of a `PictureChoice`."""
    with scope.page.expect_file_chooser() as chooser:
        scope.get_by_role("button", name="Your own").press("Enter")
    chooser.value.set_files(file)


def draw(canvas, strokes):
    """Draw on a canvas by mouse: `strokes` are lists of points (x, y), 0 to 1 from the top left."""
    canvas.scroll_into_view_if_needed()
    box, mouse = canvas.bounding_box(), canvas.page.mouse
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point, steps=4)
        mouse.up()
