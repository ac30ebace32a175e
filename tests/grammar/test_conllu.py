import numpy as np
import pytest

from helpers.grammar import conllu
from helpers.grammar.conllu import Sentence, TreebankError

REAL = (
    "# sent_id = 1\n# text = I don't know.\n"
    "1\tI\tI\tPRON\tPRP\tCase=Nom\t4\tnsubj\t4:nsubj\t_\n"
    "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t4:aux\t_\n"
    "3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t4:advmod\t_\n"
    "4\tknow\tknow\tVERB\tVB\t_\t0\troot\t0:root\tSpaceAfter=No\n"
    "4.1\tknow\tknow\tVERB\tVB\t_\t_\t_\t0:root\tCopyOf=4\n"
    "5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t4:punct\t_\n"
    "\n"
)


def test_a_file_passes_through_unchanged(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text(REAL * 2, encoding="utf-8")
    sentences = conllu.read(path)
    conllu.write(tmp_path / "b.conllu", sentences)
    assert (tmp_path / "b.conllu").read_text(encoding="utf-8") == REAL * 2


def test_multi_word_tokens_and_empty_nodes_are_no_words():
    (sentence,) = conllu.parse(REAL)
    assert sentence.words == ["I", "do", "n't", "know", "."]
    assert sentence.heads.tolist() == [4, 4, 4, 0, 4]
    assert sentence.relations[0] == "nsubj"


def test_a_new_head_is_written_and_the_stale_column_emptied():
    (sentence,) = conllu.parse(REAL)
    sentence.heads = np.array([2, 4, 4, 0, 4])
    lines = conllu.text([sentence]).splitlines()
    assert lines[2].split("\t")[6:9] == ["2", "nsubj", "_"]
    assert lines[4] == REAL.splitlines()[4]


def test_a_sentence_without_a_file_is_written_too():
    made = Sentence(["Go", "!"], ["VERB", "PUNCT"], heads=np.array([0, 1]), relations=["root", "x"])
    (again,) = conllu.parse(conllu.text([made]))
    assert (again.words, again.tags, again.relations) == (made.words, made.tags, made.relations)
    assert again.heads.tolist() == [0, 1]


def test_windows_line_ends_and_a_missing_last_empty_line():
    (sentence,) = conllu.parse(REAL.rstrip("\n").replace("\n", "\r\n"))
    assert len(sentence) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello world\n", "Line 1"),
        (REAL.replace("4\tnsubj", "9\tnsubj"), "outside"),
        (REAL.replace("4\tnsubj", "x\tnsubj"), "not a number"),
        (REAL.replace("5\t.", "7\t."), "numbered"),
    ],
)
def test_what_is_no_treebank_gets_a_sentence(text, said):
    with pytest.raises(TreebankError, match=said):
        conllu.parse(text)


def test_missing_or_binary_files_get_a_sentence(tmp_path):
    with pytest.raises(TreebankError, match="can't be read"):
        conllu.read(tmp_path / "none.conllu")
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TreebankError, match="UTF-8"):
        conllu.read(tmp_path / "b")


def test_empty_text_has_no_sentences():
    assert conllu.parse("") == []
