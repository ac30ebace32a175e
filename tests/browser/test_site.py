"""The site that `make site` built: whole, searchable, accessible, and silent to other hosts."""

import urllib.parse
from pathlib import Path

import pytest
from axe import flaws
from bs4 import BeautifulSoup

from tools import notebooks

ROOT = Path(__file__).parents[2]
SITE, DOCS = ROOT / "build" / "site", ROOT / "docs"
LESSONS = [f"notebooks/{path.stem}" for path in notebooks.lessons()]
PAGES = ["index", "README", *(f"docs/{file.stem}" for file in DOCS.glob("*.md"))]
# Code has thousands of words in few colours: one of each colour is looked at in each page.
ONE_OF_A_KIND = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight span[class]"))
    if (seen.has(word.className)) word.replaceWith(...word.childNodes);
    else seen.add(word.className);
}"""

SENTENCES_THAT_SCROLL = """() => [...document.querySelectorAll(".cell_output .stream pre")]
  .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText)"""

HOME = "https://lessons.example/"  # the tests answer for it


@pytest.fixture
def reader(browser):
    """A page at home in the site; it asks no other host and has nothing to complain of."""
    if not (SITE / "index.html").is_file():
        pytest.skip("there is no site: make site")
    page, wrong = browser.new_page(base_url=HOME), []

    def answer(route, request):
        file = SITE / urllib.parse.urlsplit(request.url).path[1:]
        if request.url.startswith(HOME) and file.is_file():
            return route.fulfill(path=file)
        wrong.append(request.url)
        return route.abort()

    page.route("**", answer)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield page
    page.close()
    assert wrong == []


def test_every_link_and_picture_leads_to_something():
    pages = {
        file: BeautifulSoup(file.read_bytes(), "html.parser")
        for file in SITE.glob("**/*.html")
        if "_static" not in file.parts
    }
    names = {file: {one["id"] for one in page.select("[id]")} for file, page in pages.items()}
    assert len(pages) > len(LESSONS) + len(PAGES)
    wrong = []
    for file, page in pages.items():
        for link in page.select("a[href], [src], link[href]"):
            url = urllib.parse.urlsplit(link.get("href") or link.get("src"))
            if link.name == "a" and url.scheme == "https":
                continue
            target = (file.parent / urllib.parse.unquote(url.path)).resolve() if url.path else file
            there = not url.fragment or url.fragment in names.get(target, ())
            if url.scheme or not target.is_file() or not there:
                wrong.append((file.name, str(link)[:200]))
    assert wrong == []


@pytest.mark.parametrize("name", [*PAGES, *LESSONS, "data/cards/mnist", "search"])
def test_axe_core_finds_nothing_in_either_theme(reader, name):
    reader.goto(f"{name}.html")
    reader.evaluate(ONE_OF_A_KIND)
    reader.add_style_tag(content="* { transition: none !important; }")  # colours as they will be
    for theme in ("light", "dark"):
        reader.emulate_media(color_scheme=theme)
        reader.locator(f"html[data-theme={theme}]").wait_for()
        assert flaws(reader) == []


def test_a_word_is_searched_and_found(reader):
    reader.goto("index.html")
    reader.keyboard.press("Control+k")
    reader.keyboard.type("receptive field")
    reader.keyboard.press("Enter")
    found = reader.locator("#search-results a", has_text="03 · Features, then and now")
    found.first.click()
    reader.wait_for_url("**/notebooks/03_features_then_and_now.html*")


def test_a_lesson_has_its_pictures_folded_solutions_and_buttons(reader):
    reader.goto("notebooks/01_mnist_keras.html")
    alts = reader.locator(".cell_output img:first-child").evaluate_all("all => all.map(i => i.alt)")
    assert len(alts) > 5 and all(alts)
    solution = reader.locator("details", has_text="Show the solution").first
    code = solution.locator("pre").first
    assert not code.is_visible()
    solution.locator("summary").press("Enter")
    assert code.is_visible()
    for place in ("mybinder.org", "colab.research.google.com/github"):
        assert reader.locator(f"a[href*='{place}'][href$='notebooks/01_mnist_keras.ipynb']").count()
    (file,) = reader.locator("a[href$='_sources/notebooks/01_mnist_keras.ipynb']").all()
    there = SITE / "notebooks" / file.get_attribute("href")
    assert there.read_bytes() == notebooks.lessons()[1].read_bytes()


def test_it_fits_a_phone(reader):
    reader.set_viewport_size({"width": 390, "height": 800})
    wide = "document.documentElement.scrollWidth"
    for name in (*PAGES, *LESSONS):
        reader.goto(f"{name}.html")
        assert reader.evaluate(wide) <= 390, name
        assert reader.evaluate(SENTENCES_THAT_SCROLL) == [], name
