"""The pages of docs/ agree with the lessons and with what was measured, and their links lead on."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import nbformat

from tools import notebooks

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
PLACE = re.compile(r"`((?:helpers|tools|tests|notebooks|docs|data|binder)/[^`*<\s]*)`")
GUIDE = (DOCS / "instructor-guide.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
ANNOUNCED = dict(re.findall(r"^\| \[(\d\d) ([^\]|]+?)\]\(", README, re.MULTILINE))
LESSONS = {path.name[:2]: path for path in notebooks.lessons()}


@cache
def text_of(number, kind=""):
    """What stands in a lesson's cells, or in those of a kind."""
    cells = nbformat.read(LESSONS[number], as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if kind in cell.cell_type)


def prose(number):
    return text_of(number, "markdown")


# -- links ---------------------------------------------------------------------------------------


def test_links_and_paths_lead_to_something_and_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    flaws = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        prose_only = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        links = re.findall(r"\[[^\]]+\]\(([^)\s]+)\)", prose_only)
        for target in map(urlsplit, links):
            there = (page.parent / target.path).exists()
            if not (target.scheme == "https" if target.scheme else there):
                flaws.append(f"{page.name}: {target.geturl()}")
        named = re.findall(r"(?:`|^)(?:sudo )?(?:[A-Z_]+=\S+ )*make ([a-z-]+)", text, re.MULTILINE)
        flaws += [f"{page.name}: make {name}" for name in set(named) - set(targets)]
        places = [one for one in PLACE.findall(text) if "NN" not in one]
        flaws += [f"{page.name}: {one}" for one in places if not (ROOT / one).exists()]
    assert not flaws


# -- the glossary --------------------------------------------------------------------------------

# Bold stands for a term, for a question, for the start of a paragraph, or for stress. A phrase of
# at most three words, without a comma or a mark at its end, before the recap, is taken for a term,
# unless it is one of these, which stress something.
STRESSED = {
    "00": "exercises, two switches",
    "01": "once",
    "02": "names, conceptual graph, keras, two seeds",
    "03": "sick, colours, edges, shapes, randomflip",
    "04": "once, retina, skin, pathology, your guess",
    "05": "true, real, add up, search, chose",
    "07": "choose, define, dream explorer",
    "09": "other held-out digits, other seeds, user, from, cmd, copy` and `run",  # of a Dockerfile
    "10": "scans, the cache",
}
STRESSED = {number: set(phrases.split(", ")) for number, phrases in STRESSED.items()}
VIEWS = {"parallel coordinates view"}  # words of TensorBoard's page, to be found there


def entries():
    """Yield of each row: the names of what it explains, its sentence, the lesson, the link."""
    rows = re.findall(
        r"^\| (.+?) \| (.+?) \| (?:\[(\d\d)\]\((\S+)\)|(\d\d)) \|$",
        (DOCS / "glossary.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    for names, sentence, linked, link, plain in rows:
        yield [bare(name) for name in names.split(", ")], sentence, linked or plain, link


def bare(term):
    """A term as it is looked up: no code marks or arguments, no plural, no capitals."""
    term = re.sub(r"\(.*", "", term.strip().strip("`")).strip().lower()
    return term if term.endswith("ss") else term.removesuffix("s")


def introduced(number):
    """The terms that a lesson introduces, by the rule above."""
    body = re.split(r"^## Recap", prose(number), flags=re.MULTILINE)[0]
    for phrase in re.findall(r"\*\*(.+?)\*\*", body, re.DOTALL):
        text = phrase.strip("`")
        if len(text.split()) <= 3 and not re.search(r",|[.:?!]$", phrase):
            yield text


ENTRIES = list(entries())


def test_the_glossary_is_whole_and_in_order():
    lines = (DOCS / "glossary.md").read_text(encoding="utf-8").splitlines()
    assert len(ENTRIES) == sum(line.startswith("| ") for line in lines) - 2 > 100
    written = [line.split(" | ")[0].split(", ")[0].removeprefix("| ").lower() for line in lines[6:]]
    assert written == sorted(written)


def test_each_term_that_a_lesson_introduces_has_an_entry_or_is_only_stressed():
    first = {}
    for names, _, number, _ in ENTRIES:
        first |= {name: min(number, first.get(name, number)) for name in names}
    missing = [
        (number, term)
        for number in LESSONS
        for term in introduced(number)
        if bare(term) not in map(bare, STRESSED.get(number, set()) | VIEWS)
        and first.get(bare(term), "none") > number
    ]
    assert not missing
    for number, phrases in STRESSED.items():
        there = set(map(bare, introduced(number)))
        assert set(map(bare, phrases)) <= there, f"{number} stresses no such thing"


def test_each_entry_links_to_a_lesson_that_uses_the_term():
    flaws = []
    for names, sentence, number, link in ENTRIES:
        text = text_of(number).lower()
        used = any(re.search(rf"\b{re.escape(name)}", text) for name in names)
        linked = (DOCS / link).resolve() == LESSONS[number]
        if not (used and linked and sentence.endswith((".", "…"))):
            flaws.append((number, names))
    assert not flaws


# -- the instructor guide ------------------------------------------------------------------------


def test_the_guide_has_all_four_parts_for_each_lesson():
    flaws = []
    for number, title in ANNOUNCED.items():
        heading = re.escape(f"### {number} · {title}")
        (section,) = re.findall(rf"^{heading}\n(.*?)(?=^##)", GUIDE, re.MULTILINE | re.DOTALL)
        parts = re.findall(r"^\*\*(.+?)\.\*\*", section, re.MULTILINE)
        misconceptions = len(re.findall(r'^- "', section, re.MULTILINE))
        questions = section.split("**Questions.**")[1].split("**When")[0].count("?")
        if parts != ["Time", "Misconceptions", "Questions", "When it breaks"]:
            flaws.append((number, parts))
        if min(misconceptions, questions) < 4:
            flaws.append((number, misconceptions, questions))
    assert not flaws


def test_the_guides_minutes_and_plans_are_those_of_the_lessons():
    table = re.findall(r"^\| (\d\d) \| (\d+) min \| (\d+) min \|$", GUIDE, re.MULTILINE)
    minutes = re.compile(r"teaching: (\d+) min.*exercises?: (\d+) min")
    heads = {number: prose(number).split("\n## ")[0].lower() for number in LESSONS}
    assert table == [(number, *minutes.search(head).groups()) for number, head in heads.items()]
    for plan, lasts in [("90 minutes", [90]), ("Half a day", [210]), ("Two days", [400, 400])]:
        section = GUIDE.split(f"### {plan}")[1].split("\n##")[0]
        days = section.split("| minutes | what | with |")[1:]
        assert [sum(map(int, re.findall(r"^\| (\d+) \|", day, re.M))) for day in days] == lasts
    for number, sections in re.findall(r"\| (\d\d), sections? ([\d, and to]+)", GUIDE):
        there = re.findall(r"^## (\d+) ·", prose(number), re.MULTILINE)
        assert set(re.findall(r"\d+", sections)) <= set(there), (number, sections)
