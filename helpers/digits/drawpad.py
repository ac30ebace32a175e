"""A pad to draw a digit on, read live by a model: a probability bar for each digit.

Works by mouse, by touch and by keyboard; without drawing too, with samples to look at. What runs
in the browser is drawpad.js.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from PIL import Image, ImageDraw

from helpers import figures, numbers, widgets
from helpers.digits import mnist

FINE = 8  # strokes are drawn this many times finer than MNIST's pixels, then averaged
PEN = 2.4  # pixels of the result; about as wide as the pens in MNIST
DOT = 0.04  # of the pad; anything smaller is a dot, and not blown up to a digit


def rasterise(strokes: Sequence) -> np.ndarray:
    """Draw strokes as an MNIST picture: uint8 (28, 28), white ink on black, scaled and centred.

    A stroke is a row of points (x, y), from (0, 0), the pad's upper left corner, to (1, 1). How
    large and where on the pad it was drawn makes no difference, and the pen is always as wide.
    """
    strokes = [np.asarray(stroke, float).reshape(-1, 2) for stroke in strokes if len(stroke)]
    if not strokes:
        return np.zeros((mnist.SIDE, mnist.SIDE), np.uint8)
    points = np.concatenate(strokes)
    corner, extent = points.min(0), max(np.ptp(points, axis=0).max(), DOT)
    pen = PEN * FINE
    scale = (mnist.BOX * FINE - pen) / extent
    canvas = Image.new("L", (mnist.BOX * FINE + 1, mnist.BOX * FINE + 1))
    draw = ImageDraw.Draw(canvas)
    for stroke in strokes:
        line = [tuple(point) for point in (stroke - corner) * scale + pen / 2]
        draw.line(line, fill=255, width=round(pen))
        for x, y in line:  # round joints and ends
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return mnist.normalise(np.asarray(canvas))


def _by_model(model) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that reads a digit with a Keras model; ValueError if it can't."""
    if isinstance(model, str | Path):
        import keras

        model = keras.models.load_model(model, compile=False)
    shapes = getattr(model, "input_shape", ()), getattr(model, "output_shape", ())
    takes, gives = shapes[0][1:], shapes[1][1:]
    if [side for side in takes if side != 1] not in ([784], [28, 28]) or gives != (10,):
        raise ValueError(
            f"The pad's pictures have 28 × 28 pixels, and it shows ten probabilities: a model that "
            f"takes {takes} and gives {gives} doesn't fit."
        )
    return lambda digit: numbers.probabilities(model(mnist.scaled(digit, takes))[0])


class DrawPad(anywidget.AnyWidget):
    """A pad that hands what is drawn to a model while it is being drawn.

    `read` takes a picture, uint8 (28, 28), and returns ten probabilities; or it is a Keras model,
    or its `.keras` file, that takes such pictures from 0 to 1, in any shape. `samples`, uint8
    (n, 28, 28), are pictures to look at without drawing.
    """

    _esm = Path(__file__).with_name("drawpad.js")
    _css = Path(__file__).with_name("drawpad.css")

    strokes = traitlets.List(help="what is drawn: see `rasterise`").tag(sync=True)
    sample = traitlets.Int(None, allow_none=True, help="the sample shown, if any").tag(sync=True)
    sample_count = traitlets.Int(0).tag(sync=True)
    # CBytes, not Bytes: where a browser sends bytes they arrive as a memoryview.
    seen = traitlets.CBytes(b"", help="the picture the model was given, row by row").tag(sync=True)
    probabilities = traitlets.List(traitlets.Float()).tag(sync=True)
    message = traitlets.Unicode("", help="why there is nothing to read").tag(sync=True)

    def __init__(self, read: Callable[[np.ndarray], np.ndarray], samples=()) -> None:
        """Start with the first sample, or with an empty pad when there is none."""
        own = isinstance(read, str | Path) or hasattr(read, "layers")
        self._reader = _by_model(read) if own else read
        self._samples = np.asarray(samples, np.uint8).reshape(-1, mnist.SIDE, mnist.SIDE)
        count = len(self._samples)
        super().__init__(sample_count=count, sample=0 if count else None)

    @property
    def digit(self) -> np.ndarray:
        """The picture that the model is given: uint8 (28, 28)."""
        return rasterise(self.strokes) if self.sample is None else self._samples[self.sample]

    @traitlets.observe("strokes", "sample")
    def _read(self, change=None) -> None:
        digit = self.digit
        probabilities, message = [], ""
        if digit.any():
            try:
                found = np.asarray(self._reader(digit), float).ravel().tolist()
                if len(found) != 10:
                    raise ValueError(f"expected ten probabilities and got {len(found)}")
                probabilities = found
            except Exception as error:  # the learner's function may fail in any way
                message = f"Reading stopped with {type(error).__name__}: {error}"
        with self.hold_sync():
            self.seen, self.probabilities, self.message = digit.tobytes(), probabilities, message

    def show(self) -> None:
        """Display the pad, and where no kernel runs a picture of what it showed at first."""
        alt = "An empty pad to draw a digit on, and a bar for each digit's probability."
        if self.probabilities:
            guess = f"read as {np.argmax(self.probabilities)}"
            alt = f"A pad with a handwritten digit on it, {guess}, and a bar for each probability."
        widgets.show(self, self._figure(), alt)

    def _figure(self):
        fig, (left, right) = figures.figure(1, 2, size=(7.2, 3.2))
        left.imshow(self.digit, vmin=0, vmax=255)
        left.axis("off")
        bars = right.barh(range(10), self.probabilities or [0.0] * 10, color="#A9B8C2")
        bars[int(np.argmax(self.probabilities or [0]))].set_color(figures.BLUE)
        right.set(xlim=(0, 1), xlabel="probability", yticks=range(10))
        right.invert_yaxis()
        return fig
