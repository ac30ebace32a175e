from helpers.grammar import conllu, reading

TOKENS = [  # words with blanks between them, sentences with |
    ("", ""),
    (" \n\t ", ""),
    ("😀", "😀"),
    ("I don't know.", "I do n't know ."),
    ("It's Ben’s!", "It 's Ben ’s !"),
    ('"Go," he said. Go!', '" Go , " he said . | Go !'),
    ('He said "Go!" Then he left', 'He said " Go ! " | Then he left'),
    ("Mr. Hill paid $3.50 at 10:30", "Mr. Hill paid $ 3.50 at 10:30"),
    ("See https://a.org/b?c=d.", "See https://a.org/b?c=d ."),
    ("a well-known man", "a well - known man"),
    ("One line\n\nanother", "One line | another"),
    ("これは。そうだ", "これは 。 | そうだ"),
]


def test_text_becomes_sentences_of_words():
    for text, words in TOKENS:
        assert " | ".join(map(" ".join, reading.tokenise(text))) == words


def test_any_text_can_be_read_and_nothing_is_lost():
    for text in ("", "?!?", "word " * 900, "これは日本語です。", "\"'", "http://a.b/c", "\x00"):
        sentences = reading.read(text)
        assert sum(map(len, sentences)) >= len(text.split())
        assert max(map(len, sentences), default=0) <= reading.LONGEST
        assert all(conllu.flaw(sentence.heads) == "" for sentence in sentences)


def test_it_says_when_a_tree_is_a_guess():
    for text, said in (
        ("The dog sleeps.", None),
        ("Wir lesen heute lange Sätze", "English"),
        ("?! 😀", "no word"),
        ("and the dog " * 50, "long"),
    ):
        found = reading.doubt(reading.read(text)[0])
        assert said in found if said else found == ""


def test_a_word_hung_elsewhere_gets_the_relation_that_fits_there():
    (sentence,) = reading.read("He ate the pizza with the fork.")
    under_noun = reading.hung(sentence, "fork", "pizza")
    assert (sentence.heads[6], sentence.relations[6]) == (2, "obl")
    assert (under_noun.heads[6], under_noun.relations[6]) == (4, "nmod")
    assert reading.hung(under_noun, "fork", "ate").relations == sentence.relations
