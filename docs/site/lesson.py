"""How a lesson's notebook becomes a page: pictures with their alt text, folded solutions."""

import base64
import hashlib
import html
from pathlib import Path

import nbformat

PICTURES = Path(__file__).resolve().parents[2] / "build" / "site-sources" / "pictures"


def read(text):
    """Read a notebook for the site; the file that readers download stays as it is."""
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "hosted" in tags:  # it does nothing but elsewhere
            tags.append("remove-cell")
        if "solution" in tags:
            tags.append("hide-cell")
            cell.metadata["mystnb"] = {"code_prompt_show": "Show the solution"}
            cell.metadata["mystnb"]["code_prompt_hide"] = "Hide the solution"
        for output in cell.get("outputs", []):
            for kind in ("image/png", "image/jpeg"):
                if kind in output.get("data", {}):
                    page = _shown(output.data[kind], kind, output.metadata.get(kind, {}))
                    output.data = {"text/html": page}
                    break
            else:  # Keras prints its tables in colours that are hard to read, too
                if "text/plain" in output.get("data", {}):
                    output.data.pop("text/html", None)
    return notebook


def _shown(data, kind, details):
    """Write a picture's file and return its HTML.

    In the dark theme a figure turns dark, and a copy on top of it shows the pictures in it as they
    are, as the additions in jupyter/ do in JupyterLab.
    """
    content = base64.b64decode(data)
    name = f"{hashlib.sha256(content).hexdigest()[:16]}.{kind.removeprefix('image/')}"
    (PICTURES / name).write_bytes(content)
    width = f'width="{details["width"]}" ' if "width" in details else ""
    image = f'<img src="../_static/{name}" {width}loading="lazy" alt="%s"%s>'
    layers = [image % (html.escape(details["alt"]), "")]
    if "pictures" not in details:
        return f'<p class="workshop-picture">{layers[0]}</p>'
    ways = [
        f"{left}% {top}%,{right}% {top}%,{right}% {low}%,{left}% {low}%,{left}% {top}%,0 0"
        for left, top, right, low in details["pictures"]
    ]
    if ways:
        layers.append(image % ("", f' style="clip-path:polygon(0 0,{",".join(ways)})"'))
    return f'<span class="workshop-figure">{"".join(layers)}</span>'
