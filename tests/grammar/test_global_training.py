import keras
import numpy as np

from helpers.grammar import global_training, parsing, treebank


def setting(width, seed=0):
    sentences = treebank.generate(12, seed=4)
    lexicon = parsing.Lexicon.learn(sentences)
    count = len(lexicon.tables["relation"])
    tags = np.zeros((len(sentences), max(map(len, sentences)) + 2), np.int32)
    for row, s in enumerate(sentences):
        tags[row, 1 : len(s) + 1] = 1 + lexicon.number("tag", s.tags)

    def features(states, rows, numbers):
        return tags[numbers[:, None], states.window(rows)]

    keras.utils.set_random_seed(seed)
    inputs = keras.Input((8,), dtype="int32")
    x = keras.layers.Flatten()(keras.layers.Embedding(20, 8)(inputs))
    x = keras.layers.Dense(32, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(parsing.classes(count))(x))
    heads = [s.heads for s in sentences]
    relations = [lexicon.number("relation", s.relations) for s in sentences]

    def search():
        return global_training.histories(
            heads, relations, features, lambda x: np.array(model(x)), width
        )

    return sentences, model, search, count


def test_the_first_history_is_the_true_one_and_ends_where_the_search_ended():
    sentences, _, search, count = setting(3)
    seen, noted = search()
    assert seen.shape[:3] == noted.shape
    for number, sentence in enumerate(sentences):
        moves, _ = parsing.meaning(noted[number, 0], count)
        length = (noted[number, 0] >= 0).sum()
        assert 0 < length <= 2 * len(sentence)
        assert moves[:length].tolist() == parsing.true_moves(sentence.heads)[:length]
        for history in noted[number, 1:]:
            assert (history >= 0).sum() in (0, length)
            assert history[:length].tolist() != noted[number, 0, :length].tolist()


def test_training_lets_the_true_history_win():
    _, model, search, _ = setting(4)
    before = (search()[1][:, 0] >= 0).sum()
    optimizer = keras.optimizers.Adam(0.01)
    losses = [global_training.step(model, optimizer, *search()) for _ in range(25)]
    assert np.isfinite(losses).all()
    assert (search()[1][:, 0] >= 0).sum() > 1.5 * before  # it stays in the beam for longer
