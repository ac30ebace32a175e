"""How good parsed sentences are: the rules of the CoNLL 2018 shared task, the parser's scores."""

import time

import numpy as np

from helpers.grammar import conllu, parser_network, treebank


def universal(relation):
    """Return a relation without its subtype: "nsubj:pass" -> "nsubj"."""
    return relation.split(":")[0]


def right(gold, parsed):
    """Compare parsed sentences with gold ones: bool (words, 3), of all sentences together.

    Columns: the head is right; so is the universal relation (subtypes don't count); the tag is.
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
    """Return {"UAS", "LAS", "UPOS", "words"}, the first three in % of all tokens.

    UAS: right heads; LAS: with the right relation as well; UPOS: right tags.
    """
    found = right(gold, parsed)
    shares = 100 * found.sum(0) / max(len(found), 1)
    return dict(zip(("UAS", "LAS", "UPOS"), shares.tolist(), strict=True)) | {"words": len(found)}


def evaluate(options):
    """Score the shipped parser: `python -m helpers evaluate parser [FILE.conllu]`.

    options: {"treebank": file with gold trees, any of Universal Dependencies'}; without it, the
    test part of UD English EWT. Words and sentences are given, tags are our tagger's.
    """
    file = options.get("treebank")
    gold = conllu.read(file, trees=True) if file else treebank.ewt("test")
    parser = parser_network.shipped()
    parser.parse(gold[:1])  # builds the graphs, outside of the measured time
    started = time.perf_counter()
    parsed = parser.parse(gold)
    seconds = time.perf_counter() - started
    figures = {name.lower(): figure for name, figure in score(gold, parsed).items()}
    if all(tag == "_" for s in gold for tag in s.tags):
        del figures["upos"]
    return figures | {"words_per_second": figures["words"] / seconds}
