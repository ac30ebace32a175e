"""How good parsed sentences are: the rules of the CoNLL 2018 shared task, the parser's scores."""

import time

import numpy as np

from helpers.grammar import conllu, parser_network, treebank

FEWEST_WORDS = 50  # in a group whose score is worth printing
LONG = 50  # words; longer sentences are one group


def universal(relation):
    """Return a relation without its subtype: "nsubj:pass" -> "nsubj"."""
    return relation.split(":")[0]


def right(gold, parsed):
    """Compare parsed sentences with gold ones: bool (words, 3), of all sentences together.

    Columns: the head is right; so is the universal relation (subtypes don't count); the tag is.
    Raises TreebankError where gold has no tree, ValueError where the words are not the same.
    """
    if [s.words for s in gold] != [s.words for s in parsed]:
        raise ValueError("The two sides don't have the same words, so they can't be compared.")
    conllu.demand_trees(gold)
    rows = []
    for g, p in zip(gold, parsed, strict=True):
        for i in range(len(g)):
            head = g.heads[i] == p.heads[i]
            relation = universal(g.relations[i]) == universal(p.relations[i])
            rows.append((head, head and relation, g.tags[i] == p.tags[i]))
    return np.array(rows, bool).reshape(-1, 3)


def score(gold, parsed):
    """Return {"UAS", "LAS", "UPOS", "words"}, the first three in % of all words.

    Every token counts, punctuation too. UAS: right heads; LAS: with the right relation as well;
    UPOS: right tags. See `right` for what it raises.
    """
    found = right(gold, parsed)
    shares = 100 * found.sum(0) / max(len(found), 1)
    return dict(zip(("UAS", "LAS", "UPOS"), shares.tolist(), strict=True)) | {"words": len(found)}


def score_by(gold, parsed, group):
    """Return {group: [LAS in %, words]} of words that `group(sentence, i)` puts together.

    i counts words from 0; `sentence` is the gold one. Most frequent groups first.
    """
    good = {}
    groups = (group(s, i) for s in gold for i in range(len(s)))
    for name, found in zip(groups, right(gold, parsed)[:, 1], strict=True):
        good.setdefault(name, []).append(found)
    ordered = sorted(good.items(), key=lambda item: -len(item[1]))
    return {name: [round(100 * float(np.mean(f)), 1), len(f)] for name, f in ordered}


def tables(gold, parsed):
    """Return {"by relation": {name: [LAS in %, words]}, "by length": the same}.

    Relations by frequency; lengths are those of the sentence, in tens.
    """

    def length(sentence, _=0):
        low = (len(sentence) - 1) // 10 * 10 + 1
        return f"{low}–{low + 9}" if low < LONG else f"over {LONG}"

    by_length = score_by(gold, parsed, length)
    ordered = dict.fromkeys(length(s) for s in sorted(gold, key=len) if len(s))
    return {
        "by relation": score_by(gold, parsed, lambda s, i: universal(s.relations[i])),
        "by length": {name: by_length[name] for name in ordered},
    }


def evaluate(options):
    """Score the shipped parser: `python -m helpers evaluate parser [FILE.conllu]`.

    options: {"treebank": file with gold trees, any of Universal Dependencies'}; without it, the
    test part of UD English EWT. Words and sentences are given, tags are our tagger's. Returns
    {"uas", "las", "upos" (where the file has tags), "words", "words_per_second",
    "words_per_cpu_second", and LAS by length of the sentence ("las_1-10_words") and by relation
    ("las_nsubj"), where there are 50 words or more}. Raises TreebankError where the file holds no
    trees.
    """
    file = options.get("treebank")
    gold = conllu.read(file, trees=True) if file else treebank.ewt("test")
    parser = parser_network.shipped()
    parser.parse(gold[:1])  # builds the graphs, outside of the measured time
    started, cpu = time.perf_counter(), time.process_time()
    parsed = parser.parse(gold)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    figures = {name.lower(): figure for name, figure in score(gold, parsed).items()}
    if all(tag == "_" for s in gold for tag in s.tags):
        del figures["upos"]
    figures["words_per_second"] = figures["words"] / seconds
    figures["words_per_cpu_second"] = figures["words"] / cpu_seconds
    for table, ending in (("by length", "_words"), ("by relation", "")):
        for name, (las, words) in tables(gold, parsed)[table].items():
            if words >= FEWEST_WORDS:
                figures[f"las_{name.replace('–', '-').replace(' ', '_')}{ending}"] = las
    return figures
