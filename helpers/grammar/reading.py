"""From typed text to trees, and from trees to who did what to whom."""

import re
from collections import namedtuple

from helpers.grammar import parser_network
from helpers.grammar.conllu import Sentence

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
LEFT_OUT = ("punct", "acl", "advcl", "parataxis")
CLOSING = set("\"'”’)]}»")

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
    letters = [w for w in sentence.words if any(c.isalpha() for c in w)]
    strange = [
        w for w in letters if w.lower() not in tables["word"] and w.lower() not in tables["vector"]
    ]
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


def phrase(sentence, position, without=LEFT_OUT):
    """Return the words that hang under a word (position from 1), in order, as a string.

    Dependents with a relation in `without` are left out with all that hangs under them.
    """
    inside = {position}
    grew = True
    while grew:
        more = {
            i
            for i, head in enumerate(sentence.heads, 1)
            if head in inside and sentence.relations[i - 1].split(":")[0] not in without
        }
        grew = not more <= inside
        inside |= more
    return " ".join(sentence.words[i - 1] for i in sorted(inside))


def dependents(sentence, position, *relations):
    """Return the positions (from 1) that hang under a word with one of these full relations."""
    return [
        i
        for i, (head, relation) in enumerate(
            zip(sentence.heads, sentence.relations, strict=True), 1
        )
        if head == position and relation in relations
    ]


def facts(sentence):
    """Return who did what to whom: a list of Fact(subject, verb, object); "" for what is not said.

    A passive is turned round: "The cake was eaten by Ben" says that Ben ate the cake. A verb that
    is joined to another one by "and" shares its subject.
    """
    found = []
    for position, tag in enumerate(sentence.tags, 1):
        if tag not in ("VERB", "AUX") or sentence.relations[position - 1].startswith("aux"):
            continue
        subject, object_ = _arguments(sentence, position)
        if not (subject or object_):
            continue
        parts = sorted([position, *dependents(sentence, position, "compound:prt")])
        found.append(
            Fact(
                _told(sentence, subject),
                " ".join(sentence.words[i - 1] for i in parts),
                _told(sentence, object_),
            )
        )
    return found


ASKING = {"who", "whom", "what"}


def answer(question, sentences, alike, parser=None):
    """Answer a question of who or what from what parsed sentences say; "" if they don't say it.

    alike(verb, verb) -> whether two verbs mean the same. The question becomes a fact with a gap
    ("What did Anna paint?" is Anna, paint, what), and the first fact that fits fills it.
    """
    for asked in (fact for s in read(question, parser) for fact in facts(s)):
        subject_asked = asked.subject.lower() in ASKING
        if not subject_asked and asked.object.lower() not in ASKING:
            continue
        known = asked.object if subject_asked else asked.subject
        for fact in (fact for s in sentences for fact in facts(s)):
            gap, given = (
                (fact.subject, fact.object) if subject_asked else (fact.object, fact.subject)
            )
            if gap and alike(asked.verb, fact.verb) and (not known or _overlap(known, given)):
                return gap
    return ""


def _overlap(one, other):
    """Whether two phrases share a word that is not an article."""
    small = {"the", "a", "an", "'s"}
    return bool((set(one.lower().split()) & set(other.lower().split())) - small)


def _told(sentence, position):
    """Return the phrase of a participant without its preposition; "" for None."""
    if position is None:
        return ""
    without = (*LEFT_OUT, "case") if sentence.relations[position - 1] == "obl:agent" else LEFT_OUT
    return phrase(sentence, position, without)


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
