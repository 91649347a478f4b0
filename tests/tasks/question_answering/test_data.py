"""SQuAD's files, as they are published and damaged."""

import json

import pytest

from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.question_answering.data import Answer, read_squad

CONTEXT = "Ada wrote notes in 1843. Charles built engines."


def entry(name, question="Who wrote notes?", answers=((0, "Ada"),), **extra):
    given = [{"text": text, "answer_start": start} for start, text in answers]
    return {"id": name, "question": question, "answers": given, **extra}


def write(path, *articles):
    """Writes a file; an article is a list of (context, entries)."""
    data = [
        {
            "title": f"Article {number}",
            "paragraphs": [{"context": context, "qas": entries} for context, entries in article],
        }
        for number, article in enumerate(articles)
    ]
    path.write_text(json.dumps({"version": "1.1", "data": data}), encoding="utf-8-sig")
    return path


def test_questions_of_all_articles_come_in_order(tmp_path):
    path = write(
        tmp_path / "squad.json",
        [(CONTEXT, [entry("a"), entry("b", answers=((25, "Charles"), (25, "Charles built")))])],
        [("Other text.", [entry("c", answers=(), is_impossible=True)])],
    )
    bad_rows = BadRows()
    first, second, third = read_squad(path, bad_rows)
    assert (first.id, first.text, first.context) == ("a", "Who wrote notes?", CONTEXT)
    assert second.answers == (Answer("Charles", 25), Answer("Charles built", 25))
    assert second.golds == ("Charles", "Charles built")
    assert (third.answers, third.golds) == ((), ())
    assert len(bad_rows) == 0


def test_plausible_answers_of_a_question_without_one_do_not_count(tmp_path):
    path = write(tmp_path / "a.json", [(CONTEXT, [entry("a", is_impossible=True)])])
    assert read_squad(path, BadRows())[0].golds == ()


def test_answer_that_is_elsewhere_trains_nothing_and_is_told(tmp_path):
    path = write(tmp_path / "a.json", [(CONTEXT, [entry("a", answers=((1, "Ada"), (0, "Ada")))])])
    bad_rows = BadRows()
    (question,) = read_squad(path, bad_rows)
    assert question.answers == (Answer("Ada", 0),)
    assert question.golds == ("Ada", "Ada")  # the official score looks at the text alone
    assert bad_rows.summary() == (
        f"1 × an answer that is not in its context: {path}, question a: 'Ada'"
    )


def test_second_question_with_an_id_and_empty_texts_are_left_out_and_told(tmp_path):
    path = write(
        tmp_path / "a.json",
        [(CONTEXT, [entry("a"), entry("a"), entry("b", question=" ")]), (" ", [entry("c")])],
    )
    bad_rows = BadRows()
    assert [question.id for question in read_squad(path, bad_rows)] == ["a"]
    assert bad_rows.summary() == (
        f"1 × the id of another question: {path}, question a\n"
        f"2 × an empty question or context: {path}, question b; {path}, question c"
    )


def test_whole_number_is_an_id(tmp_path):
    path = write(tmp_path / "a.json", [(CONTEXT, [entry(7), entry(8.0), entry("7")])])
    bad_rows = BadRows()
    assert [question.id for question in read_squad(path, bad_rows)] == ["7", "8"]
    assert bad_rows.summary() == f"1 × the id of another question: {path}, question 7"


NOTHING = [{"text": "", "answer_start": None}]


@pytest.mark.parametrize(
    "given",
    [
        {"is_impossible": True, "answers": [{"text": "Ada", "answer_start": None}]},
        {"is_impossible": True, "answers": None},
        {"is_impossible": False, "answers": NOTHING},
        {"answers": [{"text": "", "answer_start": -1}]},
        {"answers": [{"text": None, "answer_start": None}]},
        {"answers": None},
        {},
    ],
)
def test_question_without_an_answer_is_written_in_many_ways(tmp_path, given):
    row = {"id": "a", "question": "Who?"} | given
    path, bad_rows = write(tmp_path / "a.json", [(CONTEXT, [row])]), BadRows()
    (question,) = read_squad(path, bad_rows)
    assert (question.answers, question.golds, len(bad_rows)) == ((), (), 0)


HALF = "\ud83d"
GOOD = {"text": "Ada", "answer_start": 0}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"question": f"Who {HALF}?"}, "half of a surrogate pair in a question"),
        ({"question": 3}, "no text where a question was expected: 3"),
        ({"id": f"b{HALF}"}, "half of a surrogate pair in the id of a question"),
        ({"id": None}, "no text where the id of a question was expected"),
        ({"id": True}, "no text where the id of a question was expected"),
        ({"answers": [{"text": HALF, "answer_start": 0}]}, "half of a surrogate pair in an answer"),
        ({"answers": [{"text": 3, "answer_start": 0}]}, "no text where an answer was expected: 3"),
        ({"answers": [{"text": "Ada", "answer_start": None}]}, "an answer without a number"),
        ({"answers": [{"text": "Ada"}]}, "an answer without a number where it starts: 'Ada'"),
        ({"answers": [{"answer": "Ada"}]}, "no text where an answer was expected: None"),
        ({"answers": ["Ada"]}, "no list of objects where answers were expected: ['Ada']"),
        ({"answers": "Ada"}, "no list of objects where answers were expected: 'Ada'"),
    ],
)
def test_one_bad_question_is_told_and_left_out(tmp_path, changes, kind):
    path = write(tmp_path / "a.json", [(CONTEXT, [entry("a"), entry("b") | changes, entry("c")])])
    bad_rows = BadRows()
    assert [question.id for question in read_squad(path, bad_rows)] == ["a", "c"]
    ((_, *told),) = bad_rows.found
    assert kind in "".join(told)
    bad_rows.summary().encode()  # it can be printed
    with pytest.raises(ValueError, match=r"a\.json, question (b|{.id.: ).*Correct the file"):
        read_squad(path, BadRows(strict=True))


def test_bad_answer_beside_a_good_one_is_told(tmp_path):
    others = [{"text": "Charles", "answer_start": None}, {"text": HALF, "answer_start": 3}]
    far = {"text": "Ada", "answer_start": -50}
    path = write(tmp_path / "a.json", [(CONTEXT, [entry("a") | {"answers": [*others, GOOD, far]}])])
    bad_rows = BadRows()
    (question,) = read_squad(path, bad_rows)
    assert (question.answers, question.golds) == ((Answer("Ada", 0),), ("Charles", "Ada", "Ada"))
    assert len(bad_rows) == 3


def test_bad_paragraphs_and_questions_that_are_none_are_told(tmp_path):
    article = [(f"Half {HALF}.", [entry("a"), entry("b")]), (None, [entry("c")]), (CONTEXT, None)]
    path = write(tmp_path / "a.json", article, [(CONTEXT, [3, entry("d")])])
    bad_rows = BadRows()
    assert [question.id for question in read_squad(path, bad_rows)] == ["d"]
    lines = bad_rows.summary().splitlines()
    assert lines[0].startswith("2 × half of a surrogate pair in a context: ")
    assert lines[1].startswith("2 × no `context` that is text, or no list `qas`: ")
    assert lines[2].startswith("1 × no text where the id of a question was expected: ")


def test_strict_makes_a_problem_an_error(tmp_path):
    path = write(tmp_path / "a.json", [(CONTEXT, [entry("a"), entry("a")])])
    with pytest.raises(ValueError, match=r"question a: the id of another question\. Correct"):
        read_squad(path, BadRows(strict=True))


def test_many_problems_of_a_kind_are_counted():
    bad_rows = BadRows()
    for number in range(1200):
        bad_rows.add(f"line {number}", "an empty text")
    assert bad_rows.summary() == (
        "1,200 × an empty text: line 0; line 1; line 2; line 3; line 4; …"
    )


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"data": 3}',
        '{"data": [{"paragraphs": [{"qas": []}]}]}',
        '{"data": [{"paragraphs": [{"context": 5, "qas": []}]}]}',
        '{"data": [{"paragraphs": [{"context": "x", "qas": [{"id": "a", "answers": []}]}]}]}',
        '{"data": [{"paragraphs": [{"context": "x", "qas": [{"id": "a", "question": "q",'
        ' "answers": [{"text": "x", "answer_start": "first"}]}]}]}]}',
    ],
)
def test_file_of_something_else(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"is no file of SQuAD .* Expected JSON with `data`"):
        read_squad(path, BadRows())


def test_file_without_a_question(tmp_path):
    with pytest.raises(ValueError, match="has no question"):
        read_squad(write(tmp_path / "a.json", [(CONTEXT, [])]), BadRows())


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_squad(tmp_path / "none.json", BadRows())
