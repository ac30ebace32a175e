"""A network on the run-time of phones and small computers (LiteRT, the former TensorFlow Lite).

Keras exports to it; the package `ai-edge-litert` runs the file without TensorFlow, here as on a
device.
"""

import json
import mimetypes
import socket
import tempfile
import time
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from helpers import assets
from helpers.start import silenced

ROUNDS = 100  # pictures that are timed, one by one
BYTES = "application/octet-stream"
POLICY = "default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'"  # no other host


class Network:
    """A .tflite file, ready to run on one thread, as on a small device."""

    def __init__(self, file: Path):
        """Load it. Raises ValueError when `file` is no such file."""
        from ai_edge_litert.interpreter import Interpreter

        with silenced():  # it says which of its parts it uses
            self._interpreter = Interpreter(str(file), num_threads=1)
            self._interpreter.allocate_tensors()
        self.size = Path(file).stat().st_size  # bytes
        (self._input,) = self._interpreter.get_input_details()
        (self._output,) = self._interpreter.get_output_details()

    def scores(self, pictures: np.ndarray) -> np.ndarray:
        """Return the network's output, float32 (n, classes), for float32 pictures, one by one."""
        found = []
        for picture in pictures:
            self._interpreter.set_tensor(self._input["index"], picture[None])
            self._interpreter.invoke()
            found.append(self._interpreter.get_tensor(self._output["index"])[0])
        return np.array(found, np.float32)


def milliseconds(read: Callable, pictures: np.ndarray, rounds: int = ROUNDS) -> list[float]:
    """Return the times in which `read` reads one picture, (1, …) each, after a warm-up."""
    times = []
    for number in range(-3, rounds):
        picture = pictures[number % len(pictures)][None]
        started = time.perf_counter()
        read(picture)
        if number >= 0:
            times.append(1000 * (time.perf_counter() - started))
    return times


class PhoneError(ValueError):
    """A network can't run there: one sentence that says why."""


def pages(file: Path) -> dict[str, tuple[str, bytes]]:
    """Return what a browser needs to run the classifier in a .keras file: {name: (type, content)}.

    It takes pixels from 0 to 255, grey or RGB, in a square, and gives a probability for each label;
    a resizing in front is left to the page. Labels stand in the archive, as lesson 04 saves them.
    """
    import keras

    try:
        model = keras.models.load_model(file, compile=False)  # safe mode: no code out of a file
        with zipfile.ZipFile(file) as archive:
            named = "labels.json" in archive.namelist()
            labels = json.loads(archive.read("labels.json")) if named else None
    except Exception as error:  # Keras, zipfile and h5py each have their own
        reason = str(error).split("\n")[0][:120]
        raise PhoneError(f"{file} is no model that Keras can load: {reason}") from error
    for at, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.Resizing):
            if isinstance(model, keras.Sequential):
                rest = [keras.Input(layer.output.shape[1:]), *model.layers[at + 1 :]]
                model = keras.Sequential(rest)
            else:
                model = keras.Model(layer.output, model.outputs[0])
            break
    shape = model.input_shape
    if len(shape) != 4 or shape[1] != shape[2] or shape[1] is None or shape[3] not in (1, 3):
        raise PhoneError(f"The page hands in one square picture, and {file} takes {shape}.")
    facts = {"side": shape[1], "channels": shape[3]}
    facts["labels"] = labels or [*map(str, range(model.output_shape[-1]))]
    library, own = assets.path("litertjs"), Path(__file__).with_name("page")
    found = {one.name: one.read_bytes() for one in own.iterdir()}
    found |= {one.name: one.read_bytes() for one in library.glob("core*/wasm/*")}
    core = next(library.glob("core*/dist/index.js")).read_text(encoding="utf-8")
    found["core.js"] = core.replace('"@litertjs/wasm-utils"', '"./utils.js"').encode()
    found["utils.js"] = next(library.glob("wasm-utils*/dist/index.js")).read_bytes()
    found["model.json"] = json.dumps(facts).encode()
    with tempfile.TemporaryDirectory() as place, silenced():
        one = [keras.InputSpec("float32", (1, *shape[1:]))]  # a single picture at a time
        model.export(Path(place) / "model.tflite", "litert", verbose=False, input_signature=one)
        found["model.tflite"] = (Path(place) / "model.tflite").read_bytes()
    return {name: (mimetypes.guess_type(name)[0] or BYTES, found[name]) for name in found}


def server(file: Path, lan: bool = False, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of those pages, for this machine alone, or for all who can reach it."""
    known = pages(file)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            kind, content = known.get(self.path.lstrip("/") or "index.html", ("", None))
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Say nothing."""

    return ThreadingHTTPServer(("0.0.0.0" if lan else "127.0.0.1", port), Handler)  # noqa: S104


def serve(file: Path, lan: bool = False) -> None:
    """Show the page until interrupted; say its address, with a QR code where a phone reaches it."""
    import segno

    with server(file, lan) as running:
        address = f"http://{_own_address() if lan else '127.0.0.1'}:{running.server_port}/"
        print(f"{address}  (Ctrl-C stops it)", flush=True)
        if lan:
            print("Whoever is in this network can open it: use one that you trust.")
            segno.make(address).terminal(compact=True)
        running.serve_forever()


def _own_address() -> str:
    """Return this machine's address in its network. No packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address for examples, which nobody has
        return probe.getsockname()[0]
