"""Exact match and F1: numbers worked out by hand from the official scripts' definitions."""

import pytest

from tf_albert.tasks.question_answering.metrics import (
    exact_match,
    normalize_answer,
    null_threshold_of_best_f1,
    squad2_metrics,
    squad_metrics,
    token_f1,
)


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("The Eiffel Tower", "eiffel tower"),
        ("an  apple\ta day", "apple day"),
        ("U.S.A.", "usa"),
        ("well-known", "wellknown"),
        ("theatre", "theatre"),
        ("Théâtre – l'an", "théâtre – lan"),
        ("the", ""),
        ("!?", ""),
    ],
)
def test_normalization(text, normalized):
    assert normalize_answer(text) == normalized


@pytest.mark.parametrize(
    ("answer", "gold", "exact", "f1"),
    [
        ("the old house", "Old House!", 1.0, 1.0),
        ("old house", "old red house", 0.0, 0.8),  # 2 of 2 and 2 of 3 words
        ("red red fish", "red fish fish", 0.0, 2 / 3),  # red once, fish once: 2 of 3 and 2 of 3
        ("green", "red", 0.0, 0.0),
        ("", "red", 0.0, 0.0),
        ("the", "a", 1.0, 0.0),  # no word left on either side: version 1.1 gives no F1
    ],
)
def test_one_answer(answer, gold, exact, f1):
    assert exact_match(answer, gold) == exact
    assert token_f1(answer, gold) == pytest.approx(f1)


def test_best_of_several_gold_answers_counts():
    golds = {
        "q1": ["in Paris", "Paris"],
        "q2": ["four", "4", "the four friends"],
        "q3": ["blue"],
    }
    metrics = squad_metrics(golds, {"q1": "Paris.", "q2": "four old friends", "q3": "red"})
    # q1: 1 and 1; q2: 0, and against "four friends" 2 of 3 and 2 of 2 words, 0.8; q3: 0 and 0.
    assert metrics == {
        "exact_match": pytest.approx(100 / 3),
        "f1": pytest.approx(100 * 1.8 / 3),
        "num_questions": 3,
    }


def test_first_version_has_an_answer_to_every_question():
    with pytest.raises(ValueError, match=r"1 of 2 questions have no right answer, 'b' for one"):
        squad_metrics({"a": ["x"], "b": []}, {"a": "x", "b": ""})


GOLDS = {"a": ["red"], "b": ["old red house"], "c": [], "d": [], "e": ["the"]}
ANSWERS = {"a": "red", "b": "red house", "c": "green", "d": "", "e": "a"}
NULL_SCORES = {"a": -3.0, "b": -1.0, "c": 0.5, "d": 2.0, "e": 4.0}


def test_second_version_at_a_threshold():
    metrics = squad2_metrics(GOLDS, ANSWERS, NULL_SCORES, threshold=1.0)
    # a 1, b 0 and 0.8, c answered wrongly 0, d above the threshold and right 1, e above it: 0.
    assert metrics["exact_match"] == pytest.approx(100 * 2 / 5)
    assert metrics["f1"] == pytest.approx(100 * 2.8 / 5)
    assert metrics["has_answer_exact_match"] == pytest.approx(100 * 1 / 3)
    assert metrics["has_answer_f1"] == pytest.approx(100 * 1.8 / 3)
    assert metrics["no_answer_exact_match"] == metrics["no_answer_f1"] == pytest.approx(50.0)
    assert metrics["num_questions"] == 5


def test_second_version_at_its_best_threshold():
    metrics = squad2_metrics(GOLDS, ANSWERS, NULL_SCORES)
    # From the bottom: all empty 2; a stands 3 (3); b 3 (3.8); c 2 (2.8); d's answer is empty, so
    # nothing changes; e, whose gold answer has no word, is right with an article: 3 (3.8).
    assert metrics["best_exact_match"] == pytest.approx(100 * 3 / 5)
    assert metrics["best_exact_match_threshold"] == -3.0
    assert metrics["best_f1"] == pytest.approx(100 * 3.8 / 5)
    assert metrics["best_f1_threshold"] == -1.0


def at_own_threshold(golds, answers, null_scores):
    """Returns the threshold, and F1 and the official best F1 there."""
    threshold = null_threshold_of_best_f1(golds, answers, null_scores)
    metrics = squad2_metrics(golds, answers, null_scores, threshold)
    return threshold, metrics["f1"], metrics["best_f1"]


def test_threshold_to_use_is_that_of_the_best_f1():
    assert at_own_threshold(GOLDS, ANSWERS, NULL_SCORES) == pytest.approx((-1.0, 76.0, 76.0))


def test_threshold_to_use_where_nothing_should_stand_is_below_every_score():
    """The official search says 0 there, at which all of these would stand."""
    golds = {"a": [], "b": [], "c": ["x"]}
    scores = {"a": -0.5, "b": -0.75, "c": -0.625}
    found = at_own_threshold(golds, dict.fromkeys(golds, "y"), scores)
    assert found == pytest.approx((-1.75, 200 / 3, 200 / 3))


def test_questions_of_one_score_stand_or_fall_together():
    golds, answers = {"a": ["x"], "b": [], "c": [], "d": ["x"]}, dict.fromkeys("abcd", "x")
    scores = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 3.0}
    # None: 2 right; the three of one score: 1; all: 2. The official search stops after `a`: 3.
    assert at_own_threshold(golds, answers, scores) == pytest.approx((0.0, 50.0, 75.0))


def test_article_alone_is_an_answer_where_there_is_none():
    """The official search takes off a point for it, though its exact match counts as right."""
    metrics = squad2_metrics({"a": [], "b": ["x"]}, {"a": "the", "b": "x"}, {"a": 1.0, "b": 2.0})
    assert metrics["exact_match"] == pytest.approx(50.0)  # both above 0: a right, b wrong
    assert metrics["best_exact_match"] == pytest.approx(50.0)
    assert metrics["best_exact_match_threshold"] == 0.0


def test_scores_at_the_threshold_still_stand():
    assert squad2_metrics({"a": ["x"]}, {"a": "x"}, {"a": 1.0}, threshold=1.0)["f1"] == 100.0


def test_file_with_one_kind_of_question_has_no_score_of_the_other():
    metrics = squad2_metrics({"a": ["x"]}, {"a": "x"}, {"a": 0.0})
    assert "no_answer_f1" not in metrics
    assert metrics["has_answer_f1"] == 100.0


@pytest.mark.parametrize("left_out", ["answers", "null_scores"])
def test_question_without_a_prediction(left_out):
    given = {"answers": {"a": "x", "b": "y"}, "null_scores": {"a": 0.0, "b": 0.0}}
    del given[left_out]["b"]
    with pytest.raises(ValueError, match="1 of 2 questions have no prediction, 'b' for one"):
        squad2_metrics({"a": ["x"], "b": []}, **given)
