"""The rules of the CoNLL 2018 shared task once more, by another road than `parsing.score`.

Written from the task's description (Zeman et al. 2018): nothing in here knows the workshop's
reader or its arrays. A word is the stretch of characters that it covers, blanks not counted; words
of the two files are matched by their stretches, those of one multiword token by the longest common
subsequence of their forms; and what is right is counted word by word, as precision, recall and F1.
"""

from dataclasses import dataclass


@dataclass(eq=False)
class Word:
    """A syntactic word: its place among the characters of the file, and its grammar."""

    form: str
    start: int
    end: int
    inside: bool  # of a multiword token: then the place is that of the whole token
    tag: str
    relation: str
    head: "Word | None" = None  # None: the root


def read(text):
    """Return (all characters but blanks, all words in order) of CoNLL-U text."""
    characters, words = "", []
    for block in text.replace("\r", "").strip("\n").split("\n\n"):
        rows = [line.split("\t") for line in block.split("\n") if line and line[0] != "#"]
        sentence, heads, last, token = [], [], 0, None
        for number, form, _, tag, _, _, head, relation, *_ in rows:
            if "." in number:  # an empty node covers nothing
                continue
            length = len("".join(form.split()))
            if "-" in number:
                last = int(number.split("-")[1])
                token = len(characters), len(characters) + length
                characters += "".join(form.split())
                continue
            inside = int(number) <= last
            place = token if inside else (len(characters), len(characters) + length)
            characters += "" if inside else "".join(form.split())
            sentence.append(Word(form, *place, inside, tag, relation.partition(":")[0]))
            heads.append(int(head))
        for word, head in zip(sentence, heads, strict=True):
            word.head = sentence[head - 1] if head else None
        words += sentence
    return characters, words


def align(gold, system):
    """Return {word of the system: word of gold} for the words that are the same."""
    same, g, s = {}, 0, 0
    while g < len(gold) and s < len(system):
        one, other = gold[g], system[s]
        if one.inside or other.inside:
            end = max(w.end for w in (one, other) if w.inside)
            start = min(w.start for w in (one, other) if w.inside)
            ours, theirs = ([], [])
            while True:  # the stretch grows as long as either side has a token that reaches out
                before = end
                while g < len(gold) and gold[g].start < end:
                    end = max(end, gold[g].end if gold[g].inside else end)
                    if gold[g].inside or gold[g].start >= start:
                        ours.append(gold[g])
                    g += 1
                while s < len(system) and system[s].start < end:
                    end = max(end, system[s].end if system[s].inside else end)
                    if system[s].inside or system[s].start >= start:
                        theirs.append(system[s])
                    s += 1
                if end == before:
                    break
            same |= dict(_common(theirs, ours))
        elif (one.start, one.end) == (other.start, other.end):
            same[other] = one
            g, s = g + 1, s + 1
        elif one.start <= other.start:
            g += 1
        else:
            s += 1
    return same


def _common(one, other):
    """Return the pairs of a longest common subsequence of forms, capitals not counted."""
    best = [[[] for _ in range(len(other) + 1)] for _ in range(len(one) + 1)]
    for i, a in enumerate(one, 1):
        for j, b in enumerate(other, 1):
            if a.form.lower() == b.form.lower():
                best[i][j] = [*best[i - 1][j - 1], (a, b)]
            else:
                best[i][j] = max(best[i - 1][j], best[i][j - 1], key=len)
    return best[-1][-1]


def score(gold_text, system_text):
    """Return {"UAS", "LAS", "UPOS": F1 in %} of two CoNLL-U texts over the same characters."""
    (characters, gold), (others, system) = read(gold_text), read(system_text)
    if characters != others:
        raise ValueError("The two files don't have the same characters.")
    same = align(gold, system)

    def hung(word, truth):
        return truth.head is None if word.head is None else same.get(word.head) is truth.head

    counts = {
        "UAS": sum(hung(w, t) for w, t in same.items()),
        "LAS": sum(hung(w, t) and w.relation == t.relation for w, t in same.items()),
        "UPOS": sum(w.tag == t.tag for w, t in same.items()),
    }
    return {
        name: 100 * 2 * right / max(len(gold) + len(system), 1) for name, right in counts.items()
    }
