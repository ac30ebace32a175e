"""Pictures in JupyterLab's page have their alt text, and figures the colours of its theme."""

import io

import nbformat
import numpy as np
from lab import start_lab
from PIL import Image

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


FIGURES = """
import numpy as np
from helpers import figures, widgets
green = np.full((9, 9, 3), [0, 160, 0], "uint8")
figures.grid([green, green], ["one", "two"], cell=2, alt="Two green squares.")
fig, axes = figures.figure(size=(4, 2))
axes.imshow(green)
import ipywidgets; ipywidgets.HTML(widgets.as_html(fig, "A green square."))
"""


def test_figures_follow_the_theme_and_pictures_in_them_do_not(page, tmp_path):
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    lesson = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(FIGURES)], metadata={"kernelspec": kernel}
    )
    with start_lab(tmp_path) as lab:
        nbformat.write(lesson, lab.root / "figures.ipynb")
        notebook = lab.open(page, "figures.ipynb")
        notebook.run_all()
        for theme, paper in [("Light", 255), ("Dark", 17)]:
            command = f"'apputils:change-theme', {{theme: 'JupyterLab {theme}'}}"
            notebook.javascript(f"await window.jupyterapp.commands.execute({command});")
            light = str(theme == "Light").lower()
            notebook.wait_until(f"document.body.dataset.jpThemeLight === '{light}'", 20)
            page.wait_for_timeout(500)  # the stylesheet fades in
            for figure in page.locator(".workshop-figure").all():
                seen = np.array(Image.open(io.BytesIO(figure.screenshot())).convert("RGB"))
                assert np.abs(seen[1, 1].astype(int) - paper).max() <= 2
                greens = np.abs(seen.astype(int) - [0, 160, 0]).max(2) < 12
                assert greens.mean() > 0.2
        assert page.locator(".workshop-figure").count() == 2
