import conllu as referee
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
    "5\t.\u2028\t.\tPUNCT\t.\t_\t4\tpunct\t4:punct\t_\n"
    "\n"
)


def rows(*numbers, heads="", relation="dep"):
    """CoNLL-U text with these numbers in its first column, and heads where they are words."""
    heads = iter(heads)
    columns = [(n, next(heads, "_") if n.isdigit() else "_") for n in numbers]
    return "".join(f"{n}\tw\t_\t_\t_\t_\t{h}\t{relation}\t_\t_\n" for n, h in columns) + "\n"


def test_a_file_passes_through_unchanged(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text("\ufeff" + REAL * 2, encoding="utf-8")
    conllu.write(tmp_path / "b.conllu", conllu.read(path, trees=True))
    assert (tmp_path / "b.conllu").read_text(encoding="utf-8") == REAL * 2


def test_words_and_trees_are_those_that_another_reader_finds(own):
    text = REAL + conllu.text(own["test"][:40])
    for sentence, tokens in zip(conllu.parse(text), referee.parse(text), strict=True):
        words = [token for token in tokens if isinstance(token["id"], int)]
        assert sentence.words == [word["form"] for word in words]
        assert sentence.heads.tolist() == [word["head"] for word in words]
        assert sentence.relations == [word["deprel"] for word in words]
        assert sentence.tags == [word["upos"] for word in words]


def test_a_new_head_is_written_and_the_stale_column_emptied():
    (sentence,) = conllu.parse(REAL)
    sentence.heads = np.array([2, 4, 4, 0, 4])
    lines = conllu.text([sentence]).split("\n")
    assert lines[2].split("\t")[6:9] == ["2", "nsubj", "_"]
    assert lines[4] == REAL.split("\n")[4]
    made = conllu.parse(conllu.text([Sentence(["Go", "!"], heads=np.array([0, -1]))]))
    assert (made[0].words, made[0].heads.tolist()) == (["Go", "!"], [0, -1])


def test_what_is_valid_is_read():
    for text, words in (
        (REAL.rstrip("\n").replace("\n", "\r\n"), [5]),
        ("\n\n" + REAL + "\n\n" + REAL, [5, 5]),
        (rows("0.1", "0.2", "1", "1.1", "2-4", "2", "3", "3.1", "4"), [4]),
        ("# only a comment\n\n" + rows("1"), [0, 1]),
        ("", []),
    ):
        assert [len(s) for s in conllu.parse(text)] == words


STRANGE = [*"0c３³_", "03", "3.", ".1", "+3", "3_0", "-1", "nan", "3-", "3.a", "3-4-5", "3.01"]
HEADS = [*"x３9", "-1", "nan", "1.1", "+1", "01", "1_0", " 1", "9" * 30, "9" * 5000]
# The kinds of Universal Dependencies' own validate.py: what stands in the file, and the line.
REFUSED = [
    ("hello world\n", 1),
    (REAL.replace("\t_\n", "\n", 1), 3),  # nine columns, then eleven, then an empty one
    (REAL + rows("1").replace("w", "w\t"), 11),
    (rows("1").replace("w", ""), 1),
    (rows("1") + "  \n", 3),
    (rows("1")[:-1] + "# a comment between words\n" + rows("2"), 2),
    *((rows("1", "2", number), 3) for number in STRANGE),
    *((rows("1", "2", heads=["0", head]), 2) for head in HEADS),
    (rows("0", "1"), 1),
    (rows("1", "1"), 2),
    (rows("1", "3"), 2),
    (rows("1", "2", "1", "2"), 3),  # no empty line between two sentences
    (rows("2-1", "1", "2"), 1),
    (rows("2-3", "1", "2", "3"), 1),
    (rows("1", "2", "1-2"), 3),
    (rows("1-2", "1", "2-3", "2", "3"), 3),
    (rows("1-2", "1-2", "1", "2"), 2),
    (rows("1-3", "1", "2"), 3),
    (rows("1", "2.1", "2"), 2),
    (rows("1", "1.2"), 2),
    (rows("1", "1.0"), 2),
]


def test_every_other_line_is_refused_by_number():
    faults = []
    for text, line in REFUSED:
        try:
            faults.append((text, conllu.parse(text, "f.conllu")))
        except TreebankError as error:
            if not str(error).startswith(f"Line {line} of f.conllu is not CoNLL-U: "):
                faults.append((text, str(error)))
    assert faults == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no trees in f"),
        ("# a\n# b\n", "no trees in f"),
        (rows("1", "2"), "no trees in f"),
        (REAL + rows("1", "2", heads="0_"), "line 13 of f.conllu: .* word 2 has no head"),
        (REAL + rows("1", "2", heads="00"), "2 words hang under the root"),
        (REAL + rows("1", "2", heads="12"), "0 words hang under the root"),
        (REAL + rows("1", "2", "3", heads="023"), "word 2 hangs in a circle"),
        (REAL + rows("1", "2", "3", heads="032"), "word 2 hangs in a circle"),
        (REAL + rows("1", heads="0", relation="_"), "word 1 has no relation"),
    ],
)
def test_where_trees_are_promised_anything_else_is_refused(text, said):
    conllu.parse(text)
    with pytest.raises(TreebankError, match=said):
        conllu.parse(text, "f.conllu", trees=True)


def test_missing_or_binary_files_get_a_sentence(tmp_path):
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    for name, said in (("none.conllu", "can't be read"), ("b", "UTF-8")):
        with pytest.raises(TreebankError, match=said):
            conllu.read(tmp_path / name)
