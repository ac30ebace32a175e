"""The page for phones: it runs a network in the browser, at a phone's size, the network cut."""

import re
import shutil
import subprocess
import tarfile
import threading

import keras
import numpy as np
import pytest
from axe import flaws
from lab import draw

from helpers import assets, images
from helpers.sharing import phone


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """LiteRT.js: from the cache or a mirror, else from its npm packages, laid out as a mirror."""
    with pytest.MonkeyPatch.context() as patch:
        if not assets.available("litertjs"):
            place, mirror = (tmp_path_factory.mktemp(name) for name in ("npm", "mirror"))
            names = [f"@litertjs/{path.split('/')[0]}" for path in assets.facts("litertjs").digests]
            try:
                asked = [shutil.which("npm") or "npm", "pack", "--silent", *sorted(set(names))]
                subprocess.run(asked, cwd=place, check=True, timeout=120)
            except (OSError, subprocess.SubprocessError):
                pytest.skip("LiteRT.js is not here, and npm can't fetch it")
            for name in set(names):
                packed = place / f"{name[1:].replace('/', '-').replace('@', '-')}.tgz"
                with tarfile.open(packed) as archive:
                    archive.extractall(place, filter="data")
                (place / "package").rename(mirror / "package")
                target = mirror / "cdn.jsdelivr.net" / "npm" / name
                target.parent.mkdir(parents=True, exist_ok=True)
                (mirror / "package").rename(target)
            patch.setenv("WORKSHOP_MIRROR", str(mirror))
            patch.setenv("WORKSHOP_CACHE", str(place / "cache"))
        yield assets.path("litertjs")


@pytest.fixture
def opened(browser, library, tmp_path_factory):
    """Return a function that opens a model's page, at a phone's size; and what it asked for."""
    page = browser.new_page(
        viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2
    )
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    running = []

    def open_page(file):
        folder = phone.lay_out(file, tmp_path_factory.mktemp("page"))
        running.append(phone.server(folder))
        threading.Thread(target=running[0].serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{running[0].server_port}/"
        page.route(
            "**",
            lambda route, request: (
                route.continue_() if request.url.startswith(home) else route.abort()
            ),
        )
        page.goto(home)
        page.locator("#about", has_text=re.compile("Draw|Take")).wait_for()
        return page

    yield open_page
    assert {url.split("/")[2].split(":")[0] for url in asked if url[:4] == "http"} == {"127.0.0.1"}
    running[0].shutdown()
    running[0].server_close()
    page.close()


def classifier(channels, file, resize=False):
    """A network that looks which third of a picture's width is brightest, channels added up."""
    layers = [keras.Input((None, None, channels) if resize else (28, 28, channels))]
    layers += [keras.layers.Resizing(28, 28, antialias=True)] if resize else []
    layers += [keras.layers.AveragePooling2D((28, 9)), keras.layers.Flatten()]
    layers += [keras.layers.Dense(3, "softmax", use_bias=False)]
    model = keras.Sequential(layers)
    model.layers[-1].set_weights([np.repeat(np.eye(3, dtype="float32"), channels, axis=0)])
    model.save(file)
    with phone.zipfile.ZipFile(file, "a") as archive:
        archive.writestr("labels.json", '["left", "middle", "right"]')


def test_what_is_drawn_is_read(opened, tmp_path):
    classifier(1, tmp_path / "grey.keras")
    page = opened(tmp_path / "grey.keras")
    box = page.locator("#seen").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390  # it fits
    draw(page.locator("#seen"), [[(0.1, 0.15), (0.1, 0.7)]])  # moved into the middle, as all ink
    page.wait_for_selector("#guesses li")
    assert page.locator("#guesses li").first.inner_text().startswith("middle: ")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert flaws(page) == []
    page.get_by_role("button", name="Clear").press("Enter")
    assert page.locator("#guesses li").count() == 0


def test_a_chosen_picture_is_read_and_a_letter_is_refused(opened, tmp_path):
    classifier(3, tmp_path / "rgb.keras", resize=True)
    page = opened(tmp_path / "rgb.keras")
    picture = np.zeros((90, 180, 3), np.uint8)
    picture[:, 105:135] = 255  # in the right third of the middle square
    images.write(tmp_path / "right.png", picture)
    page.set_input_files("#file", tmp_path / "right.png")
    page.wait_for_selector("#guesses li")
    assert page.locator("#guesses li").first.inner_text().startswith("right: ")
    (tmp_path / "letter.png").write_text("Dear reader")
    page.set_input_files("#file", tmp_path / "letter.png")
    page.locator("#about", has_text="no picture").wait_for()  # the page forbids eval
