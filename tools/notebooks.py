"""Which lessons there are, and how their files are read and written: normalised, whole or not."""

import ast
import copy
import linecache
import re
import types
from pathlib import Path

import nbformat

from helpers import files, images

IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)[^)]*\)")  # a picture in a text; group 1: its address
NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
TEMPLATES = NOTEBOOKS.parent / "jupyter" / "nbconvert" / "templates"

# What JupyterLab writes, without the Python version: that would differ from machine to machine.
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_INFO = {"name": "python", "nbconvert_exporter": "python", "pygments_lexer": "ipython3"}
LANGUAGE_INFO |= {"file_extension": ".py", "mimetype": "text/x-python"}
LANGUAGE_INFO |= {"codemirror_mode": {"name": "ipython", "version": 3}}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
ROW = re.compile(r"^\| \[\d\d [^\]]*\]\(notebooks/(\d\d_\w+\.ipynb)\)", re.MULTILINE)
WRITTEN = re.compile(r"\A%%writefile (?:-a )?(\w+)\.py.*")
HOSTED = "hosted"  # the tag of the cell that works on Colab and Kaggle alone
MEASURED = re.compile(r"(<!-- measured -->).*?(<!-- /measured -->)", re.DOTALL)


class LessonError(ValueError):
    """A lesson's file, or the README, is not as it should be: one sentence."""


def lessons(folder=NOTEBOOKS):
    """Return the paths of the lessons in `folder`: those that the README's table beside it names.

    Whatever else stands there, such as the copies that JupyterLab makes, is no lesson.
    """
    table = (folder.parent / "README.md").read_text(encoding="utf-8")
    return [folder / name for name in ROW.findall(table) if (folder / name).is_file()]


def read(path):
    """Return the notebook at `path` in the current format, with an id for every cell.

    Raises LessonError when the file is not a valid notebook.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (ValueError, TypeError, LookupError, AttributeError, nbformat.ValidationError) as error:
        reason = str(error).partition("\n")[0]
        raise LessonError(f"{path} is not a valid notebook: {reason}") from error
    return notebook


def is_hosted(cell):
    """Tell whether it is the cell that does nothing but on Colab and Kaggle."""
    return HOSTED in cell.metadata.get("tags", [])


def normalise(notebook):
    """Take out of `notebook`, in place, what differs between runs and machines; return it.

    Widget views go too: where no kernel runs they would only say "model not found", and the
    static picture beside them stays. Solutions are collapsed. Tags and cell ids stay.
    """
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor

    notebook.metadata.pop("widgets", None)
    notebook.metadata.kernelspec = nbformat.from_dict(KERNELSPEC)
    notebook.metadata.language_info = nbformat.from_dict(LANGUAGE_INFO)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "solution" in cell.metadata.get("tags", []):
            cell.metadata.setdefault("jupyter", nbformat.from_dict({}))["source_hidden"] = True
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
    # A kernel flushes its streams when it likes: one print, several outputs.
    CoalesceStreamsPreprocessor(enabled=True)(notebook, {})
    return notebook


def write(path, notebook):
    """Write `notebook` to `path` as Jupyter formats it, whole or not at all."""
    files.write(path, nbformat.writes(notebook) + "\n")


def html(notebook, title, template, **options):
    """Return `notebook` as one HTML page that asks for no other, by a template of ours."""
    from nbconvert import HTMLExporter

    # Bases are what templates are found in by name, paths what they extend.
    places = {"extra_template_basedirs": [str(TEMPLATES)], "extra_template_paths": [str(TEMPLATES)]}
    exporter = HTMLExporter(template_name=template, embed_images=True, **places, **options)
    shown = copy.deepcopy(notebook)
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = IMAGE.sub(_embedded, cell.source)
    page, _ = exporter.from_notebook_node(shown, {"metadata": {"name": title}})
    return page


def _embedded(found):
    """A text's picture with its file inside; nbconvert embeds none from another folder."""
    file = (NOTEBOOKS / found[1]).resolve()
    if not (file.is_file() and file.is_relative_to(NOTEBOOKS.parent)):
        return found[0]
    return found[0].replace(found[1], images.data_url(images.read(file)))


def taught(lesson):
    """Return a module of what `lesson` (its number or name) teaches: the cells tagged `taught`.

    They are the only copy of that code. What they only show (a check, a figure) isn't run, and of
    the other cells only the imports are. A cell that is written to a file counts without its
    line `%%writefile`. Raises LessonError when there is no such lesson or nothing is tagged so.
    """
    paths = [path for path in lessons() if lesson in (path.stem, path.stem[:2])]
    cells = [cell for cell in read(paths[0]).cells if cell.cell_type == "code"] if paths else []
    if not any("taught" in cell.metadata.get("tags", []) for cell in cells):
        raise LessonError(f"No lesson {lesson} with cells tagged 'taught' is in {NOTEBOOKS}.")
    sources = [cell.source for cell in cells]
    written = {found[1] for found in map(WRITTEN.match, sources) if found}
    module = types.ModuleType(paths[0].stem)
    for cell in cells:
        name = f"<{module.__name__}, cell {cell.id}>"
        if "taught" in cell.metadata.get("tags", []):
            source = WRITTEN.sub("", cell.source)
            tree = ast.parse(source)
            tree.body = [node for node in tree.body if not isinstance(node, ast.Expr)]
            # Where Python looks sources up: TensorFlow's AutoGraph reads a function's own.
            lines = source.splitlines(keepends=True)
            linecache.cache[name] = len(source), None, lines, name
        else:
            tree = _imports(cell.source, written)
        exec(compile(tree, name, "exec"), vars(module))  # noqa: S102 - our own lesson
    return module


def _imports(source, written):
    """Parse a cell and keep its imports, not those of `written`; one with a magic has none."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ast.Module([], [])
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    tree.body = [node for node in imports if not written & {alias.name for alias in node.names}]
    return tree


def record_in_head(path, sentence):
    """Put `sentence` between the measured markers of the first cell of the lesson at `path`.

    Raises LessonError when the head has no such markers.
    """
    notebook = read(path)
    if not any(MEASURED.search(cell.source) for cell in notebook.cells[:1]):
        raise LessonError(
            f"{path} has no <!-- measured --> … <!-- /measured --> in its first cell: add them "
            "where run time and memory belong."
        )
    notebook.cells[0].source = MEASURED.sub(rf"\g<1>{sentence}\g<2>", notebook.cells[0].source)
    write(path, notebook)


def record_in_readme(path, words, figures):
    """Fill the last two columns, time and memory, of the lessons' table in the README at `path`.

    words: what goes between the measured markers, such as " on 2 CPU cores". figures: lesson name
    (a notebook's stem) -> (time, memory), both as they shall read. Raises LessonError when a
    lesson has no such row.
    """
    text = MEASURED.sub(rf"\g<1>{words}\g<2>", Path(path).read_text(encoding="utf-8"))
    for name, (seconds, memory) in figures.items():
        row = rf"^(\| \[.*\(notebooks/{name}\.ipynb\) \|.*)\|[^|\n]*\|[^|\n]*\|$"
        text, count = re.subn(row, rf"\g<1>| {seconds} | {memory} |", text, flags=re.MULTILINE)
        if count != 1:
            raise LessonError(
                f"{path} has no table with a row for {name} (a link to its notebook) that ends in "
                "time and memory: add it."
            )
    files.write(path, text)
