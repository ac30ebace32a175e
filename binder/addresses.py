"""Where the workshop is published, in all lessons: their buttons, and the cell for Colab.

`[project.urls]` in pyproject.toml names the repository, and `version` its tag. After a change of
them `python binder/addresses.py` writes every lesson anew.
"""

import re
import sys
import tomllib
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import notebooks

BUTTONS = re.compile(r"^Open it in \[.*\n\n", re.MULTILINE)
PROMISE = re.compile(r"\A# .+\n+.+\n\n")  # the title and the sentence below it
COLAB = "https://colab.research.google.com/github/{inside}/blob/{tag}/notebooks/{file}"
KAGGLE = "https://kaggle.com/kernels/welcome?src={repository}/blob/{tag}/notebooks/{file}"
BINDER = "https://mybinder.org/v2/gh/{inside}/{tag}?urlpath=lab/tree/notebooks/{file}"
CELL = """\
# On Colab and on Kaggle (with its internet on) this gets the workshop; elsewhere it does nothing.
import os
import sys

if {{"COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"}} & os.environ.keys():
    !test -d {name} || git -c advice.detachedHead=false clone -q --depth 1 -b {tag} {repository}
    sys.path.insert(0, "{name}")
    import workshop

    workshop.main(["hosted"])"""


def published(root=notebooks.NOTEBOOKS.parent):
    """Return the parts of an address: repository, inside (it, as owner/name), name, tag."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository = project["urls"]["Repository"].rstrip("/").removesuffix(".git")
    inside = repository.partition("://")[2].partition("/")[2]
    parts = {"repository": repository, "inside": inside, "name": inside.rpartition("/")[2]}
    return {**parts, "tag": f"v{project['version']}"}


def address(notebook, file, parts):
    """Put buttons into the head of `notebook`, in place, and the cell below it; return it."""
    named = {"Colab": COLAB, "Kaggle": KAGGLE, "Binder": BINDER}
    links = [f"[{name}]({made.format(file=file, **parts)})" for name, made in named.items()]
    line = "Open it in {}, {} or {}.\n\n".format(*links)
    head = notebook.cells[0]
    bare = BUTTONS.sub("", head.source)
    head.source = PROMISE.sub(lambda found: found[0] + line, bare)
    rest = [cell for cell in notebook.cells[1:] if not notebooks.is_hosted(cell)]
    # Elsewhere it does nothing; it is counted all the same.
    cell = nbformat.v4.new_code_cell(CELL.format(**parts), id="hosted", execution_count=1)
    cell.metadata.update(tags=[notebooks.HOSTED], jupyter={"source_hidden": True})
    notebook.cells = [head, cell, *rest]
    return notebook


if __name__ == "__main__":
    for path in notebooks.lessons():
        notebooks.write(path, address(notebooks.read(path), path.name, published()))
