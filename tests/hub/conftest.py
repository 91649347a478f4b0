"""Modules written once, and what a process without tf_albert found in them."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import random_inputs, randomize
from tests.processes import run_python

# Scripts for other processes: they must not be imported into this one for their doctests.
STRANGERS = ("answering", "depth", "encoder", "litert", "tagging", "text")
collect_ignore = [
    "choosing_checks.py",
    "consumer.py",
    *(f"{name}_stranger.py" for name in STRANGERS),
]

LABELS = ["bad", "so-so", "good"]
TAGS = ["B-LOC", "B-PER", "I-PER", "O"]
SEQUENCE_LENGTH = 23
# Of the answerers alone.
WINDOW_LENGTH, STRIDE = 37, 11


@pytest.fixture(scope="session")
def dropout_config(small_config):
    return small_config.replace(hidden_dropout_prob=0.2, attention_probs_dropout_prob=0.3)


@pytest.fixture(scope="session")
def task_config(dropout_config):
    """One layer: the encoder's modules have several."""
    return dropout_config.replace(num_hidden_layers=1)


@pytest.fixture(scope="session")
def pretrainer(dropout_config):
    from tf_albert import AlbertPretrainer

    return randomize(AlbertPretrainer(dropout_config))


@pytest.fixture(scope="session")
def classifier(task_config):
    from tf_albert import AlbertClassifier

    # Of these weights not all texts have the same label.
    return randomize(AlbertClassifier(task_config, num_classes=len(LABELS)), seed=3, scale=0.3)


@pytest.fixture(scope="session")
def regressor(task_config):
    from tf_albert import AlbertClassifier

    return randomize(AlbertClassifier(task_config, num_classes=1), seed=2)


@pytest.fixture(scope="session")
def preprocessor(tokenizer):
    from tf_albert import AlbertPreprocessor

    return AlbertPreprocessor(tokenizer, SEQUENCE_LENGTH)


@pytest.fixture(scope="session")
def chooser(task_config, tokenizer):
    from tf_albert import AlbertMultipleChoice
    from tf_albert.tasks.multiple_choice.predictor import (
        MultipleChoiceDescription,
        MultipleChoicePredictor,
    )

    model = randomize(AlbertMultipleChoice(task_config), seed=4)
    return MultipleChoicePredictor(model, tokenizer, MultipleChoiceDescription(SEQUENCE_LENGTH))


@pytest.fixture(scope="session")
def tagger(task_config, tokenizer):
    from tf_albert import AlbertTokenClassifier
    from tf_albert.tasks.token_classification.predictor import (
        TokenClassificationDescription,
        TokenClassificationPredictor,
    )

    model = AlbertTokenClassifier(task_config, num_classes=len(TAGS))
    return TokenClassificationPredictor(
        randomize(model, seed=2), tokenizer, TokenClassificationDescription(TAGS, SEQUENCE_LENGTH)
    )


@pytest.fixture(scope="session")
def tagger_folder(tagger, tmp_path_factory):
    """A folder with the module `tagger`."""
    import tf_albert

    folder = tmp_path_factory.mktemp("tagger")
    tf_albert.hub.save_tagger(tagger, folder / "tagger", {"note": "a test"})
    return folder


@pytest.fixture(scope="session")
def answerers(task_config, tokenizer):
    """An answerer of each task, by its name."""
    from tf_albert.tasks.question_answering.predictor import (
        MODEL_CLASSES,
        QuestionAnsweringDescription,
        QuestionAnsweringPredictor,
    )

    def answerer(task):
        model = randomize(MODEL_CLASSES[task](task_config), seed=3)
        return QuestionAnsweringPredictor(
            model, tokenizer, QuestionAnsweringDescription(task, WINDOW_LENGTH, STRIDE)
        )

    return {task: answerer(task) for task in MODEL_CLASSES}


@pytest.fixture(scope="session")
def answerers_folder(answerers, tmp_path_factory):
    """A folder with the module `squad`."""
    import tf_albert

    folder = tmp_path_factory.mktemp("answerers")
    tf_albert.hub.save_answerer(answerers["squad"], folder / "squad", {"note": "a test"})
    return folder


@pytest.fixture(scope="session")
def texts(corpus):
    """Two batches of seven texts, the second for pairs; some are longer than the modules' rows."""
    return [*corpus[3:8], "", "Überall 1,234."], corpus[20:27]


@pytest.fixture(scope="session")
def questions(corpus):
    """Contexts, questions and five choices for each; most contexts are longer than a row.

    Half of the questions have a gap, most of these another `_` behind it.
    """
    contexts = [*(" ".join(corpus[n : n + n]) for n in range(1, 8)), "", "  Ada wrote _ .\n"]
    asked = [f"{line[:9]}_{line[9:15]}_" for line in corpus[30:34]] + corpus[34:37] + ["", "_"]
    choices = [[corpus[40 + row][: 3 * n] for n in range(5)] for row in range(len(asked))]
    return {"context": contexts, "question": asked, "choices": choices}


@pytest.fixture(scope="session")
def model_inputs(small_config):
    return random_inputs(small_config)


@pytest.fixture(scope="session")
def modules(
    tmp_path_factory,
    pretrainer,
    classifier,
    regressor,
    chooser,
    preprocessor,
    texts,
    questions,
    model_inputs,
):
    """A folder with the modules `encoder`, `preprocessor`, `classifier`, `regressor`, `chooser`.

    Beside them lies `others/labels`, a classifier of which any number of labels may hold.
    """
    import tf_albert

    folder = tmp_path_factory.mktemp("modules")
    tf_albert.hub.save_encoder(pretrainer, folder / "encoder", {"note": "a test"})
    tf_albert.hub.save_preprocessor(preprocessor, folder / "preprocessor")
    tf_albert.hub.save_classifier(classifier, preprocessor, folder / "classifier", LABELS)
    tf_albert.hub.save_classifier(regressor, preprocessor, folder / "regressor", num_segments=2)
    tf_albert.hub.save_classifier(
        classifier, preprocessor, folder / "others/labels", LABELS, multi_label=True
    )
    tf_albert.hub.save_chooser(chooser, folder / "chooser", {"note": "a test"})
    np.savez(folder / "inputs.npz", **model_inputs)
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    (folder / "questions.json").write_text(json.dumps(questions), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def exported(modules, tagger_folder, answerers_folder):
    """The folders of all modules that `tf-albert export` writes, by name."""
    others = {"answerer": answerers_folder / "squad", "tagger": tagger_folder / "tagger"}
    return {path.parent.name: path.parent for path in modules.glob("*/saved_model.pb")} | others


@pytest.fixture(scope="session")
def found(modules):
    """What the consumers found: a function of a check's name to its arrays and values."""
    run_script("encoder_stranger.py", modules)
    return run_stranger("text_stranger.py", modules)


def run_stranger(script, folder):
    """Runs a script on a folder of modules, as `run_script` does.

    Returns:
        function of a check's name to what the check found: its arrays and values.
    """
    run_script(script, folder)

    def of(check):
        error = folder / f"{check}.error"
        assert not error.exists(), error.read_text(encoding="utf-8")
        with np.load(folder / f"{check}.npz") as arrays:
            return dict(arrays)

    return of


def run_script(script, folder):
    """Runs a script on a folder of modules in a process that has not imported tf_albert."""
    result = run_python(Path(__file__).with_name(script), folder, folder=folder)
    assert result.returncode == 0, result.stderr
