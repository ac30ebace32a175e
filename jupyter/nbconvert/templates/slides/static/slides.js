// One slide at a time. What a cell gave waits for a key, and so does a solution.
const DESIGNED_FOR = 1280; // pixels
const slides = [...document.querySelectorAll("section")];
const [back, onward] = document.querySelectorAll("nav button");
const counter = document.querySelector("nav output");
let current = 0;

for (const solution of document.querySelectorAll(".celltag_solution")) solution.dataset.waits = "";
for (const output of document.querySelectorAll(".jp-Cell-outputWrapper"))
  if (!output.closest(".celltag_solution")) output.dataset.waits = "";

function show(number, told) {
  current = Math.max(0, Math.min(number, slides.length - 1));
  slides.forEach((slide, index) => (slide.hidden = index !== current));
  for (const part of slides[current].querySelectorAll("[data-waits]")) part.hidden = !told;
  counter.textContent = `${current + 1} / ${slides.length}`;
  history.replaceState(null, "", `#${current + 1}`);
  scrollTo(0, 0);
}

// The rest of a long slide first, then what waits on it, then the next slide.
function next() {
  const page = document.documentElement;
  const waiting = slides[current].querySelector("[data-waits][hidden]");
  if (page.scrollTop + page.clientHeight < page.scrollHeight - 2) scrollBy(0, page.clientHeight * 0.8);
  else if (waiting) {
    waiting.hidden = false;
    waiting.scrollIntoView({ block: "nearest" });
  } else if (current < slides.length - 1) show(current + 1, false);
}

function previous() {
  const page = document.documentElement;
  if (page.scrollTop > 2) scrollBy(0, -page.clientHeight * 0.8);
  else if (current > 0) show(current - 1, true);
}

const keys = {
  ArrowRight: next,
  PageDown: next,
  " ": next,
  ArrowLeft: previous,
  PageUp: previous,
  Home: () => show(0, false),
  End: () => show(slides.length - 1, false),
};
addEventListener("keydown", (event) => {
  const chord = event.ctrlKey || event.metaKey || event.altKey;
  const presses = event.key === " " && event.target.closest("nav"); // the button that has the focus
  if (chord || presses || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});
back.addEventListener("click", previous);
onward.addEventListener("click", next);

const fit = () => (document.body.style.zoom = Math.max(1, innerWidth / DESIGNED_FOR));
addEventListener("resize", fit);
addEventListener("hashchange", () => show(Number(location.hash.slice(1)) - 1, false));
fit();
show((Number(location.hash.slice(1)) || 1) - 1, false);
