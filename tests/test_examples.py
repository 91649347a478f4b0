"""The examples in docstrings that need a model's folder, run as they stand beside small ones."""

import ast
import dataclasses
import importlib
import textwrap

import keras
import pytest
import tensorflow as tf

import tf_albert
from tests.helpers import REPOSITORY
from tests.training.recipes import small_model
from tf_albert.convert.native.write import save_pretrained
from tf_albert.data.prepare import prepare
from tf_albert.tasks.multiple_choice.predictor import (
    MultipleChoiceDescription,
    MultipleChoicePredictor,
)
from tf_albert.tasks.question_answering.predictor import (
    QuestionAnsweringDescription,
    QuestionAnsweringPredictor,
)
from tf_albert.tasks.text_classification.predictor import TextClassificationDescription
from tf_albert.tasks.token_classification.predictor import (
    TokenClassificationDescription,
    TokenClassificationPredictor,
)

LENGTH = 32


def examples():
    """Gives a module, what it defines, and the code under the `Example::` of that."""
    for path in sorted((REPOSITORY / "tf_albert").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                _, marker, code = (ast.get_docstring(node) or "").partition("Example::\n")
                if marker:
                    module = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
                    code = textwrap.dedent(code)
                    yield pytest.param(module, node.name, code, id=f"{module}.{node.name}")


@pytest.fixture(scope="module")
def config(tokenizer):
    return small_model(tokenizer.vocab_size).replace(max_position_embeddings=128)


@pytest.fixture(scope="module")
def names(config, tokenizer):
    """What the examples name without making it."""
    import ai_edge_litert.interpreter
    import tensorflow_hub

    return {
        "AlbertTokenizer": tf_albert.AlbertTokenizer,
        "MultipleChoicePredictor": MultipleChoicePredictor,
        "QuestionAnsweringPredictor": QuestionAnsweringPredictor,
        "TokenClassificationPredictor": TokenClassificationPredictor,
        "ai_edge_litert": ai_edge_litert,
        "classifier": tf_albert.AlbertClassifier(config.replace(num_hidden_layers=2), 2),
        "encoder": tf_albert.AlbertEncoder(config.replace(num_hidden_layers=2)),
        "hub": tensorflow_hub,
        "keras": keras,
        "preprocess": tf_albert.AlbertPreprocessor(tokenizer, LENGTH),
        "tf": tf,
        "tf_albert": tf_albert,
        "tokenizer": tokenizer,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory, config, tokenizer, corpus, names):
    """A folder with runs, a module, a vocabulary, text and its shards."""
    folder = tmp_path_factory.mktemp("examples")
    tags = ["B-LOC", "B-PER", "O"]
    labelled = TextClassificationDescription(
        ["0", "1"], ["sentence"], "label", LENGTH, num_segments=1
    )
    runs = {
        "sst2": (tf_albert.AlbertClassifier(config, 2), labelled),
        "squad": (
            tf_albert.AlbertSpanLabeler(config),
            QuestionAnsweringDescription("squad", LENGTH, 11),
        ),
        "race": (tf_albert.AlbertMultipleChoice(config), MultipleChoiceDescription(LENGTH)),
        "conll": (
            tf_albert.AlbertTokenClassifier(config, len(tags)),
            TokenClassificationDescription(tags, LENGTH),
        ),
    }
    for name, (model, description) in runs.items():
        task = dataclasses.asdict(description)
        save_pretrained(model, folder / "runs" / name / "model", tokenizer, {"task": task})
    tf_albert.AlbertEncoder(config).save_pretrained(folder / "runs/tiny", tokenizer)
    tf_albert.hub.save_encoder(names["encoder"], folder / "modules/encoder")
    (folder / "spiece.model").write_bytes(tokenizer.model_proto)
    (folder / "corpus.txt").write_text("\n".join(corpus[:4000]), encoding="utf-8")
    prepare([str(folder / "corpus.txt")], folder / "shards", folder / "spiece.model")
    return folder


@pytest.mark.parametrize(("module", "name", "code"), list(examples()))
def test_example_runs(module, name, code, folder, names, monkeypatch):
    monkeypatch.chdir(folder)
    # What an example is about needs no import there.
    own = {name: getattr(importlib.import_module(module), name, None)}
    exec(compile(code, "<example>", "exec"), names | own)
