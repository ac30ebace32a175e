"""Trees of dependencies as arcs above a sentence: SVG for the page, a figure where SVG can't go."""

from html import escape

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from helpers import figures

LETTER, GAP, LEVEL, FLAT = 8.4, 22, 30, 6  # pixels: a letter, between words, between arcs
TOP, BASE = 26, 52  # above the highest arc; below the arcs, for word and tag


def layout(sentence):
    """Place words and arcs: (centres (n,), [(head, word, relation, level)], width, levels).

    head and word count from 1; head 0 is the root. An arc lies above all arcs that it spans.
    Words without a head (-1) have no arc yet.
    """
    room = [
        LETTER * max(len(w), len(t) * 0.85, len(r) * 0.8) + GAP
        for w, t, r in zip(sentence.words, sentence.tags, sentence.relations, strict=True)
    ]
    edges = np.concatenate([[0], np.cumsum(room)])
    arcs = []
    order = sorted(
        (i for i, head in enumerate(sentence.heads, 1) if head > 0),
        key=lambda i: abs(i - sentence.heads[i - 1]),
    )
    for i in order:
        low, high = sorted((i, int(sentence.heads[i - 1])))
        below = [level for a, b, _, level in arcs if low <= min(a, b) and max(a, b) <= high]
        arcs.append(
            (int(sentence.heads[i - 1]), i, sentence.relations[i - 1], 1 + max(below, default=0))
        )
    levels = max([level for *_, level in arcs], default=0) + 1
    roots = [(0, i, "root", levels) for i, head in enumerate(sentence.heads, 1) if head == 0]
    return (edges[:-1] + edges[1:]) / 2, arcs + roots, float(edges[-1]), levels


def describe(sentence):
    """Say a tree in words: the alt text of its picture."""
    said = []
    for word, head, relation in zip(
        sentence.words, sentence.heads, sentence.relations, strict=True
    ):
        if head == 0:
            said.insert(0, f"{word} is the root")
        elif head > 0:
            said.append(f"{word} is {relation} of {sentence.words[head - 1]}")
    tree = "; ".join(said) if said else "no arc yet"
    return f"Tree of “{' '.join(sentence.words)}”: {tree}."


def svg(sentence, marked=()):
    """Draw a tree as SVG text; the words at positions `marked` (from 1) stand out."""
    centres, arcs, width, levels = layout(sentence)
    floor = TOP + LEVEL * levels
    alt = escape(describe(sentence), quote=True)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{alt}" '
        f'width="{width:.0f}" height="{floor + BASE:.0f}" '
        f'viewBox="0 0 {width:.0f} {floor + BASE:.0f}" font-family="sans-serif">',
        f"<title>{alt}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for head, word, relation, level in arcs:
        parts.append(_svg_arc(*_arc(centres, head, word, level, floor), relation, head == 0))
    for i, (x, word, tag) in enumerate(zip(centres, sentence.words, sentence.tags, strict=True), 1):
        colour = figures.ORANGE if i in marked else figures.BLACK
        parts.append(_text(x, floor + 20, 15, colour, word))
        parts.append(_text(x, floor + 40, 12, figures.GREY, "" if tag == "_" else tag))
    return "\n".join([*parts, "</svg>"])


def _arc(centres, head, word, level, floor):
    """Return (x of the head, x of the word, y of the arc's top, y of the words)."""
    end = centres[word - 1]
    if head == 0:
        return end, end, floor - LEVEL * level, floor
    start = centres[head - 1] + (FLAT if head < word else -FLAT)
    return start, end, floor - LEVEL * level, floor


def _svg_arc(start, end, top, floor, relation, is_root):
    bend = np.sign(end - start) * min(14, abs(end - start) / 2)
    path = (
        f"M{end:.1f} {top + 8:.1f}V{floor - 4:.1f}"
        if is_root
        else f"M{start:.1f} {floor:.1f}Q{start:.1f} {top:.1f} {start + bend:.1f} {top:.1f}"
        f"H{end - bend:.1f}Q{end:.1f} {top:.1f} {end:.1f} {floor - 4:.1f}"
    )
    tip = f"M{end - 4:.1f} {floor - 8:.1f}L{end:.1f} {floor:.1f}L{end + 4:.1f} {floor - 8:.1f}Z"
    return (
        f'<path d="{path}" fill="none" stroke="{figures.BLUE}" stroke-width="1.6"/>'
        f'<path d="{tip}" fill="{figures.BLUE}"/>'
        + _text((start + end) / 2, top - 4, 12, figures.BLUE, relation)
    )


def _text(x, y, size, colour, words):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
        f'text-anchor="middle">{escape(words)}</text>'
    )


def show(sentence, marked=()):
    """Display a tree in the lesson, with its alt text."""
    alt = describe(sentence)
    data = {"image/svg+xml": svg(sentence, marked), "text/plain": alt}
    display(data, raw=True, metadata={"image/svg+xml": {"alt": alt}})


def picture(sentence, marked=()):
    """Draw the same as a matplotlib figure, for the picture that a widget leaves behind."""
    centres, arcs, width, levels = layout(sentence)
    floor = TOP + LEVEL * levels
    height = floor + BASE
    fig = Figure(figsize=(width / 100, height / 100), layout="none")
    axes = fig.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    for head, word, relation, level in arcs:
        start, end, top, _ = _arc(centres, head, word, level, floor)
        bend = np.sign(end - start) * min(14, abs(end - start) / 2)
        points = [(start, floor), (start, top), (start + bend, top), (end - bend, top), (end, top)]
        codes = [Path.MOVETO, Path.CURVE3, Path.CURVE3, Path.LINETO, Path.CURVE3, Path.CURVE3]
        outline = Path([*points, (end, floor - 4)], codes)
        if head == 0:
            outline = Path([(end, top + 8), (end, floor - 4)])
        axes.add_patch(PathPatch(outline, fill=False, edgecolor=figures.BLUE, linewidth=1.2))
        axes.plot(end, floor - 3, marker="v", color=figures.BLUE, markersize=4)
        middle = (start + end) / 2
        axes.text(middle, top - 4, relation, color=figures.BLUE, ha="center", fontsize=8.5)
    for i, (x, word, tag) in enumerate(zip(centres, sentence.words, sentence.tags, strict=True), 1):
        colour = figures.ORANGE if i in marked else figures.BLACK
        axes.text(x, floor + 20, word, color=colour, ha="center", fontsize=10.5)
        axes.text(x, floor + 40, tag.strip("_"), color=figures.GREY, ha="center", fontsize=8.5)
    return fig
