"""A pad to draw a digit on, read live by a model: a probability bar for each digit.

Works by mouse, by touch and by keyboard; without drawing too, with samples to look at.
"""

from collections.abc import Callable, Sequence

import anywidget
import numpy as np
import traitlets
from PIL import Image, ImageDraw

from helpers import widgets
from helpers.digits import mnist

FINE = 8  # strokes are drawn this many times finer than MNIST's pixels, then averaged
PEN = 2.4  # pixels of the result; about as wide as the pens in MNIST
DOT = 0.04  # of the pad; anything smaller is a dot, and not blown up to a digit

Stroke = Sequence[tuple[float, float]]


def rasterise(strokes: Sequence[Stroke]) -> np.ndarray:
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


class DrawPad(anywidget.AnyWidget):
    """A pad that hands what is drawn to a model while it is being drawn.

    `read` takes a picture, uint8 (28, 28), and returns ten probabilities. `samples`, uint8
    (n, 28, 28), are pictures to look at without drawing. `show()` displays the pad.
    """

    strokes = traitlets.List(help="what is drawn: see `rasterise`").tag(sync=True)
    sample = traitlets.Int(None, allow_none=True, help="the sample shown, if any").tag(sync=True)
    sample_count = traitlets.Int(0).tag(sync=True)
    # CBytes, not Bytes: where a browser sends bytes they arrive as a memoryview.
    seen = traitlets.CBytes(b"", help="the picture the model was given, row by row").tag(sync=True)
    probabilities = traitlets.List(traitlets.Float()).tag(sync=True)
    message = traitlets.Unicode("", help="why there is nothing to read").tag(sync=True)

    def __init__(self, read: Callable[[np.ndarray], np.ndarray], samples=()) -> None:
        """Start with the first sample, or with an empty pad when there is none."""
        self._reader = read
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
                probabilities = _ten(self._reader(digit))
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
        from helpers import figures

        fig, (left, right) = figures.figure(1, 2, size=(7.2, 3.2))
        left.imshow(self.digit, vmin=0, vmax=255)
        left.axis("off")
        bars = self.probabilities or [0.0] * 10
        best = int(np.argmax(bars))
        right.barh(
            range(10), bars, color=[figures.BLUE if i == best else "#A9B8C2" for i in range(10)]
        )
        right.set(xlim=(0, 1), xlabel="probability", yticks=range(10))
        right.invert_yaxis()
        return fig

    _css = """
    .drawpad { display: flex; flex-wrap: wrap; gap: 20px; align-items: flex-start; padding: 4px;
      color: var(--jp-ui-font-color1, #222); font: 14px var(--jp-ui-font-family, sans-serif); }
    .drawpad canvas { background: #000; border-radius: 4px; display: block; }
    .drawpad .pad { touch-action: none; cursor: crosshair; max-width: 100%; }
    .drawpad .pad:focus-visible { outline: 3px solid #D55E00; outline-offset: 2px; }
    .drawpad .buttons { display: flex; gap: 6px; margin: 8px 0; }
    .drawpad .keys { max-width: 280px; margin: 0; font-size: 12px;
      color: var(--jp-ui-font-color2, #555); }
    .drawpad .reading { display: grid; grid-template-columns: 1.2em 200px 3.4em; gap: 4px 8px;
      align-items: center; margin-top: 10px; }
    .drawpad .bar { height: 16px; border-radius: 2px; background: var(--jp-layout-color2, #eee); }
    .drawpad .bar div { height: 100%; width: 0; border-radius: 2px; background: #A9B8C2; }
    .drawpad .best div { background: #0072B2; }
    .drawpad .number { text-align: right; font-variant-numeric: tabular-nums; }
    .drawpad .verdict { min-height: 1.4em; max-width: 280px; margin: 10px 0 0; font-weight: 600; }
    .drawpad .seen { display: flex; gap: 10px; align-items: center; }
    """

    _esm = r"""
    const SIDE = 28, PAD = 280, PEN = 24, STEP = 1 / 28, PAUSE = 80;  // pixels; ms between readings

    function element(tag, className, parent, text = "") {
      const made = document.createElement(tag);
      made.className = className;
      made.textContent = text;
      parent.append(made);
      return made;
    }

    function render({ model, el }) {
      const box = element("div", "drawpad", el);
      const left = element("div", "", box), right = element("div", "", box);

      const pad = element("canvas", "pad", left);
      pad.width = pad.height = PAD;
      pad.tabIndex = 0;
      // Keys are the pad's, not Lab's. Some of Lab's shortcuts look at the focused element alone,
      // so the mark has to be on that element and not on a box around it.
      pad.setAttribute("data-lm-suppress-shortcuts", "true");
      pad.setAttribute("role", "application");
      pad.setAttribute("aria-label", "Pad to draw a digit on. Arrow keys move the pen, the space " +
        "bar puts it down and lifts it, Backspace takes the last stroke away, Escape clears.");
      const ink = pad.getContext("2d");
      const buttons = element("div", "buttons", left);
      element("p", "keys", left, "Draw with mouse or finger. Or click the pad and use the keys: " +
        "arrows move the pen, space puts it down and lifts it, Backspace undoes, Escape clears.");

      const shown = element("div", "seen", right);
      const small = element("canvas", "", shown);
      small.width = small.height = SIDE;
      small.style.cssText = "width: 84px; image-rendering: pixelated";
      small.setAttribute("role", "img");
      small.setAttribute("aria-label", "The 28 by 28 pixels that the model sees");
      element("span", "", shown, "what the model sees");
      const table = element("div", "reading", right);
      const bars = [...Array(10).keys()].map(digit => {
        element("span", "", table, digit);
        const bar = element("div", "bar", table);
        bar.setAttribute("role", "meter");
        bar.setAttribute("aria-label", `Probability of ${digit}`);
        bar.setAttribute("aria-valuemin", 0);
        bar.setAttribute("aria-valuemax", 1);
        return { bar, fill: element("div", "", bar), number: element("span", "number", table) };
      });
      const verdict = element("p", "verdict", right);
      verdict.setAttribute("role", "status");

      // -- drawing: `strokes` is this view's own copy, sent to Python from time to time ---------
      let strokes = structuredClone(model.get("strokes")), drawing = false, timer = null;
      let pen = [0.5, 0.5], keyed = false;

      const send = () => {
        clearTimeout(timer);
        timer = null;
        model.set({ strokes: structuredClone(strokes), sample: null });
        model.save_changes();
      };
      const sendSoon = () => { timer ??= setTimeout(send, PAUSE); };
      const fromSample = () => model.get("sample") !== null && !strokes.length;

      function seenPicture() {
        const bytes = model.get("seen"), picture = new ImageData(SIDE, SIDE);
        for (let i = 0; i < SIDE * SIDE; i++) {
          const value = bytes.byteLength ? bytes.getUint8(i) : 0;
          picture.data.set([value, value, value, 255], 4 * i);
        }
        return picture;
      }

      function paint() {
        ink.fillStyle = "#000";
        ink.fillRect(0, 0, PAD, PAD);
        if (fromSample()) ink.drawImage(small, 0, 0, PAD, PAD);
        ink.strokeStyle = ink.fillStyle = "#fff";
        ink.lineWidth = PEN;
        ink.lineCap = ink.lineJoin = "round";
        for (const stroke of strokes) {
          ink.beginPath();
          ink.moveTo(stroke[0][0] * PAD, stroke[0][1] * PAD);
          for (const [x, y] of stroke) ink.lineTo(x * PAD, y * PAD);
          ink.stroke();
        }
        if (document.activeElement === pad && keyed) {
          ink.beginPath();
          ink.arc(pen[0] * PAD, pen[1] * PAD, PEN / 2, 0, 7);
          ink.lineWidth = 3;
          ink.strokeStyle = "#D55E00";
          if (drawing) { ink.fillStyle = "#D55E00"; ink.fill(); } else ink.stroke();
        }
      }

      function begin(point) { drawing = true; strokes.push([point, point]); paint(); sendSoon(); }
      function go(point) { strokes.at(-1).push(point); paint(); sendSoon(); }
      function lift() { drawing = false; paint(); send(); }
      function undo() { drawing = false; strokes.pop(); paint(); send(); }
      function clear() { drawing = false; strokes = []; send(); paint(); }

      // -- mouse and touch ----------------------------------------------------------------------
      const inside = value => Math.min(1, Math.max(0, value));
      function at(event) {
        const area = pad.getBoundingClientRect();
        return [inside((event.clientX - area.left) / area.width),
                inside((event.clientY - area.top) / area.height)];
      }
      pad.addEventListener("pointerdown", event => {
        if (event.button !== 0 || !event.isPrimary) return;
        event.preventDefault();
        pad.focus({ preventScroll: true });
        pad.setPointerCapture(event.pointerId);
        keyed = false;
        begin(at(event));
      });
      pad.addEventListener("pointermove", event => {
        if (!drawing || keyed || !event.isPrimary) return;
        for (const part of event.getCoalescedEvents?.() ?? [event]) go(at(part));
      });
      for (const end of ["pointerup", "pointercancel"])
        pad.addEventListener(end, event => { if (drawing && event.isPrimary) lift(); });

      // -- keyboard -----------------------------------------------------------------------------
      const arrows =
        { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      pad.addEventListener("keydown", event => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const { key } = event;
        keyed ||= key in arrows || key === " ";
        if (key in arrows) {
          pen = pen.map((value, axis) => inside(value + STEP * arrows[key][axis]));
          if (drawing) go(pen); else paint();
        } else if (key === " ") { if (drawing) lift(); else begin(pen); }
        else if (key === "Backspace") undo();
        else if (key === "Escape") clear();
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
      pad.addEventListener("focus", paint);
      pad.addEventListener("blur", () => { if (drawing && keyed) lift(); paint(); });

      function button(text, action) {
        const made = element("button", "jupyter-button", buttons, text);
        made.type = "button";
        made.setAttribute("data-lm-suppress-shortcuts", "true");
        made.addEventListener("click", action);
      }
      button("Clear", clear);
      button("Undo", undo);
      if (model.get("sample_count")) button("Show a sample", () => {
        drawing = false;
        strokes = [];
        const next = ((model.get("sample") ?? -1) + 1) % model.get("sample_count");
        model.set({ strokes: [], sample: next });
        model.save_changes();
      });

      // -- what Python answers ------------------------------------------------------------------
      function answer() {
        small.getContext("2d").putImageData(seenPicture(), 0, 0);
        const values = model.get("probabilities"), best = Math.max(...values);
        bars.forEach(({ bar, fill, number }, digit) => {
          const value = values[digit] ?? 0;
          bar.classList.toggle("best", values.length > 0 && value === best);
          bar.setAttribute("aria-valuenow", value.toFixed(2));
          fill.style.width = `${100 * value}%`;
          number.textContent = values.length ? `${Math.round(100 * value)} %` : "";
        });
        verdict.textContent = model.get("message") ||
          (values.length ? `I read a ${values.indexOf(best)}` : "Draw a digit");
        if (!drawing) paint();
      }
      model.on("change:seen change:probabilities change:message", answer);
      model.on("change:strokes", () => {
        if (drawing || timer) return;
        strokes = structuredClone(model.get("strokes"));
        paint();
      });
      answer();
      return () => clearTimeout(timer);
    }

    export default { render };
    """


def _ten(probabilities) -> list[float]:
    values = np.asarray(probabilities, float).ravel()
    if values.size != 10:
        raise ValueError(f"expected ten probabilities, one for each digit, and got {values.size}")
    return [float(value) for value in values]
