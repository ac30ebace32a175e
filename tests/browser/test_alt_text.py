"""Pictures in JupyterLab's page have their alt text, and figures the colours of its theme."""

import io

import nbformat
import numpy as np
from PIL import Image

from helpers import figures

CODE = """
import numpy as np
from helpers import figures
figures.bars([1, 2], "ab", alt='"b" is <twice> as long as a.')
figures.image(np.random.default_rng(0).random((99, 99, 3)), "Noise in all colours.")
"""
ALTS = "return [...panel.node.querySelectorAll('.jp-OutputArea img')].map(image => image.alt);"
FIGURES = """
import numpy as np
from helpers import figures, widgets
green = np.full((9, 9, 3), [0, 160, 0], "uint8")
figures.grid([green, green], ["one", "two"], cell=2, alt="Two green squares.")
fig, axes = figures.figure(size=(4, 2))
axes.imshow(green)
import ipywidgets; ipywidgets.HTML(widgets.as_html(fig, "A green square."))
"""


def test_pictures_have_their_alt_text_before_and_after_a_run(lab, page):
    pixel = figures.Picture(np.zeros((1, 1, 3), "uint8"), "A black pixel.")
    data, metadata = pixel._repr_mimebundle_()
    saved = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    cell = nbformat.v4.new_code_cell(CODE, outputs=[saved], execution_count=1)
    notebook = lab.open_new(page, cell)
    assert notebook.javascript(ALTS) == ["A black pixel."]
    notebook.run_all()
    assert notebook.javascript(ALTS) == ['"b" is <twice> as long as a.', "Noise in all colours."]


def test_figures_follow_the_theme_and_pictures_in_them_do_not(lab, page):
    notebook = lab.run_new(page, FIGURES)
    assert page.locator(".workshop-figure").count() == 2
    for theme, paper in [("Dark", 17), ("Light", 255)]:
        notebook.turn(theme)
        for figure in page.locator(".workshop-figure").all():
            seen = np.array(Image.open(io.BytesIO(figure.screenshot())).convert("RGB")).astype(int)
            assert np.abs(seen[1, 1] - paper).max() <= 2
            assert (np.abs(seen - [0, 160, 0]).max(2) < 12).mean() > 0.2
