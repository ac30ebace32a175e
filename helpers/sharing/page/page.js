// The page of `python -m helpers phone`: a picture goes in, LiteRT runs the network, guesses come out.
import { loadAndCompile, loadLiteRt, Tensor } from "./core.js";

const find = (id) => document.getElementById(id);
const seen = find("seen"), pen = seen.getContext("2d", { willReadFrequently: true });
const { labels, side, channels } = await (await fetch("model.json")).json();

await loadLiteRt("./litert_wasm_compat_internal.js");
const model = await loadAndCompile("./model.tflite", { accelerator: "wasm" });

function small(source, x, y, width, height) { // a part of a picture, in the network's size
  const canvas = new OffscreenCanvas(side, side), brush = canvas.getContext("2d");
  brush.fillRect(0, 0, side, side);
  brush.imageSmoothingQuality = "high";
  const box = channels === 1 ? (20 / 28) * side : side, scale = box / Math.max(width, height);
  const [w, h] = [width * scale, height * scale];
  brush.drawImage(source, x, y, width, height, (side - w) / 2, (side - h) / 2, w, h);
  return brush.getImageData(0, 0, side, side).data;
}

async function read(source, ...part) {
  const colours = small(source, ...part), values = new Float32Array(side * side * channels);
  for (let i = 0; i < values.length; i++) {
    values[i] = colours[4 * Math.floor(i / channels) + (i % channels)];
  }
  const started = performance.now();
  const input = Tensor.fromTypedArray(values, [1, side, side, channels]);
  const [output] = await model.run([input]);
  const scores = [...(await output.data())];
  const spent = performance.now() - started;
  [input, output].forEach((one) => one.delete());
  const best = scores.map((score, i) => [score, labels[i]]).sort((a, b) => b[0] - a[0]).slice(0, 5);
  find("guesses").replaceChildren(...best.map(([score, label]) => {
    const line = document.createElement("li"), bar = document.createElement("meter");
    bar.value = score;
    line.append(`${label}: ${Math.round(100 * score)} %`, bar);
    return line;
  }));
  find("about").textContent = `${best[0][1]}, in ${spent.toFixed(1)} milliseconds`;
}

function readDrawing() { // as MNIST's: the ink's box in the middle
  const { data, width, height } = pen.getImageData(0, 0, seen.width, seen.height);
  const inked = (x, y) => data[4 * (y * width + x)] > 60;
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (inked(x, y)) {
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), y];
  }
  if (right >= 0) read(seen, left, top, right - left + 1, bottom - top + 1);
}

function clear() {
  pen.fillRect(0, 0, seen.width, seen.height);
  find("guesses").replaceChildren();
}

clear();
find("clear").onclick = clear;
find(channels === 1 ? "clear" : "choose").hidden = false;
if (channels === 1) {
  Object.assign(pen, { strokeStyle: "#fff", lineWidth: 22, lineCap: "round", lineJoin: "round" });
  const at = (event) => [event.offsetX * seen.width / seen.clientWidth,
    event.offsetY * seen.height / seen.clientHeight];
  let last = null;
  seen.onpointerdown = (event) => { seen.setPointerCapture(event.pointerId); last = at(event); };
  seen.onpointermove = (event) => {
    if (!last) return;
    pen.beginPath();
    pen.moveTo(...last);
    pen.lineTo(...(last = at(event)));
    pen.stroke();
  };
  seen.onpointerup = seen.onpointercancel = () => { last = null; readDrawing(); };
} else {
  find("file").onchange = async (event) => {
    const [file] = event.target.files;
    try {
      const picture = await createImageBitmap(file);
      const edge = Math.min(picture.width, picture.height);
      const part = [(picture.width - edge) / 2, (picture.height - edge) / 2, edge, edge];
      pen.drawImage(picture, ...part, 0, 0, seen.width, seen.height);
      await read(picture, ...part);
    } catch {
      find("about").textContent = `${file.name} is no picture that this browser can read.`;
    }
  };
}
find("about").textContent = channels === 1 ? "Draw a digit." : "Take or choose a picture.";
