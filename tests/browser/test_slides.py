"""The slides without a network: nothing is asked for, keys go through all, nothing is cut off."""

import pytest

from tools import notebooks, slides

LESSONS = notebooks.lessons()
SCREENS = (1280, 720), (1024, 768)
MOST_KEYS = 1000  # more than any lesson needs
# What sticks out of the window at its side, or out of something that cuts it off.
CUT_OFF = """() => {
  const width = document.documentElement.clientWidth;
  const cut = [];
  for (const element of document.querySelectorAll("section:not([hidden]) *")) {
    const box = element.getBoundingClientRect();
    if (!box.width || element.closest("svg") && element.tagName !== "svg") continue;
    const style = getComputedStyle(element);
    const clipped = ["hidden", "clip"].includes(style.overflowX)
      && element.scrollWidth > element.clientWidth + 2;
    const inScroller = element.parentElement.closest("table, .jp-OutputArea-output table");
    if (clipped || (box.right > width + 1 || box.left < -1) && !inScroller)
      cut.push(element.tagName + "." + element.className + ": " + element.textContent.slice(0, 60));
  }
  return cut;
}"""
# [first and last pixel of the slide that is in sight, its height, what still waits]
SEEN = """() => {
  const page = document.documentElement;
  return [page.scrollTop, page.scrollTop + page.clientHeight, page.scrollHeight,
    document.querySelectorAll("section:not([hidden]) [data-waits][hidden]").length];
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return slides.write(LESSONS, tmp_path_factory.mktemp("build"))


@pytest.fixture
def screen(browser):
    """A page in a browser whose network is cut, the addresses it asked for, and its errors."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.asked, page.errors = set(), []
    page.on("request", lambda request: page.asked.add(request.url.partition("#")[0]))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    context.close()


def number(page):
    return int(page.locator("nav output").inner_text().split(" / ")[0])


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_all_of_a_lesson_is_seen_key_by_key(folder, screen, path):
    address = (folder / f"{path.stem}.html").as_uri()
    for width, height in SCREENS:
        screen.set_viewport_size({"width": width, "height": height})
        screen.goto(address)
        go_through(screen)
    assert {url for url in screen.asked if not url.startswith("data:")} == {address}
    assert screen.errors == []


def go_through(screen):
    """Press the key until all is seen: no part is jumped over, none cut off."""
    last, lowest = int(screen.locator("nav output").inner_text().split(" / ")[1]), 0
    assert number(screen) == 1 and last > 10
    for _ in range(MOST_KEYS):
        assert screen.evaluate(CUT_OFF) == []
        before = number(screen)
        top, bottom, height, waiting = screen.evaluate(SEEN)
        assert top <= lowest + 2, f"slide {before} jumped over a part"
        lowest = max(lowest, bottom)
        if before == last and not waiting and bottom >= height - 2:
            break
        screen.keyboard.press("ArrowRight")
        if number(screen) != before:
            assert number(screen) == before + 1
            assert not waiting and bottom >= height - 2, f"slide {before} was left too early"
            lowest = 0
    assert number(screen) == last


def test_outputs_wait_back_shows_them_and_a_reload_finds_the_slide_again(folder, screen):
    screen.goto((folder / "00_start_here.html").as_uri() + "#2")
    output = screen.locator("section:not([hidden]) .jp-Cell-outputWrapper").first
    assert not output.is_visible()
    screen.keyboard.press("PageDown")
    output.wait_for()
    while number(screen) == 2:
        screen.keyboard.press(" ")
    screen.reload()
    assert number(screen) == 3
    screen.keyboard.press("ArrowLeft")
    assert number(screen) == 2 and output.is_visible()
    screen.keyboard.press("End")
    assert number(screen) > 10
    screen.get_by_role("button", name="‹").click()
    screen.keyboard.press("Home")
    assert number(screen) == 1


def test_printed_nothing_waits(folder, screen):
    screen.goto((folder / "00_start_here.html").as_uri())
    screen.emulate_media(media="print")
    assert screen.locator("section").evaluate_all("all => all.every(one => one.checkVisibility())")
    assert screen.locator(".celltag_solution").first.is_visible()
