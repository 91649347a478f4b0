"""Questions with options: read, learned, scored."""

import json

import numpy as np
import pytest

from tests.tasks.pretrained import save_pretrained
from tf_albert import files
from tf_albert.cli.main import main
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.finetune import FinetuneRecipe, finetune
from tf_albert.tasks.multiple_choice.data import Choice, read_race

WORDS = ("Error", "number", "list", "object")


def write_race(folder, count, seed):
    """Writes passages on one word, which is the right option among four."""
    random = np.random.default_rng(seed)
    for kind in ("middle", "high"):
        (folder / kind).mkdir(parents=True)
    for number in range(count):
        right = int(random.integers(0, 4))
        options = [str(word) for word in random.permutation(WORDS)]
        article = {
            "article": "It is a thing.",
            "questions": ["Which is right?"],
            # The right option is the one that says so.
            "options": [[f"{word} fine" if n == right else word for n, word in enumerate(options)]],
            "answers": ["ABCD"[right]],
        }
        path = folder / ("middle", "high")[number % 2] / f"{number}.txt"
        path.write_text(json.dumps(article), encoding="utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tokenizer):
    folder = tmp_path_factory.mktemp("race")
    save_pretrained(folder / "init", tokenizer)
    write_race(folder / "train", 80, seed=0)
    write_race(folder / "dev", 30, seed=1)
    recipe = FinetuneRecipe(
        task="race",
        data=str(folder),
        init=str(folder / "init"),
        output=str(folder / "run"),
        batch_size=8,
        sequence_length=36,
        steps=150,
        learning_rate=0.002,
        warmup_steps=10,
        checkpoint_every=75,
        log_every=75,
    )
    return recipe, finetune(recipe)


def test_choices_are_learned(trained):
    recipe, results = trained
    assert results["accuracy"] > 0.8
    assert results["num_examples"] == 30
    assert files.read_json(f"{recipe.output}/model/provenance.json")["task"] == {
        "sequence_length": 36,
        "task": "race",
    }


@pytest.mark.parametrize("part", ["", "/dev"])
def test_command_line_scores(trained, tmp_path, capsys, part):
    recipe, results = trained
    data, out = f"{recipe.data}{part}", tmp_path / "out"
    arguments = ["--model", recipe.output, "--data", data, "--output", str(out)]
    assert main(["evaluate", *arguments]) == 0
    assert files.read_json(out / "metrics.json") == pytest.approx(results)
    rows = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]
    hits = sum(row["answer"] == row["expected"] for row in rows)
    assert hits / len(rows) == pytest.approx(results["accuracy"])
    assert main(["predict", "--model", recipe.output]) == 2
    assert "do not fit on a line of text" in capsys.readouterr().err


def write(path, **changes):
    values = {
        "article": "Ada wrote notes.",
        "questions": ["Who wrote _ ?", "What?"],
        "options": [["a", "b", "c", "d"], ["e", "f", "g", "h"]],
        "answers": ["B", "D"],
    }
    path.write_text(json.dumps(values | changes), encoding="utf-8")


def test_questions_keep_their_gaps_and_their_options(tmp_path):
    write(tmp_path / "1.txt", questions=["Who wrote _ , _ ?", "What?"])
    place, passage = f"{tmp_path}/1.txt, question", "Ada wrote notes."
    assert read_race(tmp_path, BadRows()) == [
        Choice(f"{place} 0", passage, "Who wrote _ , _ ?", ("a", "b", "c", "d"), 1),
        Choice(f"{place} 1", passage, "What?", ("e", "f", "g", "h"), 3),
    ]


def test_questions_that_cannot_be_used_are_told(tmp_path):
    write(tmp_path / "1.txt", answers=["E", "A"])
    write(tmp_path / "2.txt", options=[["a", "b", "c"], ["e", "f", "g", "h"]])
    write(tmp_path / "3.txt", article=" ")
    bad_rows = BadRows()
    assert len(read_race(tmp_path, bad_rows)) == 2
    assert bad_rows.summary() == (
        f"1 × an answer that is none of A, B, C, D: {tmp_path}/1.txt, question 0: 'E'\n"
        f"1 × not four options: {tmp_path}/2.txt, question 0: 3\n"
        f"2 × an empty passage: {tmp_path}/3.txt, question 0; {tmp_path}/3.txt, question 1"
    )


@pytest.mark.parametrize("content", ["no json", "[]", '{"article": "a"}'])
def test_file_of_something_else(tmp_path, content):
    (tmp_path / "1.txt").write_text(content)
    with pytest.raises(ValueError, match=r"1\.txt is no file of RACE"):
        read_race(tmp_path, BadRows())


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"questions": [None, "What?"]}, "no text where a question was expected: None"),
        ({"questions": ["Who \ud83d?", "What?"]}, "half of a surrogate pair in a question"),
        ({"options": [["a", None, "c", "d"], ["e"] * 4]}, "no text where an option was expected"),
        ({"options": [None, ["e", "f", "g", "h"]]}, "not four options: None"),
        ({"answers": [["B"], "D"]}, "none of A, B, C, D"),
    ],
)
def test_what_is_no_text_is_told(tmp_path, changes, kind):
    write(tmp_path / "1.txt", **changes)
    bad_rows = BadRows()
    assert [choice.question for choice in read_race(tmp_path, bad_rows)] == ["What?"]
    ((_, *told),) = bad_rows.found
    assert kind in "".join(told)


def test_lists_of_other_lengths(tmp_path):
    write(tmp_path / "1.txt", answers=["A"])
    with pytest.raises(ValueError, match="of one length"):
        read_race(tmp_path, BadRows())


def test_folder_without_a_question(tmp_path):
    with pytest.raises(ValueError, match=r"has no question\. Expected RACE's"):
        read_race(tmp_path, BadRows())
    with pytest.raises(FileNotFoundError, match="Expected a folder of RACE's"):
        read_race(tmp_path / "none", BadRows())
