"""Treebanks: one that a small grammar writes, and the English Web Treebank when it can be had.

The grammar is the workshop's own: rules with weights, in the manner of Universal Dependencies. Each
sentence it writes comes with the tree it was written from, so there is no doubt about the truth,
also where the words alone leave one ("I saw the man with the telescope").
"""

import os
import random
import re
from pathlib import Path

import numpy as np

from helpers import assets
from helpers.grammar import conllu
from helpers.grammar.conllu import Sentence

OBJECTIVE = {"I": "me", "he": "him", "she": "her", "we": "us", "they": "them"}

# A line: weight, symbol, and what it becomes. `relation:SYMBOL` is a dependent, `*SYMBOL` the head;
# `{n}` stands for sg or pl, the same throughout the line, `{m}` for another one. A part in brackets
# comes half of the time. Small words in the LEXICON below end the writing.
GRAMMAR = """
10  TEXT = *CLAUSE punct:STOP
1.6 TEXT = *QUESTION punct:ASK
0.8 TEXT = *ORDER punct:CRY
0.3 TEXT = *NP{n} punct:STOP

8   CLAUSE = nsubj:NP{n} *VP{n}
1   CLAUSE = advmod:OPENER punct:COMMA nsubj:NP{n} *VP{n}
1.2 CLAUSE = obl:PPTIME punct:COMMA nsubj:NP{n} *VP{n}
1   CLAUSE = advcl:SUBCLAUSE punct:COMMA nsubj:NP{n} *VP{n}
0.8 CLAUSE = expl:THERE *BE{n} nsubj:NP{n} obl:PPPLACE
1   CLAUSE = *CLAUSE (punct:COMMA) conj:ANDCLAUSE
1   ANDCLAUSE = cc:AND nsubj:NP{n} *VP{n}
1   SUBCLAUSE = mark:WHEN nsubj:NP{n} *VP{n}
1   THATCLAUSE = (mark:THAT) nsubj:NP{n} *VP{n}

1   QUESTION = aux:DO{n} nsubj:NP{n} *INFINITIVE
0.7 QUESTION = cop:BE{n} nsubj:NP{n} *ADJECTIVES
0.8 QUESTION = advmod:WHERE aux:DO{n} nsubj:NP{n} *INFINITIVE
0.8 QUESTION = nsubj:WHO *VPsg
0.6 QUESTION = obj:WHO aux:DO{n} nsubj:NP{n} *SEEbase
1   ORDER = (discourse:PLEASE) *INFINITIVE

2.2 VP{n} = (advmod:OFTEN) *SEE{n} obj:NP{m}
0.9 VP{n} = *SEE{n} obj:NP{m} obl:WITHTOOL
0.9 VP{n} = *SEE{n} obj:NPPART{m}
0.7 VP{n} = *SEE{n} obj:NP{m} obl:PPPLACE
1.2 VP{n} = *SLEEP{n} (obl:PPPLACE)
0.9 VP{n} = *SLEEP{n} (advmod:WELL) (obl:PPTIME)
1.2 VP{n} = cop:BE{n} (advmod:NOT) *ADJECTIVES
0.8 VP{n} = cop:BE{n} det:A *NOUNsg (nmod:PPOF)
0.7 VP{n} = cop:BE{n} case:IN det:THE *PLACE
1   VP{n} = *THINK{n} ccomp:THATCLAUSE
1   VP{n} = *WANT{n} xcomp:TOINF
0.8 VP{n} = *GIVE{n} iobj:NP{m} obj:THING
0.6 VP{n} = *GIVE{n} obj:THING obl:TOSOMEONE
0.8 VP{n} = aux:pass:BE{n} *SEEN (obl:agent:BYSOMEONE)
0.8 VP{n} = aux:HAVE{n} (advmod:NEVER) *SEEN obj:NP{m}
1   VP{n} = aux:MAY (advmod:NOT) *INFINITIVE
0.8 VP{n} = aux:BE{n} *SEEING obj:NP{m}
0.7 VP{n} = aux:DO{n} advmod:NOT *INFINITIVE
0.6 VP{n} = *SEE{n} obj:NP{m} conj:ANDVERB{n}
0.5 VP{n} = *PICK{n} compound:prt:UP obj:NP{m}
0.5 VP{n} = *SLEEP{n} advcl:SUBCLAUSE
1   ANDVERB{n} = cc:AND *SEE{n} obj:NP{m}
1   INFINITIVE = *SEEbase obj:NP{m} (obl:PPTIME)
0.4 INFINITIVE = *SEEbase obj:NP{m} obl:WITHTOOL
0.6 INFINITIVE = *SLEEPbase (obl:PPPLACE)
1   TOINF = mark:TO *INFINITIVE
1   BYSOMEONE = case:BY *SIMPLE{n}
1   TOSOMEONE = case:TOWARDS *SIMPLE{n}

3   NP{n} = *SIMPLE{n}
1.6 NP{n} = *PRONOUN{n}
0.5 NP{n} = det:THE{n} *NOUN{n} nmod:PPPLACE
0.5 NP{n} = det:THE{n} *NOUN{n} nmod:PPOF
0.4 NP{n} = det:THE{n} *NOUN{n} acl:relcl:WHO{n}REL
0.3 NP{n} = det:THE{n} *NOUN{n} acl:relcl:THEYREL
0.25 NP{n} = det:THE{n} *NOUN{n} acl:REDUCED
0.4 NP{n} = nmod:poss:OWNER *NOUN{n}
0.5 NPpl = *SIMPLE{m} conj:ANDNOUN
0.3 NPpl = amod:ADJ *NOUNpl conj:ANDBARE
1   ANDNOUN = cc:AND *SIMPLE{n}
1   ANDBARE = cc:AND *NOUNpl
1   NPPART{n} = det:THE{n} *NOUN{n} nmod:WITHPART
2.4 SIMPLE{n} = det:THE{n} *NOUN{n}
1.1 SIMPLE{n} = det:THE{n} amod:ADJ *NOUN{n}
0.3 SIMPLE{n} = det:THE{n} amod:ADJ amod:ADJ *NOUN{n}
0.4 SIMPLE{n} = det:THE{n} compound:NOUNsg *NOUN{n}
0.6 SIMPLE{n} = nmod:poss:MY *NOUN{n}
0.9 SIMPLEsg = *NAME
0.3 SIMPLEsg = *NAME flat:SURNAME
0.6 SIMPLEpl = nummod:TWO *NOUNpl
0.5 SIMPLEpl = *NOUNpl
1   THING = det:A (amod:ADJ) *OBJECT
1   OWNER = det:THE *NOUNsg case:'S
0.8 OWNER = *NAME case:'S
1   WHO{n}REL = nsubj:WHICH *VP{n}
1   THEYREL = (obj:WHICH) nsubj:PRONOUNpl *SEEpl
1   REDUCED = *SEEN obl:agent:BYSOMEONE
0.6 REDUCED = *SEEN obl:PPPLACE
1   WITHTOOL = case:WITH det:A *TOOL
1   WITHPART = case:WITH det:A (amod:ADJ) *PART
1   PPPLACE = case:IN det:THE *PLACE
0.3 PPPLACE = case:IN det:THE *PLACE nmod:PPOF
1   PPTIME = case:ON *DAY
0.8 PPTIME = case:AFTER det:THE *EVENT
1   PPOF = case:OF *SIMPLE{n}
2.4 ADJECTIVES = *ADJ
0.7 ADJECTIVES = advmod:VERY *ADJ
0.4 ADJECTIVES = *ADJ conj:ANDADJ
1   ANDADJ = cc:AND *ADJ
"""

# symbol: its tag, and the words it stands for
LEXICON = {
    "STOP": ("PUNCT", "."),
    "ASK": ("PUNCT", "?"),
    "CRY": ("PUNCT", "!"),
    "COMMA": ("PUNCT", ","),
    "THERE": ("PRON", "there"),
    "THAT": ("SCONJ", "that"),
    "WHEN": ("SCONJ", "when because while if although since before after"),
    "AND": ("CCONJ", "and and and or but"),
    "WHERE": ("ADV", "where why when how"),
    "WHO": ("PRON", "who what"),
    "WHICH": ("PRON", "that which who"),
    "PLEASE": ("INTJ", "please"),
    "OFTEN": ("ADV", "often always quickly slowly never also just carefully"),
    "NEVER": ("ADV", "never already often"),
    "OPENER": ("ADV", "today yesterday tomorrow however unfortunately finally usually perhaps"),
    "WELL": ("ADV", "well quietly again here there together badly soon away early late"),
    "VERY": ("ADV", "very quite too rather really so"),
    "NOT": ("PART", "not"),
    "TO": ("PART", "to"),
    "'S": ("PART", "'s"),
    "UP": ("ADP", "up out away"),
    "BY": ("ADP", "by"),
    "TOWARDS": ("ADP", "to"),
    "WITH": ("ADP", "with"),
    "OF": ("ADP", "of"),
    "IN": ("ADP", "in in at near behind under from"),
    "ON": ("ADP", "on"),
    "AFTER": ("ADP", "after before during"),
    "THE": ("DET", "the the a"),
    "A": ("DET", "a"),
    "THEsg": ("DET", "the the the the a a this that every each another"),
    "THEpl": ("DET", "the the the the these those some all many no"),
    "MY": ("PRON", "my your his her its our their"),
    "PRONOUNsg": ("PRON", "he she it this someone everyone nobody"),
    "PRONOUNpl": ("PRON", "they we you I"),
    "TWO": ("NUM", "two three four five six seven ten twelve twenty 3 15 40"),
    "MAY": ("AUX", "can could will would should must may might"),
    "BEsg": ("AUX", "is is was"),
    "BEpl": ("AUX", "are are were"),
    "DOsg": ("AUX", "does did"),
    "DOpl": ("AUX", "do did"),
    "HAVEsg": ("AUX", "has had"),
    "HAVEpl": ("AUX", "have had"),
    "NAME": ("PROPN", "Anna Ben Clara David Emma Felix Grace Hugo Iris Jack Mary Tom"),
    "SURNAME": ("PROPN", "Baker Cook Fisher Hill Marsh Miller Rivers Stone Weaver Young"),
    "DAY": ("PROPN", "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "EVENT": ("NOUN", "game lesson party concert meal storm film trip race match"),
    "PLACE": (
        "NOUN",
        "garden street city village house room kitchen forest park school office library "
        "station market beach bridge river hotel museum mountain",
    ),
    "OBJECT": ("NOUN", "book letter picture cake map key phone flower bottle box bag report"),
    "TOOL": ("NOUN", "telescope camera fork hammer key knife stick microscope rope spoon"),
    "PART": ("NOUN", "telescope camera hat beard window roof tail collar handle garden key stick"),
    "NOUNsg": (
        "NOUN",
        "man woman dog cat bird horse fish tree window table chair book letter picture story "
        "teacher student doctor nurse farmer child friend neighbour painter driver singer "
        "engineer computer camera train boat car house question idea plan flower apple cake",
    ),
    "ADJ": (
        "ADJ",
        "big small old new young good bad great nice long short red green blue black white warm "
        "cold dark quiet loud happy sad tired busy rich poor strong clean heavy easy beautiful",
    ),
}
PLURALS = {"man": "men", "woman": "women", "fish": "fish", "child": "children", "story": "stories"}
# base/past/-ing, then the third person and the participle where they are not formed as usual
VERBS = {
    "SEE": "see/saw/seeing//seen find/found/finding like/liked/liking love/loved/loving "
    "open/opened/opening paint/painted/painting build/built/building buy/bought/buying "
    "visit/visited/visiting follow/followed/following help/helped/helping "
    "watch/watched/watching/watches hit/hit/hitting break/broke/breaking//broken "
    "use/used/using need/needed/needing take/took/taking//taken bring/brought/bringing "
    "hear/heard/hearing know/knew/knowing//known meet/met/meeting call/called/calling "
    "draw/drew/drawing//drawn remember/remembered/remembering enjoy/enjoyed/enjoying",
    "SLEEP": "sleep/slept/sleeping run/ran/running walk/walked/walking sing/sang/singing "
    "swim/swam/swimming laugh/laughed/laughing wait/waited/waiting arrive/arrived/arriving "
    "work/worked/working live/lived/living fall/fell/falling dance/danced/dancing "
    "stay/stayed/staying sit/sat/sitting stand/stood/standing",
    "THINK": "think/thought/thinking say/said/saying know/knew/knowing believe/believed/believing "
    "hope/hoped/hoping feel/felt/feeling",
    "WANT": "want/wanted/wanting try/tried/trying/tries decide/decided/deciding "
    "hope/hoped/hoping plan/planned/planning learn/learned/learning",
    "GIVE": "give/gave/giving send/sent/sending show/showed/showing offer/offered/offering "
    "bring/brought/bringing",
    "PICK": "pick/picked/picking carry/carried/carrying/carries throw/threw/throwing",
}
DEEP = 7  # from this depth on, a symbol becomes the shortest thing it can
LONGEST = 40


def _lexicon():
    """Return symbol -> (tag, words), with plurals and the forms of the verbs."""
    words = {symbol: (tag, entries.split()) for symbol, (tag, entries) in LEXICON.items()}
    words["NOUNpl"] = ("NOUN", [PLURALS.get(w, f"{w}s") for w in words["NOUNsg"][1]])
    for symbol, entries in VERBS.items():
        forms = [[*entry.split("/"), "", ""][:5] for entry in entries.split()]
        past = [form[1] for form in forms]
        third = [form[3] or f"{form[0]}s" for form in forms]
        base = [form[0] for form in forms]
        words |= {
            f"{symbol}sg": ("VERB", third + past),
            f"{symbol}pl": ("VERB", base + past),
            f"{symbol}base": ("VERB", base),
        }
        if symbol == "SEE":
            words["SEEN"] = ("VERB", [form[4] or form[1] for form in forms])
            words["SEEING"] = ("VERB", [form[2] for form in forms])
    return words


def _rules():
    """Return symbol -> [(weight, parts)]; a part: (relation, None for the head; symbol; sure)."""
    rules = {}
    for line in filter(None, map(str.strip, GRAMMAR.splitlines())):
        weight, symbol, _, *parts = line.split()
        for number in ("sg", "pl") if "{n}" in symbol else ("{n}",):
            parsed = [_part(part.replace("{n}", number)) for part in parts]
            rules.setdefault(symbol.replace("{n}", number), []).append((float(weight), parsed))
    return rules


def _part(text):
    sure = not text.startswith("(")
    relation, _, symbol = text.strip("()").replace("*", ":").rpartition(":")
    return relation or None, symbol, sure


WORDS, RULES = _lexicon(), _rules()


def write_sentence(rng):
    """Let the grammar write one sentence: a `Sentence` with tags, heads and relations.

    rng: random.Random, whose sequence is the same in every Python.
    """
    while True:
        nodes, root = _grow("TEXT", rng, 0)
        if 2 < len(nodes) <= LONGEST:
            break
    nodes[root][2:] = [-1, "root"]
    words, tags, heads, relations = zip(*nodes, strict=True)
    words = [
        word if relation.startswith("nsubj") else OBJECTIVE.get(word, word)
        for word, relation in zip(words, relations, strict=True)
    ]
    words = [_article(w, after) for w, after in zip(words, (*words[1:], ""), strict=True)]
    words[0] = words[0][0].upper() + words[0][1:]
    return Sentence(
        words, list(tags), heads=np.array(heads, np.int32) + 1, relations=list(relations)
    )


def _grow(symbol, rng, depth):
    """Return ([[word, tag, head, relation], …], number of the head among them)."""
    if symbol in WORDS:
        tag, words = WORDS[symbol]
        return [[rng.choice(words), tag, None, None]], 0
    options = RULES[symbol]
    if depth > DEEP:
        options = [min(options, key=lambda option: len(option[1]))]
    ((_, parts),) = rng.choices(options, [weight for weight, _ in options])
    numbers = {"{n}": rng.choice(("sg", "pl")), "{m}": rng.choice(("sg", "pl"))}
    nodes, dependents, head = [], [], None
    for relation, part, sure in parts:
        if not sure and rng.random() < 0.5:
            continue
        name = re.sub(r"\{.\}", lambda match: numbers[match[0]], part)
        grown, top = _grow(name, rng, depth + 1)
        offset = len(nodes)
        nodes += [[w, t, None if h is None else h + offset, r] for w, t, h, r in grown]
        if relation is None:
            head = offset + top
        else:
            dependents.append((offset + top, relation))
    for dependent, relation in dependents:
        nodes[dependent][2:] = [head, relation]
    return nodes, head


def _article(word, after):
    return "an" if word == "a" and after[:1].lower() in "aeiou" and after else word


def generate(count, seed=0):
    """Return `count` different sentences that the grammar writes, the same for the same seed."""
    rng, seen, sentences = random.Random(seed), set(), []  # noqa: S311 (nothing secret)
    while len(sentences) < count:
        sentence = write_sentence(rng)
        if (text := " ".join(sentence.words)) not in seen:
            seen.add(text)
            sentences.append(sentence)
    return sentences


def split(train=3000, dev=300, test=500):
    """Return {"train", "dev", "test"} of the own treebank: no sentence is in two of them."""
    sentences = generate(train + dev + test, seed=1)
    random.Random(2).shuffle(sentences)  # noqa: S311 (duplicates grow rarer towards the end)
    return {
        "test": sentences[:test],
        "dev": sentences[test : test + dev],
        "train": sentences[test + dev :],
    }


def ewt(part):
    """Return the "train", "dev" or "test" part of UD English EWT (2.16): a list of `Sentence`.

    It is read from the folder that the environment variable WORKSHOP_EWT names, else it is
    downloaded once. CC BY-SA 4.0 (Silveira et al. 2014). Raises TreebankError where neither works.
    """
    file = f"en_ewt-ud-{part}.conllu"
    if folder := os.environ.get("WORKSHOP_EWT"):
        return conllu.read(Path(folder) / file)
    try:
        return conllu.read(assets.path(f"ewt-{part}"))
    except assets.AssetError as error:
        raise conllu.TreebankError(
            f"{error} Or name a folder with {file} in the environment variable WORKSHOP_EWT."
        ) from error


def real_or_own(count=4000, own=1000, unseen=300, seed=0):
    """Return (a line on where they are from, training sentences, unseen sentences).

    `count` real sentences, drawn from EWT, where WORKSHOP_EWT names its folder or downloads are
    allowed; else, or when that fails, `own` sentences of the grammar.
    """
    if os.environ.get("WORKSHOP_EWT") or not assets.offline():
        try:
            train, dev = ewt("train"), ewt("dev")
        except conllu.TreebankError as error:
            print(error)
        else:
            draw = random.Random(seed).sample  # noqa: S311
            train, dev = draw(train, min(count, len(train))), draw(dev, min(unseen, len(dev)))
            return f"{len(train):,} real sentences of the English Web Treebank", train, dev
    parts = split(train=own, dev=unseen)
    reason = "the English Web Treebank is not on this machine"
    return f"{own:,} sentences of our own grammar: {reason}", parts["train"], parts["dev"]
