"""The chooser's module, in the hands of a process that never imports tf_albert."""

import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import tf_albert
from tests.hub.conftest import SEQUENCE_LENGTH
from tests.text.test_choices import with_choice
from tf_albert.modeling.encoder import INPUTS
from tf_albert.tasks.multiple_choice.data import Choice
from tf_albert.tasks.multiple_choice.predictor import (
    MultipleChoiceDescription,
    MultipleChoicePredictor,
)

# Letters of one byte to four, marks, white space, what becomes several letters, what becomes none.
LETTERS = st.sampled_from("aetn_ ,.12é\u0301½東😀\u3000\u200b\x00ß\n")


def probabilities_of(chooser, context, question, choices):
    """Returns what Python says of questions, whose gaps it has filled with its own strings."""
    columns = zip(context, question, choices, strict=True)
    return chooser.probabilities(
        [
            Choice("", passage, "_", tuple(with_choice(asked, option) for option in options), 0)
            for passage, asked, options in columns
        ]
    )


@pytest.fixture(scope="module")
def expected(chooser, questions):
    return probabilities_of(chooser, **questions)


@pytest.mark.parametrize("check", ["choose", "choose_in_model", "choose_served"])
def test_choices_are_those_of_python(found, expected, questions, check):
    outputs = found(check)
    assert set(outputs) == {"logits", "probabilities", "index", "choice"}
    np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5)
    np.testing.assert_allclose(tf.nn.softmax(outputs["logits"]), expected, atol=1e-5)
    best = expected.argmax(axis=1)
    assert len(set(best)) > 2
    assert outputs["index"].dtype == np.int32
    assert outputs["index"].tolist() == best.tolist()
    texts = zip(questions["choices"], best, strict=True)
    assert outputs["choice"].tolist() == [choices[index] for choices, index in texts]


def test_contexts_are_cut_and_are_not(preprocessor, questions):
    sizes = preprocessor.tokenizer(questions["context"]).row_lengths().numpy()
    assert sum(sizes > 4 * SEQUENCE_LENGTH) >= 3
    assert sum(sizes < SEQUENCE_LENGTH // 2) >= 2


def test_another_call_may_have_another_number_of_choices(found, chooser, questions):
    choices = [options[2:4] for options in questions["choices"]]
    expected = probabilities_of(chooser, **questions | {"choices": choices})
    np.testing.assert_allclose(found("choose_of_two")["probabilities"], expected, atol=1e-5)


def test_ids_become_what_the_model_says(found, chooser, model_inputs):
    rows = {name: model_inputs[name] for name in INPUTS}
    inputs = {name: tf.stack([ids, ids[::-1]], axis=1) for name, ids in rows.items()}
    expected, outputs = chooser.model(inputs), found("choose_ids")
    assert set(outputs) == {"logits", "probabilities", "index"}
    np.testing.assert_allclose(outputs["logits"], expected, atol=1e-5)
    np.testing.assert_allclose(outputs["probabilities"], tf.nn.softmax(expected), atol=1e-5)


def test_awkward_strings_do_no_harm(found):
    outputs = found("choose_awkward")
    assert outputs["awkward"].shape == (4, 4)
    np.testing.assert_allclose(outputs["awkward"].sum(axis=1), np.ones(4), rtol=1e-5)
    assert outputs["empty"].shape == (0, 4)
    assert outputs["no_choice"].shape == (0,)


def test_texts_that_do_not_belong_together_are_told(found):
    messages = found("choose_refused")
    assert "Each question needs its context" in str(messages["context"])
    assert "Each question needs its choices" in str(messages["choices"])
    assert "Each question needs at least one choice" in str(messages["none"])


def test_dropout_acts_in_training_alone(found):
    spread = found("choose_dropout")
    assert spread["without"] == 0
    assert spread["with"] > 1e-3


def test_one_fit_step_changes_every_weight_but_the_key_bias(found):
    distances = found("choose_fit")
    still = [name for name, distance in distances.items() if not distance > 1e-6]
    assert len(distances) == 27
    assert [name for name in still if "key/bias" not in name] == []
    assert len(still) == 1


@pytest.fixture(scope="module")
def loaded(modules):
    return tf.saved_model.load(str(modules / "chooser"))


def test_any_text_is_chosen_as_in_python(loaded, chooser):
    text = st.text(LETTERS, max_size=30)
    options = st.lists(text, min_size=3, max_size=3)

    @settings(max_examples=50)
    @given(rows=st.lists(st.tuples(text, text, options), min_size=1, max_size=4))
    def check(rows):
        texts = dict(zip(("context", "question", "choices"), zip(*rows, strict=True), strict=True))
        outputs = loaded({name: tf.constant(column) for name, column in texts.items()})
        expected = probabilities_of(chooser, **texts)
        np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5)

    check()


def test_assets_and_provenance_tell_the_task(modules):
    folder = modules / "chooser"
    provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert (folder / "assets/spiece.model").is_file()
    assert provenance["model_class"] == "AlbertMultipleChoice"
    assert provenance["task"] == "race"
    assert provenance["sequence_length"] == SEQUENCE_LENGTH
    assert provenance["note"] == "a test"


def test_what_cannot_choose_is_refused(chooser, tokenizer, tmp_path):
    model, description = chooser.model, MultipleChoiceDescription(SEQUENCE_LENGTH)
    long = MultipleChoiceDescription(42)
    for wrong, message in (
        (model, r"`MultipleChoicePredictor`\. Received: AlbertMultipleChoice"),
        (
            MultipleChoicePredictor(None, tokenizer, description),
            "`AlbertMultipleChoice`. Received: NoneType",
        ),
        (MultipleChoicePredictor(model, tokenizer, long), "`max_position_embeddings`=41"),
    ):
        with pytest.raises(ValueError, match=message):
            tf_albert.hub.save_chooser(wrong, tmp_path / "module")
    assert not list(tmp_path.iterdir())
