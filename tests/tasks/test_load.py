"""What applies a model of any kind of task: made by a script, by a run, or elsewhere."""

import pytest

import tf_albert
from tests.helpers import randomize
from tf_albert.tasks.load import read_task
from tf_albert.tasks.text_classification.predictor import TextClassificationPredictor

TEXTS = ["The language.", "a value of the object"]
PAIRS = [("The language.", "none"), ("a value of the object", "an exception")]
NAMES = ["O", "B-PER", "I-PER"]


def saved(model_class, config, tokenizer, folder, length=24, **arguments):
    model = randomize(model_class(config, **arguments))
    model.preprocessor = tf_albert.AlbertPreprocessor(tokenizer, length)
    model.save_pretrained(folder)
    return folder


def test_texts_and_pairs_get_labels(small_config, tokenizer, tmp_path):
    folder = saved(
        tf_albert.AlbertClassifier, small_config, tokenizer, tmp_path / "m", labels=NAMES
    )
    predictor = tf_albert.load_predictor(folder)
    assert read_task(folder)["sequence_length"] == 24
    (one,) = predictor("The language.")
    assert one["label"] in NAMES
    assert 1 / 3 < one["probability"] <= 1
    assert [found["text"] for found in predictor(TEXTS)] == TEXTS
    of_pairs = predictor(PAIRS)
    assert [found["text"] for found in of_pairs] == [list(pair) for pair in PAIRS]
    assert predictor(tuple(map(list, zip(*PAIRS, strict=True)))) == of_pairs
    named = [{"text": first, "text_pair": second} for first, second in PAIRS]
    assert predictor(named) == of_pairs
    assert predictor(PAIRS[0]) == of_pairs[:1]
    assert predictor([]) == []


def test_a_number_and_any_labels(small_config, tokenizer, tmp_path):
    classifier = tf_albert.AlbertClassifier
    folder = saved(classifier, small_config, tokenizer, tmp_path / "number", num_classes=1)
    assert sorted(tf_albert.load_predictor(folder)(TEXTS)[0]) == ["score", "text"]
    arguments = {"labels": NAMES, "multi_label": True}
    folder = saved(classifier, small_config, tokenizer, tmp_path / "any", **arguments)
    assert sorted(tf_albert.load_predictor(folder)(TEXTS)[0]["probabilities"]) == sorted(NAMES)


def test_classes_without_names_have_numbers(small_config, tokenizer, tmp_path):
    folder = saved(
        tf_albert.AlbertClassifier, small_config, tokenizer, tmp_path / "m", num_classes=4
    )
    assert read_task(folder)["labels"] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("name", ["AlbertSpanLabeler", "AlbertAnswerableSpanLabeler"])
def test_questions_get_answers(small_config, tokenizer, tmp_path, name):
    folder = saved(getattr(tf_albert, name), small_config, tokenizer, tmp_path / "m", length=39)
    predictor = tf_albert.load_predictor(folder)
    pairs = [("What?", "a value of the object"), ("Why?", "The language.")]
    found = predictor(pairs)
    for (question, context), answer in zip(pairs, found, strict=True):
        assert answer["question"] == question
        assert answer["answer"] in context
    named = [{"context": context, "question": question} for question, context in pairs]
    assert predictor(named) == found
    assert predictor(pairs[0])[0]["answer"] == found[0]["answer"]


def test_words_get_labels(small_config, tokenizer, tmp_path):
    folder = saved(
        tf_albert.AlbertTokenClassifier, small_config, tokenizer, tmp_path / "m", labels=NAMES
    )
    predictor = tf_albert.load_predictor(folder)
    (found,) = predictor("a value of")
    assert found["words"] == ["a", "value", "of"]
    assert set(found["labels"]) <= set(NAMES)
    assert predictor([["a", "value", "of"]]) == [found]
    (spaced,) = predictor([["a b", "value"]])  # a word is what was given as one
    assert spaced["words"] == ["a b", "value"]


def test_options_are_chosen_from(small_config, tokenizer, tmp_path):
    folder = saved(tf_albert.AlbertMultipleChoice, small_config, tokenizer, tmp_path / "m")
    predictor = tf_albert.load_predictor(folder)
    asked = [("a value", "Which?", ["one", "two"]), ("none", "What is _ ?", ["a", "b", "c"])]
    found = predictor(asked)
    assert [one["question"] for one in found] == ["Which?", "What is _ ?"]
    assert all(one["answer"] in options for one, (*_, options) in zip(found, asked, strict=True))
    names = ("passage", "question", "options")
    assert predictor([dict(zip(names, one, strict=True)) for one in asked]) == found


@pytest.mark.parametrize("inputs", [[("a", "b", "c")], [{"textt": "a"}], [3], [("a", 3)]])
def test_an_example_of_another_form_is_shown(small_config, tokenizer, tmp_path, inputs):
    folder = saved(
        tf_albert.AlbertClassifier, small_config, tokenizer, tmp_path / "m", labels=NAMES
    )
    with pytest.raises(ValueError, match=r"An example must be of \d parts?: text"):
        tf_albert.load_predictor(folder)(inputs)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("AlbertClassifier", "The language."),
        ("AlbertSpanLabeler", ("What?", "a value of the object")),
        ("AlbertTokenClassifier", "a value of"),
        ("AlbertMultipleChoice", ("a value", "Which?", ["one", "two"])),
    ],
)
def test_rows_are_no_longer_than_the_model_has_positions(
    small_config, tokenizer, tmp_path, name, asked
):
    """Of a model that was saved without a preprocessor nothing says how long its rows were."""
    arguments = {"labels": NAMES} if name.endswith("Classifier") else {}
    model = getattr(tf_albert, name)(small_config, **arguments)
    model.save_pretrained(tmp_path / "m", tokenizer)
    assert read_task(tmp_path / "m")["sequence_length"] == 41
    assert len(tf_albert.load_predictor(tmp_path / "m")([asked])) == 1


def test_an_encoder_does_no_task(small_config, tokenizer, tmp_path):
    tf_albert.AlbertEncoder(small_config).save_pretrained(tmp_path / "m", tokenizer)
    for load in (tf_albert.load_predictor, TextClassificationPredictor.from_pretrained):
        with pytest.raises(ValueError, match=r"was not fine-tuned: .*`tf-albert finetune` makes"):
            load(tmp_path / "m")


def test_what_a_script_saved_goes_into_every_command(small_config, tokenizer, tmp_path, capsys):
    from tf_albert.cli.main import main

    folder = saved(
        tf_albert.AlbertClassifier, small_config, tokenizer, tmp_path / "m", labels=NAMES
    )
    (tmp_path / "dev.tsv").write_text("review\tmark\nThe language.\tO\nnone\tB-PER\n")
    (tmp_path / "texts.txt").write_text("The language.\nnone\n")
    predict = ["predict", "--model", str(folder), "--input"]
    evaluate = ["evaluate", "--model", str(folder), "--data", str(tmp_path / "dev.tsv")]
    assert main([*evaluate, "--text-column", "review", "--label-column", "mark"]) == 0
    assert main(evaluate) == 2
    assert "no column 'text'. Columns: review, mark" in capsys.readouterr().err
    assert main(["export", "--model", str(folder), "--output", str(tmp_path / "modules")]) == 0
    assert main([*predict, str(tmp_path / "texts.txt")]) == 0
    assert capsys.readouterr().out.count('"label": ') == 2
    import tensorflow as tf

    module = tf.saved_model.load(str(tmp_path / "modules/classifier"))
    (label,) = module(tf.constant(["none"]))["label"].numpy()
    assert label.decode() in NAMES
