"""Releases of each kind of run, and the verifier's check of each."""

import json

import pytest

import tf_albert
from export import publish, verify
from tests.helpers import randomize
from tf_albert.convert.native.write import save_pretrained


@pytest.mark.parametrize(
    ("num_classes", "options", "found"),
    [
        (
            3,
            {"labels": ["old", "red", "tall"], "multi_label": True},
            "text to holds, logits, probabilities",
        ),
        (1, {"num_segments": 2}, "text_a and text_b to score"),
    ],
    ids=["any labels", "a number"],
)
def test_other_classifiers_are_verified(
    small_config, tokenizer, tmp_path, num_classes, options, found
):
    config = small_config.replace(num_hidden_layers=1)
    model = randomize(tf_albert.AlbertClassifier(config, num_classes=num_classes))
    preprocessor = tf_albert.AlbertPreprocessor(tokenizer, 21)
    tf_albert.hub.save_classifier(model, preprocessor, tmp_path / "classifier", **options)
    assert verify.check_classifier(tmp_path) == found


@pytest.fixture(scope="module")
def pretraining_run(small_config, tokenizer, tmp_path_factory):
    model = randomize(tf_albert.AlbertPretrainer(small_config.replace(num_hidden_layers=1)))
    folder = tmp_path_factory.mktemp("runs") / "pretraining"
    model.save_pretrained(folder, tokenizer)
    return folder


def test_pretraining_run_has_no_classifier(pretraining_run, tmp_path, capsys):
    output = tmp_path / "release"
    assert publish.main([str(pretraining_run), "--output", str(output)]) == 0
    assert "preprocessor, encoder" in capsys.readouterr().out
    assert not (output / "classifier").exists()
    provenance = json.loads((output / "preprocessor/provenance.json").read_text())
    assert provenance["sequence_length"] == 41
    assert provenance["run"]["model_class"] == "AlbertPretrainer"
    # Its release may be replaced; the checks that need no module are quick.
    verify.check_sums(output)
    verify.check_archives(output)


@pytest.fixture(scope="module")
def squad_run(small_config, tokenizer, tmp_path_factory):
    config = small_config.replace(num_hidden_layers=1)
    model = randomize(tf_albert.AlbertAnswerableSpanLabeler(config))
    folder = tmp_path_factory.mktemp("runs") / "squad"
    task = {"task": "squad2", "sequence_length": 31, "stride": 8, "null_threshold": 9.5}
    save_pretrained(model, folder, tokenizer, {"task": task})
    return folder


def test_squad_run_has_an_answerer(squad_run, tmp_path, capsys):
    output = tmp_path / "release"
    assert publish.main([str(squad_run), "--output", str(output)]) == 0
    assert "preprocessor, encoder, answerer" in capsys.readouterr().out
    assert verify.check_answerer in verify.checks_of(output)
    assert "question and context to answer" in verify.check_answerer(output)
    provenance = json.loads((output / "answerer/provenance.json").read_text())
    assert (provenance["sequence_length"], provenance["stride"]) == (31, 8)
    assert provenance["null_threshold"] == 9.5
    page = (output / "answerer.md").read_text(encoding="utf-8")
    assert 'answerer = hub.KerasLayer("answerer")' in page


def test_run_of_tagged_sentences_has_a_tagger(small_config, tokenizer, tmp_path, capsys):
    config = small_config.replace(num_hidden_layers=1)
    model = randomize(tf_albert.AlbertTokenClassifier(config, num_classes=2))
    task = {"task": "conll", "labels": ["B-LOC", "O"], "sequence_length": 19}
    save_pretrained(model, tmp_path / "run", tokenizer, {"task": task})
    output = tmp_path / "release"
    assert publish.main([str(tmp_path / "run"), "--output", str(output)]) == 0
    assert "preprocessor, encoder, tagger" in capsys.readouterr().out
    assert verify.check_tagger in verify.checks_of(output)
    assert verify.check_tagger(output) == "text to end_byte, label, start_byte, word"
    page = (output / "tagger.md").read_text(encoding="utf-8")
    assert "Nothing is known of how well it does." in page
    assert 'tagger = hub.KerasLayer("tagger")' in page
    assert "| Labels | B-LOC, O |" in page


def test_run_of_multiple_choice_has_a_chooser(small_config, tokenizer, tmp_path, capsys):
    model = randomize(tf_albert.AlbertMultipleChoice(small_config.replace(num_hidden_layers=1)))
    save_pretrained(
        model, tmp_path / "run", tokenizer, {"task": {"task": "race", "sequence_length": 33}}
    )
    output = tmp_path / "release"
    assert publish.main([str(tmp_path / "run"), "--output", str(output)]) == 0
    assert "preprocessor, encoder, chooser" in capsys.readouterr().out
    assert verify.check_chooser in verify.checks_of(output)
    assert verify.check_chooser(output) == (
        "context, question, choices to choice, index, logits, probabilities"
    )
    provenance = json.loads((output / "chooser/provenance.json").read_text())
    assert (provenance["task"], provenance["sequence_length"]) == ("race", 33)
    page = (output / "chooser.md").read_text(encoding="utf-8")
    assert 'chooser = hub.KerasLayer("chooser")' in page
    assert "| Sequence length | 33 |" in page
