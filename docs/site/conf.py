"""How Sphinx builds the site: see build.py. Nothing in its pages asks another host for anything."""

import os
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

# Where the lessons are to be opened from: a fork's own address where its workflow builds the site.
about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
named = about["urls"]["Repository"].removeprefix("https://github.com/")
address = os.environ.get("GITHUB_REPOSITORY", named)

project = "TensorFlow workshop"
author = "The TensorFlow workshop's contributors"
html_show_copyright = html_show_sphinx = False
extensions = ["myst_nb"]
exclude_patterns = ["LICENSE*"]

nb_execution_mode = "off"  # lessons are shown as they were executed and tested
nb_custom_formats = {".ipynb": "lesson.read"}
nb_ipywidgets_js = {}  # widgets stand as pictures
myst_enable_extensions = ["attrs_block"]
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_title = project
html_use_index = False
html_sourcelink_suffix = ""  # what readers download is the notebook
html_static_path = ["static", str(ROOT / "build" / "site-sources" / "pictures")]
html_css_files = ["site.css"]
html_theme_options = {
    "logo": {"text": project, "alt_text": project},
    "repository_url": f"https://github.com/{address}",
    "repository_branch": f"v{about['version']}",
    "launch_buttons": {
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
        "notebook_interface": "jupyterlab",
    },
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "search_bar_text": "Search all lessons",
    "navbar_persistent": [],
    "max_navbar_depth": 1,  # a toggle of more would have no name for screen readers
}
html_context = {"default_mode": "auto"}


def setup(app):
    """Let links to folders lead to a page: the cards', or the repository's."""

    def lead_on(app, name, source):
        text = source[0].replace("data/cards)", "data/cards/index.md)").replace(named, address)
        source[0] = text.replace(
            "](../helpers)", f"](https://github.com/{address}/tree/v{about['version']}/helpers)"
        )

    app.connect("source-read", lead_on)
