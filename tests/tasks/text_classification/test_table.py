import bz2
import csv
import gzip
import json
import lzma

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.text_classification.table import LABEL_SET, NUMBER, Examples, read_examples


def write(tmp_path, name, content):
    path = tmp_path / name
    compress = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}
    path.write_bytes(compress.get(path.suffix, bytes)(content.encode()))
    return path


@pytest.mark.parametrize("name", ["a.tsv", "a.tsv.gz", "a.tsv.xz", "A.TSV.bz2"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_quotes_in_tsv_are_text(tmp_path, name, mark):
    content = f'{mark}first\tid\tsecond\tlabel\n"Oh", he said\t1\t"no\tyes\nb\t2\tc""\tno\n'
    examples = read_examples(write(tmp_path, name, content), ["first", "second"], "label")
    assert examples.texts == [('"Oh", he said', '"no'), ("b", 'c""')]
    assert examples.labels == ["yes", "no"]
    assert len(examples) == 2


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_quotes_in_csv_hold_commas_and_line_ends(tmp_path, mark):
    content = f'{mark}text,label\r\n"a, ""b""\nc",x\r\nd,y\r\n'
    examples = read_examples(write(tmp_path, "a.csv", content), ["text"], "label")
    assert examples == Examples([('a, "b"\nc',), ("d",)], ["x", "y"])


def test_carriage_return_in_tsv_is_text(tmp_path):
    path = write(tmp_path, "a.tsv", "text\tlabel\r\na\rb\tx\r\n")
    assert read_examples(path, ["text"], "label") == Examples([("a\rb",)], ["x"])


@pytest.mark.parametrize("name", ["a.tsv", "a.csv", "a.jsonl"])
def test_long_document_is_one_text(tmp_path, name):
    document = "word " * 100_000 + "end"
    rows = {
        "a.tsv": f"text\tlabel\n{document}\tx\n",
        "a.csv": f'text,label\n"{document}",x\n',
        "a.jsonl": json.dumps({"text": document, "label": "x"}),
    }
    path = write(tmp_path, name, rows[name])
    assert read_examples(path, ["text"], "label") == Examples([(document,)], ["x"])


def test_json_lines(tmp_path):
    content = '\ufeff{"text": "a", "label": 3}\n\n{"label": "x", "text": "b\\nc", "more": []}\n'
    examples = read_examples(write(tmp_path, "a.jsonl", content), ["text"], "label")
    assert examples == Examples([("a",), ("b\nc",)], ["3", "x"])


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
def test_empty_lines_are_no_rows(tmp_path, name):
    content = "text\tlabel\n\na\tx\r\n\r\nb\ty\n\n"
    path = write(tmp_path, name, content.replace("\t", "," if name == "a.csv" else "\t"))
    assert read_examples(path, ["text"], "label") == Examples([("a",), ("b",)], ["x", "y"])


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
def test_whole_numbers_of_a_column_with_gaps_are_the_same_without(tmp_path, name):
    """Pandas writes 1.0 where a column of whole numbers has gaps."""
    content = "text\tlabel\na\t1.0\nb\t0.0\nc\t1\n".replace("\t", "," if name == "a.csv" else "\t")
    assert read_examples(write(tmp_path, name, content), ["text"], "label").labels == [
        "1",
        "0.0",
        "1",
    ]


def test_labels_need_not_be_there(tmp_path):
    path = write(tmp_path, "a.tsv", "text\nx\n")
    assert read_examples(path, ["text"]) == Examples([("x",)], None)


def test_numbers(tmp_path):
    path = write(tmp_path, "a.tsv", "text\tscore\na\t-1.5\nb\t2e3\nc\t 7 \n")
    assert read_examples(path, ["text"], "score", label_kind=NUMBER).labels == [-1.5, 2000.0, 7.0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.tsv",
            "text\tlabel\na\tx\nb\n",
            r"a\.tsv, line 3: another .*: 1, not 2 \(text, label\)",
        ),
        ("a.csv", "text,label\na,x,y\n", r"a\.csv, line 2: another number of columns .*: 3, not 2"),
        ("a.tsv", "text\tlabel\n \tx\n", r"a\.tsv, line 2: the text in column 'text' is empty"),
        ("a.tsv", "text\tclass\na\tx\n", r"line 2: no column 'label'. Columns: text, class"),
        ("a.tsv", "words\tlabel\na\tx\n", r"line 2: no column 'text'. Columns: words, label"),
        ("a.jsonl", '{"text": "a"}', r"line 1: no column 'label'. Columns: text"),
        ("a.tsv", "text\tlabel\na\tx\nb\t\n", r"line 3: the label in column 'label' is empty"),
        ("a.jsonl", '{"text": "a", "label": null}', "line 1: the label in column 'label' is empty"),
        ("a.jsonl", '{"text": 1, "label": 0}', "line 1: column 'text' must hold text: 1"),
        ("a.jsonl", '{"text": "a"\n', r"a\.jsonl, line 1: no JSON"),
        ("a.jsonl", "[]\n", r"a\.jsonl, line 1: no JSON object: \[\]"),
        ("a.tsv", "text\tlabel\n", r"a\.tsv has no rows"),
        ("a.tsv", "", r"a\.tsv has no rows"),
        ("a.csv", 'text,label\n"a,x\n', r"a\.csv"),
        ("a.csv", "text,label\ra,x\r", r"a\.csv, line 1: .*carriage return alone"),
        ("a.csv", 'text,label\n"a,x\n' + "b,y\n" * 300_000, r"a\.csv, line \d+: .*never closed"),
        ("a.csv", 'label,text\nx,"a\ny,b\n', r"a\.csv, line 3: .*never closed"),
        ("a.csv", 'label,text\nx,"a\ny,"b"\n', r"a\.csv, line 3: .*never closed"),
        ("a.txt", "text\tlabel\na\tx\n", r"a\.txt has an unknown format. Expected .*\.tsv"),
        ("a.jsonl", '{"text": "a", "label": NaN}', "line 1: the label in column 'label' is empty"),
        ("a.jsonl", '{"text": "a", "label": " "}', "line 1: the label in column 'label' is empty"),
        ("a.jsonl", r'{"text": "a", "label": "\ud83d"}', "line 1: the label .* surrogate pair"),
        ("a.jsonl", "[" * 100_000, r"a\.jsonl, line 1: no JSON"),
        ("a.jsonl", r'{"text": "\ud83d", "label": 0}', "line 1: .* has half of a surrogate pair"),
        ("a.tsv", "text\tlabel\na\0\tx\n", r"a\.tsv, line 2: a zero byte"),
    ],
)
def test_table_that_cannot_be_read(tmp_path, name, content, message):
    with pytest.raises(ValueError, match=message):
        read_examples(write(tmp_path, name, content), ["text"], "label")


@pytest.mark.parametrize("number", ["nan", "inf", "", "high", "1,5"])
def test_label_that_is_no_number(tmp_path, number):
    path = write(tmp_path, "a.tsv", f"text\tscore\na\t1\nb\t{number}\n")
    with pytest.raises(ValueError, match=rf"line 3: .*must hold a number: '{number}'"):
        read_examples(path, ["text"], "score", label_kind=NUMBER)


def test_rows_that_cannot_be_used_are_left_out_and_told(tmp_path):
    content = "text\tscore\na\t1\nb\n \t2\nc\tnan\nd\t4\ne\t\n"
    path, bad_rows = write(tmp_path, "a.tsv", content), BadRows()
    examples = read_examples(path, ["text"], "score", label_kind=NUMBER, bad_rows=bad_rows)
    assert examples == Examples([("a",), ("d",)], [1.0, 4.0])
    assert bad_rows.summary() == (
        f"1 × another number of columns than the header: {path}, line 3: 1, not 2 (text, score)\n"
        f"1 × the text in column 'text' is empty: {path}, line 4\n"
        f"2 × column 'score' must hold a number: {path}, line 5: 'nan'; {path}, line 7: ''"
    )


def test_file_whose_first_row_names_no_column(tmp_path):
    path = write(tmp_path, "a.tsv", "gj04\t1\t\tA text.\ngj05\t0\t*\tText a.\n")
    columns = ["source", "label", "mark", "sentence"]
    examples = read_examples(path, ["sentence"], "label", columns=columns)
    assert examples == Examples([("A text.",), ("Text a.",)], ["1", "0"])


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.tsv"):
        read_examples(tmp_path / "a.tsv", ["text"])


def test_sets_of_labels(tmp_path):
    path = write(tmp_path, "a.tsv", "text\tkinds\na\tnew, bad\nb\t\nc\tbad,bad\n")
    examples = read_examples(path, ["text"], "kinds", LABEL_SET)
    assert examples.labels == [("bad", "new"), (), ("bad",)]
    path = write(tmp_path, "a.jsonl", '{"text": "a", "kinds": ["x, y", "z"]}\n')
    assert read_examples(path, ["text"], "kinds", LABEL_SET).labels == [("x, y", "z")]
    rows = ['[3, "b", 2.0, " b", true]', "7", "[]", '""']
    content = "".join(f'{{"text": "a", "kinds": {kinds}}}\n' for kinds in rows)
    path = write(tmp_path, "b.jsonl", content)
    labels = read_examples(path, ["text"], "kinds", LABEL_SET).labels
    assert labels == [("2", "3", "True", "b"), ("7",), (), ()]
    # Lists as pandas writes them into cells.
    path = write(tmp_path, "c.csv", "text,kinds\na,\"['new', 'bad']\"\nb,[]\nc,\"[3, 2.0]\"\n")
    labels = read_examples(path, ["text"], "kinds", LABEL_SET).labels
    assert labels == [("bad", "new"), (), ("2", "3")]


@pytest.mark.parametrize("kinds", ["[[1]]", "[null]", '{"a": 1}', "null", "NaN"])
def test_what_is_no_set_of_labels(tmp_path, kinds):
    path = write(tmp_path, "a.jsonl", f'{{"text": "a", "kinds": {kinds}}}')
    with pytest.raises(ValueError, match="line 1: column 'kinds' must hold labels"):
        read_examples(path, ["text"], "kinds", LABEL_SET)


@given(st.integers(-(2**53) + 1, 2**53 - 1), st.text(" \t\u00a0", max_size=3))
@example(0, "")
def test_spellings_of_a_number_are_one_class(tmp_path_factory, number, space):
    path = tmp_path_factory.mktemp("spellings") / "a.jsonl"
    spellings = [number, float(number), str(number), f"{space}{number}{space}"]
    rows = [{"text": "a", "label": label} for label in spellings]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert read_examples(path, ["text"], "label").labels == [str(number)] * 4


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
def test_white_space_around_names_and_labels_is_none_of_theirs(tmp_path, name):
    content = "text\t label \na b \tpos \nc\t pos\nd\tnot pos\u00a0\n"
    path = write(tmp_path, name, content.replace("\t", "," if name == "a.csv" else "\t"))
    examples = read_examples(path, ["text"], "label")
    assert examples == Examples([("a b ",), ("c",), ("d",)], ["pos", "pos", "not pos"])


@pytest.mark.parametrize("label", ['["pos"]', '{"name": "pos"}', "\"['pos', 'neg']\"", "[]"])
def test_list_where_one_class_belongs(tmp_path, label):
    path = write(tmp_path, "a.jsonl", f'{{"text": "a", "label": {label}}}')
    with pytest.raises(ValueError, match=r"one class is expected .*--multi-label"):
        read_examples(path, ["text"], "label")
    bad_rows = BadRows()
    with pytest.raises(ValueError, match=r"no rows that can be used.*--multi-label"):
        read_examples(path, ["text"], "label", bad_rows=bad_rows)


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
@pytest.mark.parametrize(
    "header", ["text\ttext\tlabel", "text\tlabel\tlabel ", "text\tlabel\tx\tx"]
)
def test_two_columns_of_one_name(tmp_path, name, header):
    rows = f"{header}\n" + "\t".join("abcd"[: header.count("\t") + 1]) + "\n"
    path = write(tmp_path, name, rows.replace("\t", "," if name == "a.csv" else "\t"))
    with pytest.raises(ValueError, match=r"two columns of the name '(text|label|x)'"):
        read_examples(path, ["text"], "label")


def test_columns_without_a_name_may_be_many(tmp_path):
    path = write(tmp_path, "a.tsv", "text\tlabel\t\t\na\tx\t\t\n")
    assert read_examples(path, ["text"], "label") == Examples([("a",)], ["x"])


def test_two_fields_of_one_name(tmp_path):
    rows = ['{"text": "a", "label": 1, "label": 0}', '{"text": "b", "label": 1, "of": {"x": 1}}']
    path, bad_rows = write(tmp_path, "a.jsonl", "\n".join(rows)), BadRows()
    assert read_examples(path, ["text"], "label", bad_rows=bad_rows).labels == ["1"]
    assert bad_rows.summary() == f"1 × two fields of one name: {path}, line 1: label"


# Cells that pandas quotes, and such as it does not. With tab and line end, parts of one look like
# rows of their own.
CELLS = st.text('ab "\t\n', min_size=1, max_size=6).filter(
    lambda cell: cell.strip() and not {"\t", "\n"} <= set(cell)
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
@example([('He said "hi"\tthere', "pos")])
@example([("two\nlines", "pos"), ('"', "neg")])
def test_tsv_with_the_quotes_of_pandas_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("quoted") / "a.tsv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        # As `DataFrame.to_csv(sep="\t")` does.
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerows([("text", "label"), *rows])
    examples = read_examples(path, ["text"], "label")
    assert examples == Examples([row[:1] for row in rows], [row[1].strip() for row in rows])


@given(st.lists(st.text('ab" ', min_size=1, max_size=5).filter(str.strip), min_size=1, max_size=6))
def test_one_bare_quote_makes_all_quotes_of_a_tsv_text(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("raw") / "a.tsv"
    lines = ["text\tlabel", *(f"{text}\tx" for text in texts), 'a "bare" one\tx']
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert read_examples(path, ["text"]).texts == [(text,) for text in [*texts, 'a "bare" one']]


def test_quote_that_would_swallow_rows_is_text(tmp_path):
    path = write(tmp_path, "a.tsv", 'text\tlabel\n"a\tx\nb"\tx\n')
    assert read_examples(path, ["text"], "label") == Examples([('"a',), ('b"',)], ["x", "x"])


def test_quotes_of_glue_are_text_without_a_bare_one_too(tmp_path):
    path = write(tmp_path, "a.tsv", 'text\tlabel\n"a ""b"" c"\tx\n')
    assert read_examples(path, ["text"], quoting=False).texts == [('"a ""b"" c"',)]
