"""Model cards and data cards: what can be counted is filled in, what only people know is asked for.

After Mitchell and others, "Model cards for model reporting", 2019, and Gebru and others,
"Datasheets for datasets", 2021. A card is markdown, with a heading for each question; a model's is
in the form of the Hugging Face hub: a README.md that begins with its facts in YAML.
"""

import json
import re
from pathlib import Path

import numpy as np
from huggingface_hub import EvalResult, ModelCardData

from helpers import numbers

GAP = "(to be written)"
FEWEST_WORDS = 8  # of a section that people write: less says nothing
QUESTIONS = ("What it is for", "What it is not for", "Known limits")

# The sections that a card must have, in this order.
MODEL_SECTIONS = (
    "What it is", "How it was made", "How well it does", *QUESTIONS, "How to repeat it", "Licence",
)  # fmt: skip
DATA_SECTIONS = ("What it is", "How it was collected", *QUESTIONS, "Licence")
REPEAT = Path(__file__).with_name("parcel") / "repeat.md"


def model_card(about: dict, results: dict, words: dict[str, str] | None = None) -> str:
    """Return a model's card. `about`, `results`: see `parcels.own`; a gap stays where words lack.

    words: the sections that only people can write, by their headings (`QUESTIONS`).
    """
    shares = results["by_label"]
    ranked = [f"“{name}” ({shares[name]:.0%})" for name in sorted(shares, key=shares.get)]
    texts = {
        "What it is": about["what"],
        "How it was made": results["made"],
        "How well it does": f"{claim(results)} Best at {ranked[-1]}, worst at {ranked[0]}.",
        "How to repeat it": REPEAT.read_text(encoding="utf-8").strip(),
        "Licence": f"The programs and the model: {about['licence']}. The data: see DATA_CARD.md.",
    }
    task = about.get("task", "image-classification")  # in the hub's words
    accuracy = results["right"][0] / results["examples"]
    facts = ModelCardData(
        license=about["licence"].lower(),
        library_name="keras",
        pipeline_tag=task,
        model_name=about["title"],
        eval_results=[EvalResult(task, "held-out", "data/held_out.npz", "accuracy", accuracy)],
    )
    return f"---\n{facts}\n---\n\n{_card(about['title'], MODEL_SECTIONS, texts, words)}"


def data_card(about: dict, counts: dict, words: dict[str, str] | None = None) -> str:
    """Return the card of a model's data. counts: how many examples there are of each label."""
    each = sorted(set(counts.values()))
    amount = f"{each[0]:,}" if len(each) == 1 else f"{each[0]:,} to {each[-1]:,}"
    texts = {
        "What it is": f"{sum(counts.values()):,} held-out examples, {amount} of each of "
        f"{len(counts)} labels. NumPy arrays, no objects in them; `toy/`: some to try at once.",
        "How it was collected": about["data"],
        "Licence": about["data_licence"],
    }
    return _card(f"The data of: {about['title']}", DATA_SECTIONS, texts, words)


def citation(about: dict) -> str:
    """Return CITATION.cff, which says how to cite the model. (A text as JSON is YAML, too.)"""
    title, author = json.dumps(about["title"]), json.dumps(about["author"])
    return (
        "cff-version: 1.2.0\nmessage: If you use this model, please cite it.\n"
        f"title: {title}\nauthors:\n  - name: {author}\nlicense: {about['licence']}\n"
    )


def claim(results: dict) -> str:
    """Return what is claimed, in a sentence, with its error: of several seeds the mean."""
    of = results["examples"]
    first, *others = results["right"]
    if not others:
        return f"{first:,} of {of:,} held-out answers are right: {numbers.share(first, of).text()}."
    shares = np.array([first, *others]) / of
    error = standard_error(shares.mean(), of, shares.std(ddof=1), len(shares))
    said = f"{rounded(100 * shares.mean(), 100 * error)} % of {of:,} held-out answers are right"
    return f"{said} (the mean of {len(shares)} seeds, ± one standard error)."


def rounded(value: float, error: float) -> str:
    """Return "value ± error": the error to its first digit, the value as far as that."""
    places = max(0, -int(np.floor(np.log10(error))))
    return f"{value:.{places}f} ± {error:.{places}f}"


def standard_error(share: float, digits: int, spread: float, seeds: int) -> float:
    """Return the standard error of a share of right answers, from both its sources.

    Other held-out digits would have given another share (binomial: more digits make that smaller),
    and other seeds another one again (`spread`, the standard deviation from seed to seed: more
    seeds make that smaller). The two are taken as independent.
    """
    return float(np.sqrt(share * (1 - share) / digits + spread**2 / seeds))


def gaps(card: str, sections: tuple[str, ...]) -> list[str]:
    """Return which of `sections` a card lacks, leaves open, or fills with next to nothing.

    The sections that people write need a few words; in the others facts stand, which may be short.
    """
    parts = re.split(r"^## (.+)$", card, flags=re.MULTILINE)[1:]
    found = dict(zip(map(str.strip, parts[::2]), map(str.strip, parts[1::2]), strict=True))
    return [
        name
        for name in sections
        if GAP in found.get(name, GAP)
        or len(found[name].split()) < (FEWEST_WORDS if name in QUESTIONS else 1)
    ]


def _card(title: str, sections: tuple[str, ...], texts: dict, words: dict | None) -> str:
    words = {name: str((words or {}).get(name) or GAP).strip() for name in QUESTIONS}
    body = "".join(f"\n## {name}\n\n{(texts | words)[name]}\n" for name in sections)
    return f"# {title}\n{body}"
