"""How a lesson's notebook becomes a page: pictures with their alt text, folded solutions."""

import base64
import hashlib
import html
import re
from pathlib import Path

import nbformat

# In what a cell prints: lines with gaps or frames in them, and between those short ones, too.
ROW = r"^(?:  +\S.*|.*\S  +\S.*|.*[│┃━─].*)\n"
TABLE = re.compile(rf"{ROW}(?:{ROW}|^.{{0,40}}\n)*{ROW}", re.MULTILINE)
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
        outputs = [
            part for one in cell.get("outputs", []) if not _passing(one) for part in _parts(one)
        ]
        if cell.cell_type == "code":
            cell.outputs = outputs
        for output in outputs:
            if "data" in output:
                output.data = _shown(output.data, output.metadata)
    return notebook


def _passing(output):
    """Is it a progress bar's place?"""
    return output.get("data", {}).get("text/plain", "").endswith(": a progress bar)")


def _parts(output):
    """Yield what was printed in parts: tables keep their lines, and all else wraps."""
    if output.output_type != "stream":
        yield output
        return
    at = 0
    for table in TABLE.finditer(output.text):
        yield from _printed(output.text[at : table.start()])
        keeps = f'<pre class="workshop-table" tabindex="0">{html.escape(table[0])}</pre>'
        yield nbformat.v4.new_output("display_data", {"text/html": keeps})
        at = table.end()
    yield from _printed(output.text[at:])


def _printed(text):
    if text.strip():
        yield nbformat.v4.new_output("stream", text=text)


def _shown(data, details):
    """Return an output's data as the site shows them: a picture as HTML, else text."""
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            return {"text/html": _picture(base64.b64decode(data[kind]), kind, details[kind])}
    if "image/svg+xml" in data:
        return {"text/html": data["image/svg+xml"]}
    if "workshop-table" in data.get("text/html", ""):
        return data
    # Keras prints its tables in colours that are hard to read, too.
    return {kind: data[kind] for kind in data if kind != "text/html"}


def _picture(content, kind, details):
    """Write a picture's file and return its HTML.

    In the dark theme a figure turns dark, and a copy on top of it shows the pictures in it as they
    are, as the additions in jupyter/ do in JupyterLab.
    """
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
