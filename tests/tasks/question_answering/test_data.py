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
