"""Alt text reaches JupyterLab's page, in saved outputs and in new ones."""

import nbformat
from lab import start_lab

CODE = """
import numpy as np
from helpers import figures
figures.bars([1, 2], "ab", alt='"b" is <twice> as long as a.')
figures.image(np.random.default_rng(0).random((99, 99, 3)), "Noise in all colours.")
"""
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
ALTS = "return [...panel.node.querySelectorAll('.jp-OutputArea img')].map(image => image.alt);"


def test_pictures_have_their_alt_text(page, tmp_path):
    saved = nbformat.v4.new_output(
        "display_data",
        data={"image/png": PIXEL, "text/plain": "A pixel."},
        metadata={"image/png": {"alt": "A black pixel."}},
    )
    cell = nbformat.v4.new_code_cell(CODE, outputs=[saved], execution_count=1)
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    lesson = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    with start_lab(tmp_path) as lab:
        nbformat.write(lesson, lab.root / "pictures.ipynb")
        notebook = lab.open(page, "pictures.ipynb")
        assert notebook.javascript(ALTS) == ["A black pixel."]
        notebook.run_all()
        assert notebook.javascript(ALTS) == [
            '"b" is <twice> as long as a.',
            "Noise in all colours.",
        ]
