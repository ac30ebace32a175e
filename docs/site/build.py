"""Build the site of all lessons into build/site, without the network: `make site`.

Sphinx reads a copy of the pages, laid out as in the repository, so that their links hold; the
front is made of the README. conf.py says how the pages look, lesson.py how a notebook becomes one.
"""

import re
import shutil
import sys
from pathlib import Path

try:
    from sphinx.cmd.build import build_main
except ImportError:
    sys.exit("Sphinx is not here: run `make site`, which makes an environment for it and builds.")

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOURCES, SITE = ROOT / "build" / "site-sources", ROOT / "build" / "site"
PAGES = "README.md", "LICENSE*", "docs/*.md", "docs/gallery/*", "docs/pictures/*"
PAGES += "data/cards/*.md", "data/results/*"
SECTION = r"^## {}\n(.*?)(?=^## |\Z)"
PICTURE = re.compile(r"\[(!\[[^\]]+\]\([^)]+\))\]\((notebooks/[^)]+)\)")
LESSON = re.compile(r"^\| \[(\d\d [^\]]+)\]\((notebooks/[^)]+)\) \| ([^|]+) \|", re.MULTILINE)
FRONT = """\
# {title}

{promise}

{{.gallery}}
{gallery}

## Lessons

You will have …

{lessons}

```{{toctree}}
:hidden:
:caption: Lessons

{names}
```

```{{toctree}}
:hidden:
:caption: About

Install and use <README>
docs/pictures
docs/glossary
docs/instructor-guide
docs/classroom-server
docs/many-machines
docs/accessibility
data/cards/index
```
"""
CARDS = """\
# Data and weights

What the lessons use that others made, or that was trained for them: what it is, where it comes
from, its licence, and what it can't be used for.

```{toctree}
:glob:

*
```
"""


def front(readme):
    """Return the site's first page: the README's promise, its pictures, its lessons."""
    title, promise = re.match(r"# (.+)\n\n(.+)\n", readme).groups()
    lessons = LESSON.findall(readme)
    titles = {path: name for name, path, _ in lessons}
    return FRONT.format(
        title=title,
        promise=promise,
        gallery="\n".join(
            f"- [{picture} {titles[path]}]({path})" for picture, path in PICTURE.findall(readme)
        ),
        lessons="\n".join(f"- [{name}]({path}): {done}" for name, path, done in lessons),
        names="\n".join(titles).replace(".ipynb", ""),
    )


def lay_out():
    """Copy what the pages are made of into build/site-sources."""
    shutil.rmtree(SOURCES, ignore_errors=True)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lessons = [path for _, path, _ in LESSON.findall(readme)]
    for file in (ROOT / name for pattern in (*PAGES, *lessons) for name in ROOT.glob(pattern)):
        target = SOURCES / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    (SOURCES / "index.md").write_text(front(readme), encoding="utf-8")
    (SOURCES / "data/cards/index.md").write_text(CARDS, encoding="utf-8")
    (SOURCES / "pictures").mkdir()


def main():
    """Build; what Sphinx warns of, such as a link that leads nowhere, is an error."""
    lay_out()
    shutil.rmtree(SITE, ignore_errors=True)
    options = ["--quiet", "--fresh-env", "--fail-on-warning", "--keep-going"]
    options += ["--conf-dir", str(HERE), "--doctree-dir", str(SOURCES.with_name("site-doctrees"))]
    return build_main([*options, str(SOURCES), str(SITE)])


if __name__ == "__main__":
    sys.exit(main())
