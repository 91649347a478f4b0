"""Files of tagged words, as they are published and otherwise."""

import pytest

from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.token_classification.data import Columns, TaggedSentence, read_conll


def test_file_as_it_is_published(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nsays VB B-VP O\n\n\nNo DT O O\n")
    assert read_conll(path, BadRows()) == [
        TaggedSentence(("EU", "says"), ("B-ORG", "O")),
        TaggedSentence(("No",), ("O",)),
    ]


def test_word_without_a_label_is_told(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a O\n\nb O\nc\n\nd O\n")
    bad_rows = BadRows()
    assert [one.words for one in read_conll(path, bad_rows)] == [("a",), ("d",)]
    assert bad_rows.summary() == (
        f"1 × a sentence with a word that has no label: {path}, line 3: 'c'"
    )


def test_white_space_within_a_word_stays(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("10\u00a0000 CD\tB-NUM\n", encoding="utf-8")
    assert read_conll(path, BadRows()) == [TaggedSentence(("10\u00a0000",), ("B-NUM",))]


# As GermEval's and CoNLL-U's: a number, a word, what is not read, and labels of two kinds.
NUMBERED = """\
# sent_id = 1

# text = EU says no
1 EU NNP B-ORG O
2 says VB O O
3 # NN O B-X

# text = No
1\tNo\tDT\tO\tO
"""


def test_column_of_numbers_is_refused_and_the_columns_are_named(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(NUMBERED)
    named = r"line 3: .*numbers\. Columns: 1: '1', 2: 'EU', 3: 'NNP', 4: 'B-ORG', 5: 'O'\."
    with pytest.raises(ValueError, match=rf"{named}.*--word-column 2 --label-column 5"):
        read_conll(path, BadRows())
    expected = [("EU", "says", "#"), ("No",)]
    for label, labels in ((4, ("B-ORG", "O", "O")), (None, ("O", "O", "B-X"))):
        sentences = read_conll(path, BadRows(), Columns(2, label))
        assert sentences == [
            TaggedSentence(expected[0], labels),
            TaggedSentence(expected[1], ("O",)),
        ]
        assert [one.place for one in sentences] == [f"{path}, line {line}" for line in (4, 9)]


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        (["0 a O", "1 b O", "2 c B-X"], "numbers"),
        (["7 a O", "8 b O", "# c B-X"], "numbers"),
        (["1-2 ab O", "1 a O", "2 b B-X"], "numbers"),
        (["doc-1 a O", "doc-1 b O", "doc-1 c B-X"], "one name a sentence"),
    ],
)
def test_first_column_of_something_else_than_words(tmp_path, rows, what):
    path = tmp_path / "a.txt"
    path.write_text("\n".join([*rows, "", *rows]))
    with pytest.raises(ValueError, match=rf"the first column holds no words, but {what}\."):
        read_conll(path, BadRows())
    assert len(read_conll(path, BadRows(), Columns(1))) == 2  # as where one says so


@pytest.mark.parametrize(
    "rows",
    [
        ["1 O", "2 O"],  # no other column holds words
        ["3 CD O", "of DT O", "4 CD O", "an DT O", "# NN B-X"],
        ["no NN O"],
        ["no NN O", "", "no NN O", "", "very RB O", "very RB O", "", "a NN O", "b NN O"],
    ],
)
def test_words_that_look_like_numbers_are_words(tmp_path, rows):
    path = tmp_path / "a.txt"
    path.write_text("\n".join(rows))
    words = [word for one in read_conll(path, BadRows()) for word in one.words]
    assert words == [row.split()[0] for row in rows if row]


def test_line_that_lacks_a_column_is_told(tmp_path):
    path, bad_rows = tmp_path / "a.txt", BadRows()
    path.write_text("1 a NN O\n2 b O\n\n1 c NN B-X\n")
    assert [one.words for one in read_conll(path, bad_rows, Columns(2, 4))] == [("c",)]
    assert bad_rows.summary() == (
        f"1 × a sentence with a word that has no label: {path}, line 1: '2 b O'"
    )


@pytest.mark.parametrize("columns", [(0, None), (None, -1), (2, 2)])
def test_columns_that_cannot_be(columns):
    with pytest.raises(ValueError, match=r"two numbers, counted from 1\. Received: word_column"):
        Columns(*columns)


@pytest.mark.parametrize("label", ["NN", "U-PER", "B-", "b-PER"])
def test_label_that_marks_no_span(tmp_path, label):
    path = tmp_path / "a.txt"
    path.write_text(f"a O\n\nb B-PER\nc {label}\n")
    with pytest.raises(ValueError, match=rf"line 3: the label '{label}' marks no part of a span"):
        read_conll(path, BadRows())


def test_file_without_a_sentence(tmp_path):
    (tmp_path / "a.txt").write_text("\n\n")
    with pytest.raises(ValueError, match=r"has no sentence\. Expected a word and its label"):
        read_conll(tmp_path / "a.txt", BadRows())
