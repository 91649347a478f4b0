"""The original's model of SQuAD 2.0 against a description of it in NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import reference
from tests.elsewhere import outputs_elsewhere
from tests.helpers import random_inputs, randomize, reference_weights
from tests.modeling.task_models import assert_same_outputs
from tf_albert import AlbertAnswerableSpanLabeler, AlbertEncoder, AlbertSpanLabeler

LENGTHS = [17, 9, 12, 6, 14]
STARTS = np.array([4, 0, 7, 3, 11])
NAMES = ("input_word_ids", "input_mask", "input_type_ids")


def rows_of(config):
    """Returns five rows of a question of two tokens and a context, from 6 to 17 tokens long."""
    inputs = {name: np.array(random_inputs(config)[name]) for name in NAMES}
    columns = np.arange(17)[None]
    inputs["input_mask"] = (columns < np.array(LENGTHS)[:, None]).astype("int32")
    inputs["input_word_ids"] *= inputs["input_mask"]
    inputs["input_type_ids"] = ((columns >= 4) * inputs["input_mask"]).astype("int32")
    return inputs


@pytest.fixture
def labeler(small_config):
    return randomize(AlbertAnswerableSpanLabeler(small_config, dropout=0.25))


def test_logits_for_given_starts_equal_the_reference(labeler, small_config):
    inputs = rows_of(small_config)
    expected = reference.answer_logits(reference_weights(labeler), small_config, inputs, STARTS)
    outputs = labeler(inputs | {"start_positions": STARTS})
    assert sorted(outputs) == ["end_logits", "no_answer_logits", "start_logits"]
    for name, logits in zip(
        ("start_logits", "end_logits", "no_answer_logits"), expected, strict=True
    ):
        np.testing.assert_allclose(outputs[name], logits, rtol=1e-6, atol=1e-5, err_msg=name)


def test_beam_is_the_five_likeliest_starts_and_ends_of_each(labeler, small_config):
    inputs, weights = rows_of(small_config), reference_weights(labeler)
    outputs = {name: np.asarray(value) for name, value in labeler(inputs).items()}
    start_logits, _, no_answer = reference.answer_logits(weights, small_config, inputs, STARTS)
    start_log_probs = reference.log_softmax(start_logits)
    # Six tokens leave three places: the first token and two of the context.
    num_places = np.minimum(np.array(LENGTHS) - 4, 5)
    assert sorted(set(num_places)) == [2, 5]
    for row, places in enumerate(num_places):
        starts = np.argsort(-start_log_probs[row])[:places]
        np.testing.assert_array_equal(outputs["start_top_positions"][row, :places], starts)
        for rank, start in enumerate(starts):
            given = np.full(5, start)
            _, end_logits, _ = reference.answer_logits(weights, small_config, inputs, given)
            log_probs = reference.log_softmax(end_logits)[row]
            ends = np.argsort(-log_probs)[:places]
            found = outputs["end_top_positions"][row, rank, :places]
            np.testing.assert_array_equal(found, ends)
            np.testing.assert_allclose(
                outputs["end_top_log_probs"][row, rank, :places], log_probs[ends], atol=1e-5
            )
    np.testing.assert_allclose(outputs["no_answer_logits"], no_answer, atol=1e-5)


def test_question_separators_and_padding_are_never_probable(labeler, small_config):
    inputs = rows_of(small_config)
    outputs = labeler(inputs | {"start_positions": STARTS})
    for name in ("start_logits", "end_logits"):
        probabilities = keras.ops.softmax(outputs[name]).numpy()
        for row, length in enumerate(LENGTHS):
            (possible,) = np.nonzero(probabilities[row])
            assert set(possible) <= {0, *range(4, length - 1)}


def test_padding_is_not_computed_and_changes_nothing(labeler, small_config):
    inputs = rows_of(small_config) | {"start_positions": STARTS}
    flat = {name: value.numpy() for name, value in labeler(inputs).items()}
    labeler.encoder.skip_padding = False
    for name, padded in labeler(inputs).items():
        np.testing.assert_allclose(flat[name], padded, rtol=1e-6, atol=1e-5)


def test_only_the_pooler_is_without_a_gradient(labeler, small_config):
    with tf.GradientTape() as tape:
        outputs = labeler(rows_of(small_config) | {"start_positions": STARTS})
        loss = sum(
            tf.reduce_sum(tf.nn.log_softmax(value)[..., 5])
            for value in (outputs["start_logits"], outputs["end_logits"])
        )
        loss += tf.reduce_sum(outputs["no_answer_logits"])
    gradients = tape.gradient(loss, [weight.value for weight in labeler.weights])
    without = [
        weight.path
        for weight, gradient in zip(labeler.weights, gradients, strict=True)
        if gradient is None
    ]
    assert without == [weight.path for weight in labeler.encoder.pooler.weights]
    assert [weight.path for weight in labeler.non_trainable_weights] == without


def test_dropout_acts_on_the_logit_of_no_answer_alone(labeler, small_config):
    inputs = rows_of(small_config) | {"start_positions": STARTS}
    calm, trained = labeler(inputs), labeler(inputs, training=True)
    np.testing.assert_array_equal(trained["start_logits"], calm["start_logits"])
    np.testing.assert_array_equal(trained["end_logits"], calm["end_logits"])
    assert np.abs(trained["no_answer_logits"] - calm["no_answer_logits"]).max() > 0.01


def test_folder_returns_the_model_with_its_heads(labeler, small_config, tmp_path):
    labeler.save_pretrained(tmp_path / "model")
    copy = AlbertAnswerableSpanLabeler.from_pretrained(tmp_path / "model")
    assert copy.head_arguments() == {"dropout": 0.25}
    assert_same_outputs(copy, labeler, rows_of(small_config))


def test_keras_file_returns_the_model(labeler, small_config, tmp_path, stranger):
    inputs = rows_of(small_config)
    loaded = outputs_elsewhere(labeler, inputs, stranger, tmp_path)
    assert_same_outputs(lambda _: loaded, labeler, inputs)


def test_plain_span_labeler_gives_its_encoder(small_config, tmp_path):
    plain = randomize(AlbertSpanLabeler(AlbertEncoder(small_config)))
    plain.save_pretrained(tmp_path / "plain")
    model = AlbertAnswerableSpanLabeler.from_pretrained(tmp_path / "plain")
    for ours, theirs in zip(model.encoder.get_weights(), plain.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("target", ["huggingface", "google", "keras_hub"])
def test_no_format_of_others_has_it(labeler, tmp_path, target):
    from tf_albert.convert import formats

    labeler.save_pretrained(tmp_path / "model")
    with pytest.raises(
        ValueError, match=r"AlbertAnswerableSpanLabeler.* Convert the encoder alone"
    ):
        formats.convert(tmp_path / "model", tmp_path / "out", target)
    assert not (tmp_path / "out").exists()


def test_rows_shorter_than_the_beam_are_refused(labeler):
    ids = np.ones((2, 4), "int32")
    with pytest.raises(ValueError, match=r"Rows of 4 tokens are too short.*Pad the rows\."):
        labeler(dict.fromkeys(NAMES, ids))
