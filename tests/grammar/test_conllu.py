import conllu as referee
import pytest

from helpers.grammar import conllu
from helpers.grammar.conllu import TreebankError

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


def test_words_and_trees_are_those_that_another_reader_finds(texts, tmp_path):
    text, file = REAL + "".join(texts["test"][:40]), tmp_path / "a.conllu"
    file.write_text("\ufeff" + text, encoding="utf-8")
    read = conllu.read(file, trees=True)
    for sentence, tokens in zip(read, referee.parse(text), strict=True):
        words = [token for token in tokens if isinstance(token["id"], int)]
        assert sentence.words == [word["form"] for word in words]
        assert sentence.heads.tolist() == [word["head"] for word in words]
        assert sentence.relations == [word["deprel"] for word in words]
        assert sentence.tags == [word["upos"] for word in words]


def test_what_is_valid_is_read():
    for text, words in (
        (REAL.rstrip("\n").replace("\n", "\r\n"), [5]),
        ("\n\n" + REAL + "\n\n" + REAL, [5, 5]),
        (rows("0.1", "0.2", "1", "1.1", "2-4", "2", "3", "3.1", "4"), [4]),
        ("# only a comment\n\n" + rows("1"), [0, 1]),
        ("", []),
    ):
        assert [len(s) for s in conllu.parse(text)] == words


STRANGE = [*"0c３³_", "03", "3.", ".1", "+3", "3_0", "-1", "nan", "3-", "3.a", "3-4-5"]
HEADS = [*"x３9", "-1", "nan", "1.1", "+1", "01", "1_0", " 1", "9" * 5000]
REFUSED = [  # what stands in the file, and the line
    ("hello world\n", 1),
    (REAL.replace("\t_\n", "\n", 1), 3),  # nine columns, then eleven, then an empty one
    (REAL + rows("1").replace("w", "w\t"), 11),
    (rows("1").replace("w", ""), 1),
    (rows("1") + "  \n", 3),
    *((rows("1", "2", number), 3) for number in STRANGE),
    *((rows("1", "2", heads=["0", head]), 2) for head in HEADS),
    (rows("1", "1"), 2),
    (rows("1", "3"), 2),
    (rows("1", "2", "1", "2"), 3),  # no empty line between two sentences
    (rows("1-3", "2", "3"), 2),
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


def test_where_trees_are_promised_anything_else_is_refused(tmp_path):
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    for name, said in (("none.conllu", "can't be read"), ("b", "UTF-8")):
        with pytest.raises(TreebankError, match=said):
            conllu.read(tmp_path / name)
    for text, said in (
        ("", "no trees in f"),
        (rows("1", "2"), "no trees in f"),
        (REAL + rows("1", "2", heads="0_"), "line 13 of f.conllu: .* word 2 has no head"),
        (REAL + rows("1", "2", heads="00"), "2 words hang under the root"),
        (REAL + rows("1", "2", heads="12"), "0 words hang under the root"),
        (REAL + rows("1", "2", "3", heads="023"), "word 2 hangs in a circle"),
        (REAL + rows("1", heads="0", relation="_"), "word 1 has no relation"),
    ):
        conllu.parse(text)
        with pytest.raises(TreebankError, match=said):
            conllu.parse(text, "f.conllu", trees=True)
