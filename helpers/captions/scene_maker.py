"""A scene to compose by hand, and what a captioner says of it, word by word with its attention.

Works by mouse and by keyboard: choose a thing, then click the picture, or move the mark with the
arrow keys and press Enter.
"""

import base64

import anywidget
import numpy as np
import traitlets

from helpers import images, widgets
from helpers.captions import world
from helpers.captions.world import Scene, Thing

MOST = 8  # things in one scene


class SceneMaker(anywidget.AnyWidget):
    """Place things; a captioner describes them. `speaker` is a `captioning.Speaker`.

    `scene` is what has been composed, `sentence` what the captioner says of it.
    """

    things = traitlets.List(help="what was placed: noun, colour, size, x, y each").tag(sync=True)
    place = traitlets.Unicode("meadow").tag(sync=True)
    choices = traitlets.Dict(help="nouns, colours, sizes, places to choose from").tag(sync=True)
    picture = traitlets.Unicode("", help="a data URL").tag(sync=True)
    words = traitlets.List(help="the sentence's words").tag(sync=True)
    looks = traitlets.List(help="where it looked at each word, 0 to 1, row by row").tag(sync=True)
    verdict = traitlets.Unicode("").tag(sync=True)

    def __init__(self, speaker, scene: Scene | None = None) -> None:
        """Start with a scene, or with an empty meadow."""
        self._speaker = speaker
        start = scene or Scene("meadow", ())
        super().__init__(
            things=[vars(thing) for thing in start.things],
            place=start.place,
            choices={
                "noun": list(world.NOUNS),
                "colour": list(world.COLOURS),
                "size": list(world.SIZES),
                "place": list(world.PLACES),
            },
        )
        self._describe()

    @property
    def scene(self) -> Scene:
        """The scene as composed so far."""
        return Scene(self.place, tuple(Thing(**thing) for thing in self.things[:MOST]))

    @property
    def sentence(self) -> str:
        """What the captioner says."""
        return " ".join(self.words)

    @traitlets.observe("things", "place")
    def _describe(self, change=None) -> None:
        if not self.choices:  # not yet set up
            return
        picture = self._drawn()
        words, looks, verdict = [], [], "Place something."
        if self.things:
            words = self._speaker.describe(picture[None])[0].split()
            maps = self._speaker.attention(picture, " ".join(words))
            looks = [(found / found.max()).ravel().round(3).tolist() for found in maps]
            verdict = _in_words(world.judge(" ".join(words), self.scene))
        data = base64.b64encode(images.encode(picture)).decode()
        with self.hold_sync():
            self.picture = f"data:image/png;base64,{data}"
            self.words, self.looks, self.verdict = words, looks, verdict

    def _drawn(self):
        return world.draw(self.scene, np.random.default_rng(0), 0.2)

    def show(self) -> None:
        """Display it, and where no kernel runs a picture of how it began."""
        said = f"The captioner says: {self.sentence}." if self.words else "It is empty."
        alt = f"A scene of {len(self.things)} things in a toy world. {said}"
        widgets.show(self, images.resize(self._drawn(), (256, 256)), alt)

    _css = """
    .scene-maker { display: flex; flex-wrap: wrap; gap: 20px; padding: 4px;
      color: var(--jp-ui-font-color1, #222); font: 14px var(--jp-ui-font-family, sans-serif); }
    .scene-maker canvas { display: block; border-radius: 4px; cursor: crosshair; max-width: 100%; }
    .scene-maker canvas:focus-visible { outline: 3px solid #D55E00; outline-offset: 2px; }
    .scene-maker .choices { display: grid; grid-template-columns: auto auto; gap: 6px 10px;
      align-items: center; justify-content: start; }
    .scene-maker .buttons { display: flex; gap: 6px; margin: 10px 0; }
    .scene-maker .sentence { min-height: 2.2em; max-width: 380px; margin: 8px 0; }
    .scene-maker .sentence button { border: 0; padding: 3px 4px; font-size: 16px; cursor: pointer;
      background: none; color: inherit; border-radius: 3px; }
    .scene-maker .sentence button:is(:hover, :focus) { background: #0072B2; color: #fff; }
    .scene-maker .hint { max-width: 380px; font-size: 12px; color: var(--jp-ui-font-color2, #555); }
    """

    _esm = r"""
    const WORLD = 64, SHOWN = 320, STEP = 2;  // pixels of the scene, of the page; arrow keys' step

    function element(tag, className, parent, text = "") {
      const made = document.createElement(tag);
      made.className = className;
      made.textContent = text;
      parent.append(made);
      return made;
    }

    function render({ model, el }) {
      const box = element("div", "scene-maker", el);
      const left = element("div", "", box), right = element("div", "", box);
      const own = made => made.setAttribute("data-lm-suppress-shortcuts", "true");

      const canvas = element("canvas", "", left);
      canvas.width = canvas.height = SHOWN;
      canvas.tabIndex = 0;
      canvas.setAttribute("role", "application");
      own(canvas);
      const ink = canvas.getContext("2d"), photo = new Image();

      const table = element("div", "choices", right), chosen = {};
      for (const [what, names] of Object.entries(model.get("choices"))) {
        const label = element("label", "", table, what);
        const select = element("select", "", table);
        select.setAttribute("aria-label", what);
        own(select);
        for (const name of names) element("option", "", select, name);
        label.append(" ");
        chosen[what] = select;
      }
      chosen.place.value = model.get("place");
      chosen.place.addEventListener("change", () => {
        model.set("place", chosen.place.value);
        model.save_changes();
      });

      const buttons = element("div", "buttons", right);
      function button(text, action) {
        const made = element("button", "jupyter-button", buttons, text);
        made.type = "button";
        own(made);
        made.addEventListener("click", action);
      }
      const set = things => { model.set("things", things); model.save_changes(); };
      button("Undo", () => set(model.get("things").slice(0, -1)));
      button("Clear", () => set([]));

      const sentence = element("div", "sentence", right);
      const verdict = element("div", "verdict", right);
      verdict.setAttribute("role", "status");
      element("p", "hint", right, "Choose a thing, then click where it goes. By keyboard: focus " +
        "the picture, move the mark with the arrows, Enter places, Backspace takes back. Point " +
        "at a word, or move to it with Tab, to see where the network looked.");

      let mark = [32, 32], keyed = false, looking = null;

      function paint() {
        ink.imageSmoothingEnabled = false;
        ink.globalAlpha = 1;
        if (photo.complete && photo.naturalWidth) ink.drawImage(photo, 0, 0, SHOWN, SHOWN);
        if (looking) {
          const side = Math.round(Math.sqrt(looking.length)), cell = SHOWN / side;
          looking.forEach((value, i) => {
            ink.fillStyle = `rgba(0, 0, 0, ${0.75 * (1 - value)})`;
            ink.fillRect((i % side) * cell, Math.floor(i / side) * cell, cell, cell);
          });
        }
        if (keyed && document.activeElement === canvas) {
          ink.strokeStyle = "#D55E00";
          ink.lineWidth = 3;
          ink.beginPath();
          ink.arc(mark[0] * SHOWN / WORLD, mark[1] * SHOWN / WORLD, 14, 0, 7);
          ink.stroke();
        }
      }

      function put(x, y) {
        const thing = { x, y };
        for (const what of ["noun", "colour", "size"]) thing[what] = chosen[what].value;
        set([...model.get("things"), thing]);
      }
      canvas.addEventListener("pointerdown", event => {
        if (event.button !== 0) return;
        event.preventDefault();
        canvas.focus({ preventScroll: true });
        keyed = false;
        const area = canvas.getBoundingClientRect();
        put((event.clientX - area.left) / area.width * WORLD,
            (event.clientY - area.top) / area.height * WORLD);
      });
      const arrows =
        { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      canvas.addEventListener("keydown", event => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const { key } = event;
        if (key in arrows) {
          keyed = true;
          mark = mark.map((v, i) => Math.min(WORLD - 6, Math.max(6, v + STEP * arrows[key][i])));
          paint();
        } else if (key === "Enter" || key === " ") put(...mark);
        else if (key === "Backspace") set(model.get("things").slice(0, -1));
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
      canvas.addEventListener("focus", paint);
      canvas.addEventListener("blur", paint);
      photo.addEventListener("load", paint);

      function answer() {
        const words = model.get("words"), looks = model.get("looks");
        looking = null;
        sentence.replaceChildren();
        words.forEach((word, i) => {
          const made = element("button", "", sentence, word);
          made.type = "button";
          own(made);
          const look = on => () => { looking = on ? looks[i] : null; paint(); };
          made.addEventListener("pointerenter", look(true));
          made.addEventListener("pointerleave", look(false));
          made.addEventListener("focus", look(true));
          made.addEventListener("blur", look(false));
        });
        verdict.textContent = model.get("verdict");
        const said = words.length ? `The network says: ${words.join(" ")}.` : "It is empty.";
        canvas.setAttribute("aria-label", `The scene, to place things in. ${said}`);
        photo.src = model.get("picture");
        paint();
      }
      model.on("change:picture change:words change:looks change:verdict", answer);
      answer();
    }

    export default { render };
    """


def _in_words(verdict: world.Verdict) -> str:
    """Say what is wrong with a sentence."""
    if not verdict.grammatical:
        return "That is no English."
    names = ("things", "counts", "sizes", "relation", "place")
    false = [name for name in names if getattr(verdict, name) is False]
    if not false:
        return "Every word of it is true."
    return "Not true: " + ", ".join(false) + "."
