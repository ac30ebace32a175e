"""From typed text to trees, and from trees to who did what to whom."""

import re
from collections import namedtuple
from dataclasses import replace

from helpers.grammar import parser_network
from helpers.grammar.conllu import Sentence, universal

LONGEST = 400  # words; where a text has no full stop for that long, it is cut

# Tokens as in the English Web Treebank: "don't" is do + n't, "well-known" is well + - + known.
_LETTER = r"(?:\w|[^\x00-\x7f\s“”‘’„…–—«»¿¡。、，！？])"
TOKEN = re.compile(
    rf"""
    (?:https?://|www\.)\S*[\w/]               # addresses
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | [@\#]\w+
    | \d+(?:[.,:/]\d+)*
    | (?:[A-Za-z]\.){{2,}}                    # U.S.
    | \b(?:Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|vs|etc)\.
    | {_LETTER}+?(?=n['’]t\b)                 # do + n't
    | n['’]t\b
    | ['’](?:s|ll|re|ve|d|m)\b
    | {_LETTER}+
    | \.{{2,}} | -{{2,}} | [!?]{{2,}}
    | \S
    """,
    re.VERBOSE | re.IGNORECASE,
)
END = re.compile(r"[.!?…。！？]+")
CLOSING = set("\"'”’)]}»")
LEFT_OUT = ("punct", "acl", "advcl", "parataxis")
ASKING = {"who", "whom", "what"}
ARTICLES = {"the", "a", "an", "'s"}

Fact = namedtuple("Fact", "subject verb object")


def tokenise(text):
    """Split text into sentences of words: a list of lists of strings (empty for empty text)."""
    sentences = []
    for paragraph in re.split(r"\n\s*\n", text):
        words = TOKEN.findall(paragraph)
        start = 0
        for i, word in enumerate(words):
            last = i + 1 == len(words)
            ends = END.fullmatch(word) or (
                word in CLOSING and i > start and END.fullmatch(words[i - 1])
            )
            closes = not last and words[i + 1] in CLOSING and END.fullmatch(word)
            if last or (ends and not closes) or i + 1 - start == LONGEST:
                sentences.append(words[start : i + 1])
                start = i + 1
    return sentences


def read(text, parser=None, beam=1):
    """Tag and parse a text: a list of `Sentence`, one for each sentence in it; [] for no words."""
    sentences = [Sentence(words) for words in tokenise(text)]
    return (parser or parser_network.shipped()).parse(sentences, beam) if sentences else []


def doubt(sentence, parser=None):
    """Say in a sentence why the tree of this one may be a guess; "" where nothing speaks for it."""
    tables = (parser or parser_network.shipped()).lexicon.numbers
    letters = [w.lower() for w in sentence.words if any(c.isalpha() for c in w)]
    strange = [w for w in letters if w not in tables["word"] and w not in tables["vector"]]
    if not letters:
        return "There is no word in it: whatever tree is drawn means nothing."
    if 2 * len(strange) > len(letters):
        return (
            "Most of these words are new to the parser, which has read English only: "
            "take its tree as a guess."
        )
    if len(letters) > 100:
        return "It hardly ever saw a sentence that long: expect mistakes."
    return ""


def dependents(sentence, position, *relations):
    """Return the positions (from 1) that hang under a word with one of these full relations."""
    arcs = zip(sentence.heads, sentence.relations, strict=True)
    return [i for i, arc in enumerate(arcs, 1) if arc[0] == position and arc[1] in relations]


def phrase(sentence, position, without=LEFT_OUT):
    """Return the words that hang under a word (position from 1), in order, as a string.

    Dependents with a relation in `without` are left out with all that hangs under them.
    """
    inside, before = {position}, 0
    while len(inside) > before:
        before = len(inside)
        for i, head in enumerate(sentence.heads, 1):
            if head in inside and universal(sentence.relations[i - 1]) not in without:
                inside.add(i)
    return " ".join(sentence.words[i - 1] for i in sorted(inside))


def hung(sentence, word, head):
    """Return the sentence with `word` hung under `head` (both as they are written in it)."""
    position, above = sentence.words.index(word), sentence.words.index(head)
    heads, relations = sentence.heads.copy(), list(sentence.relations)
    heads[position] = above + 1
    if relations[position] in ("obl", "nmod"):  # under a verb, under a noun
        noun = sentence.tags[above] in ("NOUN", "PROPN", "PRON")
        relations[position] = "nmod" if noun else "obl"
    return replace(sentence, heads=heads, relations=relations)


def facts(sentence):
    """Return who did what to whom: a list of Fact(subject, verb, object); "" for what is not said.

    A passive is turned round: "The cake was eaten by Ben" says that Ben ate the cake. A verb that
    is joined to another one by "and" shares its subject.
    """
    found = []
    for position, tag in enumerate(sentence.tags, 1):
        if tag not in ("VERB", "AUX") or sentence.relations[position - 1].startswith("aux"):
            continue
        told = [_told(sentence, participant) for participant in _arguments(sentence, position)]
        if any(told):
            parts = sorted([position, *dependents(sentence, position, "compound:prt")])
            verb = " ".join(sentence.words[i - 1] for i in parts)
            found.append(Fact(told[0], verb, told[1]))
    return found


def answer(question, sentences, alike, parser=None):
    """Answer a question of who or what from what parsed sentences say; "" if they don't say it.

    alike(verb, verb) -> whether two verbs mean the same. The question becomes a fact with a gap
    ("What did Anna paint?" is Anna, paint, what), and the first fact that fits fills it.
    """
    for asked in (fact for s in read(question, parser) for fact in facts(s)):
        if asked.subject.lower() in ASKING:
            gap, given = "subject", "object"
        elif asked.object.lower() in ASKING:
            gap, given = "object", "subject"
        else:
            continue
        known = getattr(asked, given)
        for fact in (fact for s in sentences for fact in facts(s)):
            fits = not known or _overlap(known, getattr(fact, given))
            if fits and getattr(fact, gap) and alike(asked.verb, fact.verb):
                return getattr(fact, gap)
    return ""


def _overlap(one, other):
    """Whether two phrases share a word that is not an article."""
    return bool((set(one.lower().split()) & set(other.lower().split())) - ARTICLES)


def _told(sentence, position):
    """Return the phrase of a participant without its preposition; "" for None."""
    if position is None:
        return ""
    by = sentence.relations[position - 1] == "obl:agent"
    return phrase(sentence, position, (*LEFT_OUT, "case") if by else LEFT_OUT)


def _arguments(sentence, position):
    """Return the positions of a verb's subject and object, or None."""

    def first(*relations):
        return next(iter(dependents(sentence, position, *relations)), None)

    if patient := first("nsubj:pass"):
        return first("obl:agent"), patient
    subject, object_ = first("nsubj"), first("obj")
    if subject is None and sentence.relations[position - 1] == "conj":
        subject, _ = _arguments(sentence, int(sentence.heads[position - 1]))
    return subject, object_
