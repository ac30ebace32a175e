"""The captioner: words, searches against brute force, attention, the loss, judging."""

import itertools

import keras
import numpy as np
import pytest

from helpers.captions import captioning, world
from helpers.captions.captioning import END, PAD, START, UNKNOWN, CaptionError, Speaker, Vocabulary
from helpers.captions.world import Scene, Thing


@pytest.fixture(scope="module")
def vocabulary():
    return Vocabulary.of(["a red cat", "two blue dogs to the left"])


@pytest.fixture(scope="module")
def speaker(vocabulary):
    keras.utils.set_random_seed(1)
    return Speaker(captioning.build(vocabulary), vocabulary)


@pytest.fixture(scope="module")
def pictures():
    return world.load("dev", 5)[0]


def test_words_become_numbers_and_come_back(vocabulary):
    rows = vocabulary.encode(["A red  cat", "two blue zebras to the left"])
    assert rows.shape == (2, vocabulary.length) and rows.dtype == np.int32
    assert rows[0, 0] == START and rows[0, 4] == END and (rows[0, 5:] == PAD).all()
    assert vocabulary.decode(rows[0]) == "a red cat"
    assert rows[1, 3] == UNKNOWN
    assert vocabulary.decode(rows[1]) == "two blue <unknown> to the left"


def test_a_longer_sentence_is_cut_and_still_ends(vocabulary):
    row = vocabulary.encode(["a " * 30])[0]
    assert row[0] == START and row[-1] == END


def test_rare_words_can_be_left_out():
    vocabulary = Vocabulary.of(["a cat", "a dog", "a cat"], at_least=2)
    assert vocabulary.words[4:] == ["a", "cat"]


@pytest.mark.parametrize("captions", [[], [""], ["  "], ["once"]])
def test_captions_without_usable_words_are_refused(captions):
    with pytest.raises(CaptionError, match="no words in these captions"):
        Vocabulary.of(captions, at_least=2)


def test_shapes_of_the_network(vocabulary, pictures):
    for attention in (True, False):
        model = captioning.build(vocabulary, attention=attention)
        logits = model([pictures, vocabulary.encode(["a red cat"] * 5)[:, :-1]])
        assert logits.shape == (5, vocabulary.length - 1, len(vocabulary.words))


def test_each_cell_of_the_grid_knows_where_it_is():
    grid = keras.ops.convert_to_numpy(captioning.Coordinates()(np.zeros((2, 3, 5, 1), "float32")))
    assert grid.shape == (2, 3, 5, 3)
    np.testing.assert_allclose(grid[0, :, 0, 2], [-1, 0, 1])
    np.testing.assert_allclose(grid[1, 0, :, 1], [-1, -0.5, 0, 0.5, 1])


def test_the_network_sees_no_word_before_it_is_said(vocabulary, speaker, pictures):
    grid = speaker.look(pictures[:1])
    one, other = (speaker.vocabulary.encode([s]) for s in ("a red cat", "a red dogs"))
    first, second = (speaker._speak(grid, rows[:, :-1])["logits"].numpy() for rows in (one, other))
    np.testing.assert_allclose(first[0, :3], second[0, :3], atol=1e-5)
    assert np.abs(first[0, 3] - second[0, 3]).max() > 1e-4


def test_the_loss_is_the_mean_over_words_and_not_over_padding():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(2, 4, 6)).astype("float32")
    words = np.array([[4, 5, END, PAD], [4, END, PAD, PAD]])
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    said = [(0, 0, 4), (0, 1, 5), (0, 2, END), (1, 0, 4), (1, 1, END)]
    expected = -np.mean([logs[where] for where in said])
    assert float(captioning.masked_loss(words, logits)) == pytest.approx(expected, rel=1e-5)
    logits[words == PAD] += 100 * np.eye(6)[PAD]  # what it says of padding makes no difference
    assert float(captioning.masked_loss(words, logits)) == pytest.approx(expected, rel=1e-5)


def test_shapes_and_colours_are_seen_apart():
    """Where only colours change and not brightness, only the colour stream differs."""
    look = captioning.encoder()
    grey = np.full((1, 64, 64, 3), 100, np.uint8)
    tinted = grey + np.array([40, -40, 0], np.int16).astype(np.uint8)
    one, other = (look(picture.astype("float32")).numpy() for picture in (grey, tinted))
    np.testing.assert_allclose(one[..., :96], other[..., :96], atol=1e-4)
    assert np.abs(one[..., 96:128] - other[..., 96:128]).max() > 1e-3


def test_training_lowers_the_loss_and_is_repeatable(monkeypatch):
    monkeypatch.setattr(captioning, "FRESH", 128)
    monkeypatch.setattr(captioning, "BATCH", 32)
    vocabulary, runs = captioning.toy_vocabulary(), []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        model = captioning.build(vocabulary)
        runs.append([])
        captioning.train(model, vocabulary, epochs=3, on_epoch=lambda _, x, t: runs[-1].append(x))
    assert runs[0][2] < runs[0][0] - 0.3
    np.testing.assert_allclose(runs[0], runs[1], rtol=1e-3)


# --- searching ----------------------------------------------------------------------------------

WORDS = 6  # pad, start, end, unknown and two words to say


def language(seed, count):
    """A made-up language model: log-probabilities that depend on the whole sentence so far."""

    def next_words(words):
        answer = np.zeros((*words.shape[:2], WORDS))
        for n, k in np.ndindex(words.shape[:2]):
            key = [seed, n, *words[n, k]]
            logits = np.random.default_rng(key).normal(size=WORDS) * 1.5
            answer[n, k] = logits - np.log(np.exp(logits).sum())
        return answer

    return next_words


def best_by_brute_force(next_words, row, count, length, alpha):
    """Try every sentence there is, for picture `row` of `count`."""
    best, best_score = None, -np.inf
    for size in range(length - 1):
        for middle in itertools.product((4, 5), repeat=size):
            for last in (END,) if size < length - 2 else (END, 4, 5):
                sentence, score = [START, *middle, last], 0.0
                for t in range(1, len(sentence)):
                    so_far = np.broadcast_to(sentence[:t], (count, 1, t))
                    score += next_words(so_far)[row, 0, sentence[t]]
                score /= (len(sentence) - 1) ** alpha
                if score > best_score:
                    best, best_score = sentence, score
    return best + [PAD] * (length - len(best))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_a_wide_beam_finds_the_best_sentence_there_is(seed, alpha):
    next_words = language(seed, 2)
    found = captioning.beam_search(next_words, 2, length=5, width=64, alpha=alpha)
    for row in range(2):
        assert found[row].tolist() == best_by_brute_force(next_words, row, 2, 5, alpha)


@pytest.mark.parametrize("seed", range(10))
def test_a_beam_of_one_is_greedy(seed):
    next_words = language(seed, 3)
    one = captioning.beam_search(next_words, 3, length=8, width=1)
    np.testing.assert_array_equal(one, captioning.greedy(next_words, 3, length=8))


def test_greedy_takes_the_likeliest_and_stops_at_the_end():
    wanted = [4, 5, 4, END]

    def next_words(words):
        answer = np.full((1, 1, WORDS), -5.0)
        answer[0, 0, wanted[words.shape[2] - 1]] = -0.1
        answer[0, 0, PAD] = 0  # what can't be said is not said, however likely
        return answer

    assert captioning.greedy(next_words, 1, 9).tolist() == [[START, *wanted, PAD, PAD, PAD, PAD]]


def test_without_normalisation_short_sentences_win_more_often():
    lengths = {
        alpha: np.mean([
            (captioning.beam_search(language(seed, 1), 1, 8, 8, alpha) != PAD).sum()
            for seed in range(20)
        ])
        for alpha in (0.0, 1.0)
    }  # fmt: skip
    assert lengths[0.0] < lengths[1.0]


def test_a_real_network_speaks_the_same_in_a_batch_and_alone(speaker, pictures):
    for width in (1, 3):
        together = speaker.describe(pictures, width)
        assert together == [speaker.describe(p[None], width)[0] for p in pictures]


def test_saved_and_loaded_it_says_the_same(speaker, vocabulary, pictures, tmp_path):
    keras.utils.set_random_seed(3)
    model = captioning.build(vocabulary)
    model.save(tmp_path / "captioner.keras")
    again = Speaker(keras.models.load_model(tmp_path / "captioner.keras"), vocabulary)
    assert again.describe(pictures) == Speaker(model, vocabulary).describe(pictures)


# --- looking ------------------------------------------------------------------------------------


def test_attention_sums_to_one_for_each_word(speaker, pictures):
    maps = speaker.attention(pictures[0], "a red cat")
    assert maps.shape == (3, 8, 8) and (maps >= 0).all()
    np.testing.assert_allclose(maps.sum((1, 2)), 1, rtol=1e-5)


def test_without_attention_there_are_no_maps(vocabulary, pictures):
    plain = Speaker(captioning.build(vocabulary, attention=False), vocabulary)
    assert len(plain.describe(pictures)) == 5
    with pytest.raises(CaptionError, match="has no attention"):
        plain.attention(pictures[0], "a red cat")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((0, 64, 64, 3)), "There is no picture"),
        (np.zeros((64, 64, 3)), "There is no picture"),
        (np.zeros((1, 480, 640, 3), np.uint8), "480 × 640: a photograph needs a captioner"),
    ],
)
def test_pictures_that_it_can_t_describe(speaker, given, message):
    with pytest.raises(CaptionError, match=message):
        speaker.describe(given)


def test_the_cells_that_a_thing_covers_add_up_to_its_area():
    thing = Thing("cat", "red", "small", 30, 41)
    covered = captioning._cells(thing, (8, 8))
    assert covered.sum() * 64 == pytest.approx(world.SIZES["small"][1] ** 2)
    rows, columns = np.nonzero(covered)
    assert rows.min() == 33 // 8 and rows.max() == 48 // 8
    assert columns.min() == 22 // 8 and columns.max() == 37 // 8


# --- judging ------------------------------------------------------------------------------------


def test_bleu_of_a_copy_is_full_and_of_nonsense_is_none():
    references = [["a red cat on the beach", "a cat"], ["two blue dogs at night", "dogs"]]
    assert captioning.bleu([five[0] for five in references], references) == pytest.approx(100)
    assert captioning.bleu(["x y z w", "x y z w"], references) < 1


def test_bleu_by_hand():
    """All words and pairs are there, 3 of 4 triples, 1 of 3 fours; no brevity penalty."""
    score = captioning.bleu(["a red cat on the mat"], [["a red cat in the mat", "cat on the mat"]])
    assert score == pytest.approx(100 * (3 / 4 * 1 / 3) ** 0.25, rel=1e-3)


def test_the_ceiling_is_what_references_score_against_each_other():
    same = [["a red cat at night"] * 5]
    assert captioning.ceiling(same) == pytest.approx(100)
    _, _, references = world.load("dev", 60)
    assert 30 < captioning.ceiling(references) < 99


def test_truth_counts_claims_where_they_are_made():
    cat = Scene("snow", (Thing("cat", "red", "small", 20, 20),))
    said = ["a red cat", "a red cat in the snow", "a red cat at night", "cat red"]
    shares = captioning.truth(said, [cat] * 4)
    assert shares["grammatical"] == 0.75 and shares["true"] == 0.5
    assert shares["place"] == 0.5 and shares["things"] == 1.0
    assert np.isnan(shares["relation"])
