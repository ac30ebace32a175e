"""The widget of claims of lesson 09 in JupyterLab: by keyboard, and the verdict follows."""

import nbformat
from lab import slide

CELL = "from helpers.sharing.claims import Claim\nclaim = Claim(0.95, 0.006)\nclaim"


def test_more_pictures_and_more_seeds_change_the_claim(lab, page):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.root / "claims.ipynb")
    opened = lab.open(page, "claims.ipynb")
    opened.run_all()

    cell = opened.cell("Claim(0.95")
    slide(cell, "Held-out pictures", presses=2)
    opened.wait_for("claim.digits.value", 10_000)
    slide(cell, "Seeds", presses=4)
    opened.wait_for("claim.seeds.value", 9)
    cell.get_by_role("img", name=opened.value("claim.verdict")).wait_for()
