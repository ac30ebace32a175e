// The scene maker's page: a picture to place things in, choices, the sentence and its looks.

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
