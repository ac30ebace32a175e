"""A page that runs a classifier in a browser, with LiteRT.js: `python -m helpers phone MODEL`."""

import json
import shutil
import socket
import tempfile
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import keras
import segno

from helpers import assets
from helpers.sharing import litert

POLICY = "default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'"  # no other host


class PhoneError(ValueError):
    """A network can't run there: one sentence that says why."""


def lay_out(file: Path, folder: Path) -> Path:
    """Fill `folder` with the page, LiteRT.js and the classifier of a .keras file; return it.

    It takes pixels from 0 to 255, grey or RGB, in a square, and gives a probability for each label;
    a resizing in front is left to the page. Labels stand in the archive, as lesson 04 saves them.
    """
    try:
        model = litert.behind_resizing(keras.models.load_model(file, compile=False))  # safe mode
        with zipfile.ZipFile(file) as archive:
            named = "labels.json" in archive.namelist()
            labels = json.loads(archive.read("labels.json")) if named else []
    except Exception as error:  # Keras, zipfile and h5py each have their own
        reason = str(error).split("\n")[0][:120]
        raise PhoneError(f"{file} is no model that Keras can load: {reason}") from error
    shape = model.input_shape
    if len(shape) != 4 or shape[1] != shape[2] or shape[1] is None or shape[3] not in (1, 3):
        raise PhoneError(f"The page hands in one square picture, and {file} takes {shape}.")
    litert.export(model, folder / "model.tflite")
    library = assets.path("litertjs")
    for part in [*Path(__file__).with_name("page").iterdir(), *library.glob("core*/wasm/*")]:
        shutil.copy(part, folder)
    for package in ("core", "wasm-utils"):
        script = next(library.glob(f"{package}*/dist/index.js")).read_text(encoding="utf-8")
        script = script.replace('"@litertjs/wasm-utils"', '"./wasm-utils.js"')
        (folder / f"{package}.js").write_text(script, encoding="utf-8")
    labels = labels or [*map(str, range(model.output_shape[-1]))]
    facts = {"side": shape[1], "channels": shape[3], "labels": labels}
    (folder / "model.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


class Pages(SimpleHTTPRequestHandler):
    """Serves a folder, and says that its pages may load nothing from elsewhere."""

    def end_headers(self):
        """Add the policy."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_):
        """Say nothing."""


def server(folder: Path, lan: bool = False) -> ThreadingHTTPServer:
    """Return a server of `folder`, for this machine alone, or for all who can reach it."""
    address = "0.0.0.0" if lan else "127.0.0.1"  # noqa: S104
    return ThreadingHTTPServer((address, 0), partial(Pages, directory=folder))


def serve(file: Path, lan: bool = False) -> None:
    """Show the page until interrupted; say its address, with a QR code where a phone reaches it."""
    with tempfile.TemporaryDirectory() as place, server(lay_out(file, Path(place)), lan) as running:
        host = "127.0.0.1"
        if lan:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect(("192.0.2.1", 9))  # an example's address: no packet is sent
                host = probe.getsockname()[0]  # this machine's, in its network
        address = f"http://{host}:{running.server_port}/"
        print(f"{address}  (Ctrl-C stops it)", flush=True)
        if lan:
            print("Whoever is in this network can open it: use one that you trust.")
            segno.make(address).terminal(compact=True)
        running.serve_forever()
