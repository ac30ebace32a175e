"""Model cards and data cards: what can be counted is filled in, what only people know is asked for.

After Mitchell and others, "Model cards for model reporting", 2019, and Gebru and others,
"Datasheets for datasets", 2021. A card is markdown, with a heading for each question.
"""

import re

import numpy as np

GAP = "(to be written)"
FEWEST_WORDS = 8  # of a section that people write: less says nothing
QUESTIONS = ("What it is for", "What it is not for", "Known limits")

# The sections that a card must have, in this order.
MODEL_SECTIONS = ("What it is", "How it was made", "How well it does", *QUESTIONS, "Licence")
DATA_SECTIONS = (
    "What it is",
    "How it was collected",
    "How it is split",
    *QUESTIONS,
    "Licence",
)


def model_card(results: dict, by_digit: list[float], words: dict[str, str] | None = None) -> str:
    """Return a digit reader's card.

    results: what train.py wrote. by_digit: the checkpoint's share of right answers for the digits 0
    to 9. words: the three sections that only people can write, by their headings (`QUESTIONS`);
    one that is missing or empty becomes a gap.
    """
    settings = results["settings"]
    shares = np.array(results["right"]) / results["digits"]
    worst, best = int(np.argmin(by_digit)), int(np.argmax(by_digit))
    facts = {
        "What it is": (
            f"A convolutional network in Keras with {results['weights']:,} weights that reads a "
            "handwritten digit in a picture of 28 × 28 pixels, white ink on black."
        ),
        "How it was made": (
            f"`train.py`: {results['trained_on']:,} digits, {settings['epochs']} epochs, batches "
            f"of {settings['batch']}, Adam with a learning rate of {settings['learning_rate']}, "
            f"seeds {', '.join(map(str, results['seeds']))}; the checkpoint is that of seed "
            f"{results['seeds'][0]}. "
            + ", ".join(f"{name} {version}" for name, version in results["versions"].items())
            + "."
        ),
        "How well it does": (
            f"It reads {claim(shares, results['digits'])} of {results['digits']:,} held-out digits "
            f"(the mean of {len(shares)} seeds, ± one standard error). By digit, the "
            f"checkpoint is best at {best} and worst at {worst}: "
            + ", ".join(f"{digit}: {share:.0%}" for digit, share in enumerate(by_digit))
            + "."
        ),
        "Licence": "Apache-2.0",
    }
    return _card("A digit reader", MODEL_SECTIONS, facts | _told(words))


def data_card(y_train, y_test, licence: str, citation: str, words=None) -> str:
    """Return the digits' card. `y_train`, `y_test`: their labels. words: as for `model_card`."""
    train, test = (np.bincount(labels, minlength=10) for labels in (y_train, y_test))
    facts = {
        "What it is": (
            f"{train.sum() + test.sum():,} pictures of handwritten digits from MNIST, 28 × 28 grey "
            "values from 0 (paper) to 255 (ink), and the digit that each shows. `data/digits.npz`: "
            "four NumPy arrays, no objects in them. `toy/`: ten of the held-out digits as PNG."
        ),
        "How it was collected": (
            "NIST had employees of the US Census Bureau and high-school students fill in forms. "
            f"Each digit was scaled into 20 × 20 pixels and centred. {citation}"
        ),
        "How it is split": (
            f"{train.sum():,} to learn from, {_each(train)} of each digit; {test.sum():,} held "
            f"out, {_each(test)} of each. The split was drawn at random: nobody knows who wrote "
            "what, so a writer may be in both."
        ),
        "Licence": licence,
    }
    return _card("Handwritten digits", DATA_SECTIONS, facts | _told(words))


def claim(shares, digits: int) -> str:
    """Return a mean and its standard error with the digits that they deserve: "95.0 ± 0.7 %".

    shares: of right answers, one for each seed, among the same `digits` held-out digits.
    """
    mean, spread = np.mean(shares), np.std(shares, ddof=1)
    return f"{rounded(100 * mean, 100 * standard_error(mean, digits, spread, len(shares)))} %"


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


def _each(counts: np.ndarray) -> str:
    low, high = counts.min(), counts.max()
    return f"{low}" if low == high else f"{low} to {high}"


def _told(words: dict[str, str] | None) -> dict[str, str]:
    words = words or {}
    return {name: str(words.get(name) or GAP).strip() for name in QUESTIONS}


def _card(title: str, sections: tuple[str, ...], texts: dict[str, str]) -> str:
    body = "".join(f"\n## {name}\n\n{texts[name]}\n" for name in sections)
    return f"# {title}\n{body}"
