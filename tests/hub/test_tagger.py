"""The tagger's module, in the hands of a process that never imports tf_albert."""

import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import tf_albert
from tests.helpers import random_inputs
from tests.hub.conftest import SEQUENCE_LENGTH, TAGS, run_script
from tests.tasks.token_classification.reference import places_of_words
from tf_albert.modeling.encoder import INPUTS
from tf_albert.tasks.token_classification.predictor import (
    TokenClassificationDescription,
    TokenClassificationPredictor,
)
from tf_albert.text.packing import pack_inputs

TEXTS = [
    "the list is a\u3000fine object",
    "",
    "  ",
    "é\u0301 \u0301東京\x1c½\x85x\x00y \u0301 for 😀",
    # Longer than a row.
    "the object is " * 20,
]
# Letters of one byte to four, marks, white space, what becomes several letters, what becomes none.
LETTERS = st.sampled_from("aetns  ,.12é\u0301½東😀\u3000\u200b\x00ß\x1c\xa0")


@pytest.fixture(scope="module")
def ids(tagger):
    """The encoder's inputs of five rows."""
    inputs = random_inputs(tagger.model.config)
    return {name: inputs[name] for name in INPUTS}


@pytest.fixture(scope="module")
def found(tagger_folder, ids):
    """What `tagging_stranger.py` found."""
    np.savez(tagger_folder / "inputs.npz", **ids)
    (tagger_folder / "texts.json").write_text(json.dumps([TEXTS]), encoding="utf-8")
    run_script("tagging_stranger.py", tagger_folder)
    return json.loads((tagger_folder / "found.json").read_text(encoding="utf-8"))


def decoded(outputs):
    """Returns outputs with the strings that are hexadecimal."""
    return outputs | {
        name: [[bytes.fromhex(one) for one in row] for row in outputs[name]]
        for name in ("word", "label")
    }


def assert_equal_labels(outputs, tagger, texts):
    """Asserts that a module's outputs are what Python says of some texts."""
    sentences = [tuple(text.split()) for text in texts]
    words = [[word.encode() for word in sentence] for sentence in sentences]
    assert outputs["word"] == words
    expected = [reference_labels(tagger, sentence) for sentence in sentences]
    assert tagger.labels_of(sentences) == expected
    assert outputs["label"] == [[label.encode() for label in row] for row in expected]
    assert pieces_of([text.encode() for text in texts], outputs) == words


def reference_labels(tagger, words):
    """Returns the labels of a sentence's words, each at the token that it begins with."""
    length = tagger.description.sequence_length
    ids = tf.constant([tagger.tokenizer.encode(" ".join(words)).ids], tf.int32)
    rows = tf.RaggedTensor.from_tensor(ids)
    inputs = pack_inputs([rows], length, tagger.tokenizer.special_ids)
    classes = np.argmax(tagger.model(inputs), axis=-1)[0]
    places = places_of_words(tagger.tokenizer, words, length)
    return [TAGS[classes[place]] if place else "O" for place in places]


def pieces_of(texts, outputs):
    """Returns what stands in texts where the outputs say that words are."""
    spans = zip(texts, outputs["start_byte"], outputs["end_byte"], strict=True)
    return [
        [text[begin:end] for begin, end in zip(*places, strict=True)] for text, *places in spans
    ]


@pytest.mark.parametrize("check", ["loaded", "layer", "in_model"])
def test_words_have_the_labels_of_python(found, tagger, check):
    outputs = decoded(found[check])
    assert_equal_labels(outputs, tagger, TEXTS)
    given = {label for row in outputs["label"] for label in row}
    assert len(given) > 2
    assert outputs["label"][-1][-1] == b"O"


def test_signature_pads_rows(found):
    outputs, rows = decoded(found["served"]), decoded(found["loaded"])
    longest = max(map(len, rows["word"]))
    for name, padding in (("word", b""), ("label", b""), ("start_byte", 0), ("end_byte", 0)):
        padded = [row + [padding] * (longest - len(row)) for row in rows[name]]
        assert outputs[name] == padded


def test_ids_become_labels_of_tokens(found, tagger, ids):
    logits = np.asarray(tagger.model(ids))
    np.testing.assert_allclose(found["token_logits"], logits, atol=1e-5)
    np.testing.assert_allclose(found["token_probabilities"], tf.nn.softmax(logits), atol=1e-5)
    labels = [[bytes.fromhex(one).decode() for one in row] for row in found["token_labels"]]
    expected = [[TAGS[index] for index in row] for row in logits.argmax(axis=2)]
    assert labels == expected
    assert len({label for row in labels for label in row}) > 2


def test_awkward_strings_do_no_harm(found):
    outputs = decoded(found["awkward"])
    texts = [bytes.fromhex(text) for text in found["awkward_texts"]]
    assert pieces_of(texts, outputs) == outputs["word"]
    assert list(map(len, outputs["label"])) == [2, 0, 0, 1, 1]
    assert all(rows == [] for rows in found["empty"].values())


def test_variables_are_those_that_the_call_uses(found, tagger):
    assert found["unlisted"] == 0
    assert found["trainable"] == len(tagger.model.trainable_variables)
    assert found["ours"] == []


@pytest.fixture(scope="module")
def loaded(tagger_folder):
    return tf.saved_model.load(str(tagger_folder / "tagger"))


@settings(max_examples=60)
@given(texts=st.lists(st.text(LETTERS, max_size=40), min_size=1, max_size=4))
def test_any_text_is_labelled_as_in_python(loaded, tagger, texts):
    outputs = {name: rows.to_list() for name, rows in loaded(tf.constant(texts)).items()}
    assert_equal_labels(outputs, tagger, texts)


def test_assets_and_provenance_tell_the_task(tagger_folder):
    folder = tagger_folder / "tagger"
    provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert (folder / "assets/labels.txt").read_text().splitlines() == TAGS
    assert (folder / "assets/spiece.model").is_file()
    assert provenance["labels"] == TAGS
    assert provenance["sequence_length"] == SEQUENCE_LENGTH
    assert provenance["note"] == "a test"


def test_what_labels_no_words_is_refused(tagger, tokenizer, tmp_path):
    model = tagger.model
    for wrong, message in (
        (model, r"`TokenClassificationPredictor`\. Received: AlbertTokenClassifier"),
        (
            TokenClassificationPredictor(None, tokenizer, tagger.description),
            r"`AlbertTokenClassifier`\. Received: None",
        ),
        (
            TokenClassificationPredictor(
                model, tokenizer, TokenClassificationDescription(["O"], 23)
            ),
            "4 classes; .* as many labels",
        ),
        (
            TokenClassificationPredictor(
                model, tokenizer, TokenClassificationDescription(TAGS, 42)
            ),
            "`max_position_embeddings`=41",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            tf_albert.hub.save_tagger(wrong, tmp_path / "module")
    assert not list(tmp_path.iterdir())
