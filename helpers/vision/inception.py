"""What lesson 04's compact Inception is made of and learns from; the lesson itself builds it."""

from dataclasses import dataclass

from helpers import assets
from helpers.cells import drawn

DIFFICULTY = 0.6  # of the cells that the compact network learns
PICTURES = 1_600  # that it learns from
SEED = 40  # of those pictures; no other lesson draws these


@dataclass(frozen=True)
class Widths:
    """How many filters each branch of a module has; `reduce`: those of the 1×1 in front."""

    one: int
    three_reduce: int
    three: int
    five_reduce: int
    five: int
    pool: int

    @property
    def total(self) -> int:
        """Channels that come out."""
        return self.one + self.three + self.five + self.pool


STEM = (24, 32)
MODULES = (
    (Widths(16, 16, 24, 4, 8, 8),),
    (Widths(24, 24, 32, 8, 16, 16), Widths(32, 32, 48, 8, 16, 16)),
    (Widths(40, 32, 64, 8, 24, 24),),
)
PLAIN = (32,), (42, 58), (72,)  # 3×3 filters in a row: about as many weights, as a test counts


def module_weights(channels: int, widths: Widths) -> int:
    """Count a module's kernel weights, without biases and normalisation."""
    return (
        channels * widths.one
        + channels * widths.three_reduce
        + 9 * widths.three_reduce * widths.three
        + channels * widths.five_reduce
        + 25 * widths.five_reduce * widths.five
        + channels * widths.pool
    )


def pictures(count: int = PICTURES) -> tuple[drawn.Pictures, drawn.Pictures]:
    """Return `count` of the cells that the compact network learns from, and 400 held out.

    As `cells.load`: (x_train, y_train), (x_test, y_test), uint8 (n, 96, 96, 3) and int64 (n,).
    """
    return drawn.draw(count, [SEED, 0], DIFFICULTY), drawn.draw(400, [SEED, 1], DIFFICULTY)


def score(options: dict[str, str], lesson) -> dict[str, float]:
    """Score the shipped weights on the held-out cells, for `python -m helpers evaluate`.

    `lesson`: what lesson 04 teaches, which builds the network. Returns the number of `pictures` and
    of `weights`, `accuracy`, `sensitivity` (of the sick, the share found) and `specificity` (of the
    healthy, the share let go).
    """
    model = lesson.compact(lesson.module_solution, MODULES)
    model.load_weights(assets.path("compact-inception"))
    _, (x, y) = pictures(0)
    right = model.predict(x, batch_size=32, verbose=0).argmax(1) == y
    return {
        "pictures": len(y),
        "weights": model.count_params(),
        "accuracy": right.mean(),
        "sensitivity": right[y == 1].mean(),
        "specificity": right[y == 0].mean(),
    }
