"""Questions: fine-tuned from a file, answered as they are written."""

import dataclasses
import json

import numpy as np
import pytest

from tests.tasks.pretrained import save_pretrained
from tests.tasks.question_answering import reference
from tests.training.recipes import small_model
from tf_albert import AlbertClassifier, AlbertSpanLabeler, files
from tf_albert.cli.main import main
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.finetune import FinetuneRecipe, finetune
from tf_albert.tasks.question_answering.data import Question, read_squad
from tf_albert.tasks.question_answering.metrics import squad2_metrics, squad_metrics
from tf_albert.tasks.question_answering.predictor import (
    QuestionAnsweringDescription,
    QuestionAnsweringPredictor,
)
from tf_albert.tasks.text_classification.predictor import TextClassificationPredictor

ANSWERS = ("Error", "Fine", "Number")
OTHERS = ("the", "object", "is", "a", "list", "of", "it")


def write_squad(path, count, seed, unanswerable=False):
    """Writes contexts of which one word is the answer, far enough back for a second window."""
    random = np.random.default_rng(seed)
    paragraphs = []
    for number in range(count):
        words = [str(random.choice(OTHERS)) for _ in range(int(random.integers(6, 30)))]
        answers = []
        if not (unanswerable and number % 3 == 0):
            place = int(random.integers(0, len(words)))
            words[place] = str(random.choice(ANSWERS))
            start = sum(len(word) + 1 for word in words[:place])
            answers = [{"text": words[place], "answer_start": start}]
        entry = {"id": f"{seed}-{number}", "question": "Which word?", "answers": answers}
        if unanswerable:
            entry["is_impossible"] = not answers
        paragraphs.append({"context": " ".join(words), "qas": [entry]})
    data = [{"title": "words", "paragraphs": paragraphs}]
    path.write_text(json.dumps({"version": "2.0", "data": data}), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tokenizer):
    folder = tmp_path_factory.mktemp("squad")
    save_pretrained(folder / "pretrained", tokenizer)
    for name, unanswerable in (("squad", False), ("squad2", True)):
        write_squad(folder / f"{name}-train.json", 150, seed=0, unanswerable=unanswerable)
        write_squad(folder / f"{name}-dev.json", 40, seed=1, unanswerable=unanswerable)
    return folder


def recipe_of(folder, output, task="squad", **changes):
    values = {
        "task": task,
        "train": str(folder / f"{task}-train.json"),
        "dev": str(folder / f"{task}-dev.json"),
        "init": str(folder / "pretrained"),
        "output": str(output),
        "batch_size": 15,
        "sequence_length": 36,
        "stride": 12,
        "steps": 240,
        "learning_rate": 0.003,
        "warmup_steps": 20,
        "checkpoint_every": 120,
        "log_every": 60,
    }
    return FinetuneRecipe(**(values | changes))


@pytest.fixture(scope="module", params=["squad", "squad2"])
def trained(request, folder):
    recipe = recipe_of(folder, folder / f"run-{request.param}", request.param)
    return recipe, finetune(recipe)


def test_answers_are_learned(trained):
    recipe, results = trained
    name = "best_f1" if recipe.task == "squad2" else "f1"
    assert results[name] > 80.0
    assert results["num_questions"] == 40
    task = files.read_json(f"{recipe.output}/model/provenance.json")["task"]
    assert task == {
        "task": recipe.task,
        "sequence_length": 36,
        "stride": 12,
        "null_threshold": results.get("best_f1_threshold", 0.0),
    }


@pytest.mark.parametrize("part", ["train", "dev"])
def test_questions_without_an_answer_are_of_the_other_task(folder, tmp_path, part):
    other = {part: str(folder / f"squad2-{part}.json")}
    with pytest.raises(ValueError, match=rf"squad2-{part}\.json, question .* task is 'squad2'"):
        finetune(recipe_of(folder, tmp_path / "run", **other))
    assert not (tmp_path / "run").exists()


def test_threshold_of_the_best_f1_is_the_one_that_is_used(trained):
    recipe, results = trained
    if recipe.task == "squad2":
        assert results["f1"] == results["best_f1"]
        assert results["no_answer_f1"] > 50.0
    else:
        assert "best_f1" not in results


def test_answers_stand_in_their_context(trained):
    recipe, results = trained
    answerer = QuestionAnsweringPredictor.from_pretrained(recipe.output)
    questions = read_squad(recipe.dev, BadRows())
    assert len(answerer.read(questions).windows.numbers) > len(questions)
    answered = answerer.answers(questions)
    for question, answer in zip(questions, answered, strict=True):
        assert answer.id == question.id
        for one in answer.best:
            assert one.text == question.context[one.start : one.end]
        assert answer.best or recipe.task == "squad2"
    assert answerer.score_answers(questions, answered) == pytest.approx(results)
    in_other_batches = answerer.answers(questions, batch_size=7)
    for one, other in zip(answered, in_other_batches, strict=True):
        assert one.text == other.text
        if recipe.task == "squad2":
            assert one.null_score == pytest.approx(other.null_score, abs=1e-4)


def test_command_line_scores_and_answers(trained, folder, tmp_path, capsys):
    recipe, results = trained
    arguments = ["--model", recipe.output, "--data", recipe.dev, "--output", str(tmp_path / "out")]
    assert main(["evaluate", *arguments]) == 0
    assert "num_questions" in capsys.readouterr().out
    assert files.read_json(tmp_path / "out/metrics.json") == pytest.approx(results)
    golds = {one.id: list(one.golds) for one in read_squad(recipe.dev, BadRows())}
    predictions = files.read_json(tmp_path / "out/predictions.json")
    if recipe.task == "squad2":
        nbest = files.read_json(tmp_path / "out/nbest_predictions.json")
        best = {name: some[0]["text"] if some else "" for name, some in nbest.items()}
        odds = files.read_json(tmp_path / "out/null_odds.json")
        threshold = results["best_f1_threshold"]
        assert squad2_metrics(golds, best, odds, threshold) == pytest.approx(results)
        assert "" in predictions.values()
    else:
        assert squad_metrics(golds, predictions) == pytest.approx(results)
        assert not (tmp_path / "out/null_odds.json").exists()
    question = "Which word?\tthe list is Fine of it\n"
    (tmp_path / "questions.txt").write_text(question * 3, encoding="utf-8")
    assert main(["predict", "--model", recipe.output, "--input", f"{tmp_path}/questions.txt"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["question"] for record in records] == ["Which word?"] * 3
    for record in records:
        if record["answer"]:
            assert "the list is Fine of it"[record["start"] : record["end"]] == record["answer"]


def test_nbest_shares_sum_to_one(trained):
    recipe, _ = trained
    answerer = QuestionAnsweringPredictor.from_pretrained(recipe.output)
    questions = read_squad(recipe.dev, BadRows())[:3]
    files_of = answerer.official_files(answerer.answers(questions))
    for some in files_of["nbest_predictions.json"].values():
        assert sum(one["probability"] for one in some) == pytest.approx(1.0)
        assert len({one["text"] for one in some}) == len(some)


def test_answer_longer_than_a_window_is_told(folder, tmp_path, capsys):
    context = " ".join(["Fine"] * 60)
    entry = {"id": "a", "question": "What?", "answers": [{"text": context, "answer_start": 0}]}
    data = json.loads((folder / "squad-train.json").read_text())
    data["data"][0]["paragraphs"].append({"context": context, "qas": [entry]})
    (tmp_path / "train.json").write_text(json.dumps(data))
    recipe = recipe_of(folder, tmp_path / "run", train=str(tmp_path / "train.json"))
    recipe = dataclasses.replace(recipe, steps=1, warmup_steps=0)
    finetune(recipe)
    told = f"1 × an answer longer than a window: {tmp_path}/train.json, question a"
    assert told in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"train\.json, question a: an answer longer than a"):
        finetune(dataclasses.replace(recipe, strict=True, output=str(tmp_path / "strict")))


def test_files_as_they_are_published(folder, tmp_path):
    recipe = recipe_of(folder, tmp_path / "run", data=str(tmp_path), train=None, dev=None)
    recipe = dataclasses.replace(recipe, steps=1, warmup_steps=0)
    with pytest.raises(FileNotFoundError, match=r"train-v1\.1\.json"):
        finetune(recipe)
    for split in ("train", "dev"):
        content = (folder / f"squad-{split}.json").read_bytes()
        (tmp_path / f"{split}-v1.1.json").write_bytes(content)
    assert finetune(recipe)["num_questions"] == 40


def test_questions_without_files(folder, tmp_path):
    recipe = recipe_of(folder, tmp_path / "run", dev=None)
    with pytest.raises(ValueError, match=r"'squad' needs `data`, .*train-v1\.1\.json and dev-v1"):
        finetune(recipe)


def test_classifier_answers_no_questions(folder, tmp_path, tokenizer):
    AlbertClassifier(small_model(397), num_classes=2).save_pretrained(tmp_path / "a", tokenizer)
    with pytest.raises(ValueError, match=r"answers no questions\. `tf-albert finetune"):
        QuestionAnsweringPredictor.from_pretrained(tmp_path / "a")


def test_answerer_is_no_classifier(trained):
    with pytest.raises(ValueError, match="was fine-tuned for the task 'squad"):
        TextClassificationPredictor.from_pretrained(trained[0].output)


def test_answers_are_those_of_the_reference(trained):
    answerer = QuestionAnsweringPredictor.from_pretrained(trained[0].output)
    questions = read_squad(trained[0].dev, BadRows())
    for question, found in zip(questions, answerer.answers(questions), strict=True):
        expected = reference.answer(answerer, question.text, question.context)
        assert [one.text for one in found.best[:3]] == [one.text for one in expected.best[:3]]
        for one, other in zip(found.best, expected.best, strict=True):
            assert one.score == pytest.approx(other.score, rel=1e-4, abs=1e-4)
        assert found.null_score == pytest.approx(expected.null_score, abs=1e-4)


def test_document_of_a_hundred_thousand_tokens_is_answered(tokenizer):
    """Its answer is in the last of thousands of windows, and is found as it stands there."""
    labeler = AlbertSpanLabeler(small_model(397))
    answerer = QuestionAnsweringPredictor(
        labeler, tokenizer, QuestionAnsweringDescription("squad", 36, 12)
    )
    context = "the list is Fine. " * 12_000
    question = Question("a", "Which word?", context, (), ())
    read = answerer.read([question])
    num_tokens = len(read.context_ids) - 1
    assert num_tokens > 100_000
    assert set(read.windows.tokens().values.numpy()) == set(range(num_tokens))
    (answer,) = answerer.answers([question], batch_size=512)
    for one in answer.best:
        assert one.text == context[one.start : one.end]
    assert answer.best
