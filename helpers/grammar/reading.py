"""From typed text to trees."""

import re
from dataclasses import replace

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
CLOSING = set("\"'”’)]}»")


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


def read(text):
    """Tag and parse a text: a list of `Sentence`, one for each sentence in it; [] for no words."""
    return parser_network.shipped().parse([Sentence(words) for words in tokenise(text)])


def doubt(sentence):
    """Say in a sentence why the tree of this one may be a guess; "" where nothing speaks for it."""
    tables = parser_network.shipped().lexicon.numbers
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


def hung(sentence, word, head):
    """Return the sentence with `word` hung under `head` (both as they are written in it)."""
    position, above = sentence.words.index(word), sentence.words.index(head)
    heads, relations = sentence.heads.copy(), list(sentence.relations)
    heads[position] = above + 1
    if relations[position] in ("obl", "nmod"):  # under a verb, under a noun
        noun = sentence.tags[above] in ("NOUN", "PROPN", "PRON")
        relations[position] = "nmod" if noun else "obl"
    return replace(sentence, heads=heads, relations=relations)
