"""Trees of dependencies as arcs above a sentence: drawings (SVG) and their alt texts."""

from html import escape

import numpy as np
from IPython.display import display

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
    heads = {word: int(head) for word, head in enumerate(sentence.heads, 1)}
    arcs = []
    for word in sorted((w for w in heads if heads[w] > 0), key=lambda w: abs(w - heads[w])):
        low, high = sorted((word, heads[word]))
        below = [level for a, b, _, level in arcs if low <= min(a, b) and max(a, b) <= high]
        level = 1 + max(below, default=0)
        arcs.append((heads[word], word, sentence.relations[word - 1], level))
    levels = max([level for *_, level in arcs], default=0) + 1
    roots = [(0, word, "root", levels) for word, head in heads.items() if head == 0]
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
        '<svg class="workshop-figure" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-label="{alt}" '
        f'width="{width:.0f}" height="{floor + BASE:.0f}" '
        f'viewBox="0 0 {width:.0f} {floor + BASE:.0f}" font-family="sans-serif">',
        f"<title>{alt}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for head, word, relation, level in arcs:
        end, top = centres[word - 1], floor - LEVEL * level
        start = centres[head - 1] + (FLAT if head < word else -FLAT) if head else None
        parts.append(_arc(start, end, top, floor, relation))
    for i, (x, word, tag) in enumerate(zip(centres, sentence.words, sentence.tags, strict=True), 1):
        colour = figures.ORANGE if i in marked else figures.BLACK
        parts.append(_text(x, floor + 20, 15, colour, word))
        parts.append(_text(x, floor + 40, 12, figures.GREY, "" if tag == "_" else tag))
    return "\n".join([*parts, "</svg>"])


def _arc(start, end, top, floor, relation):
    """Draw an arc from x `start` (None: from above, the root's) to x `end`, at most `top` high."""
    if start is None:
        start, path = end, f"M{end:.1f} {top + 8:.1f}V{floor - 4:.1f}"
    else:
        bend = np.sign(end - start) * min(14, abs(end - start) / 2)
        path = (
            f"M{start:.1f} {floor:.1f}Q{start:.1f} {top:.1f} {start + bend:.1f} {top:.1f}"
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


class Drawing:
    """A tree as a notebook shows it, with its alt text (by default `describe`'s).

    The alt text is also the output's text, which the lessons' tests compare.
    """

    def __init__(self, sentence, marked=(), alt=None):
        """Draw it; the words at positions `marked` (from 1) stand out."""
        self.svg, self.alt = svg(sentence, marked), alt or describe(sentence)

    def __repr__(self):
        """Return the alt text: where there are no pictures, it stands for this one."""
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        kind = "image/svg+xml"
        return {kind: self.svg, "text/plain": self.alt}, {kind: {"alt": self.alt, "pictures": []}}


def show(sentence, marked=()):
    """Display a tree in the lesson, with its alt text."""
    display(Drawing(sentence, marked))
