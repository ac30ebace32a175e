// The draw pad in the browser; drawpad.py is its other half, in the kernel.
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
