import pytest

from helpers.grammar import parsing, reading


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n\t ", []),
        ("😀", [["😀"]]),
        ("I don't know.", [["I", "do", "n't", "know", "."]]),
        ("It's Ben’s!", [["It", "'s", "Ben", "’s", "!"]]),
        ('"Go," he said. Go!', [['"', "Go", ",", '"', "he", "said", "."], ["Go", "!"]]),
        ('He said "Go!" Then he left', [["He", "said", '"', "Go", "!", '"'],
                                        ["Then", "he", "left"]]),
        ("Mr. Hill paid $3.50 at 10:30", [["Mr.", "Hill", "paid", "$", "3.50", "at", "10:30"]]),
        ("See https://a.org/b?c=d.", [["See", "https://a.org/b?c=d", "."]]),
        ("a well-known man", [["a", "well", "-", "known", "man"]]),
        ("One line\n\nanother", [["One", "line"], ["another"]]),
        ("これは。そうだ", [["これは", "。"], ["そうだ"]]),
    ],
)  # fmt: skip
def test_text_becomes_sentences_of_words(text, words):
    assert reading.tokenise(text) == words


def test_nothing_is_lost_and_endless_sentences_are_cut():
    text = "word " * 1000
    sentences = reading.tokenise(text)
    assert max(map(len, sentences)) <= reading.LONGEST
    assert sum(map(len, sentences)) == 1000


@pytest.mark.parametrize(
    "text",
    ["", "😀", "Go", "?!?", "word " * 300, "これは日本語です。", "\"'", "http://a.b/c", "\x00"],
)
def test_any_text_can_be_read(text):
    for sentence in reading.read(text):
        assert parsing.is_tree(sentence.heads)


def test_it_says_when_a_tree_is_a_guess():
    def doubt(text):
        return reading.doubt(reading.read(text)[0])

    assert doubt("The dog sleeps.") == ""
    assert "English" in doubt("Wir lesen heute lange Sätze")
    assert "no word" in doubt("?! 😀")
    assert "long" in doubt("and the dog " * 50)


def test_the_shipped_parser_reads_plain_english():
    (sentence,) = reading.read("The old farmer gave his dog a bone.")
    assert sentence.tags == ["DET", "ADJ", "NOUN", "VERB", "PRON", "NOUN", "DET", "NOUN", "PUNCT"]
    assert sentence.heads.tolist() == [3, 3, 4, 0, 6, 4, 8, 4, 4]
    assert sentence.relations[5] == "iobj"


def facts(text):
    return [tuple(fact) for sentence in reading.read(text) for fact in reading.facts(sentence)]


def test_who_did_what_to_whom():
    assert facts("The dog chased the man.") == [("The dog", "chased", "the man")]
    assert facts("The man chased the dog.") == [("The man", "chased", "the dog")]
    assert facts("Anna slept in the garden.") == [("Anna", "slept", "")]


def test_a_passive_is_turned_round():
    found = facts("The cake was eaten by the children.")
    assert found == [("the children", "eaten", "The cake")]


def test_joined_verbs_share_their_subject():
    found = facts("Anna wrote a letter and sent it.")
    assert ("Anna", "wrote", "a letter") in found
    assert ("Anna", "sent", "it") in found


def test_questions_are_answered_from_the_facts():
    def alike(one, other):
        return one[:4] == other[:4]

    story = reading.read("Anna painted the old house. The house was visited by her brother.")
    assert reading.answer("Who painted the house?", story, alike) == "Anna"
    assert reading.answer("What did Anna paint?", story, alike) == "the old house"
    assert reading.answer("Who visited the house?", story, alike) == "her brother"
    assert reading.answer("Who sold the house?", story, alike) == ""
    assert reading.answer("", story, alike) == ""
