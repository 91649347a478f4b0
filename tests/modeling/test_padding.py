"""No work on padding: the same numbers and gradients as with it."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from tests.helpers import randomize, reference_weights
from tf_albert import (
    AlbertClassifier,
    AlbertEncoder,
    AlbertMultipleChoice,
    AlbertPretrainer,
    AlbertSpanLabeler,
    AlbertTokenClassifier,
)

# Keras asks whether a softmax over one token is meant; a token alone attends to itself.
pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1:UserWarning")

SHARING = {
    "shared": {},
    "shared attention": {"parameter_sharing": "attention"},
    "shared ffn": {"parameter_sharing": "ffn"},
    "nothing shared": {"parameter_sharing": "none"},
    "groups": {"num_hidden_layers": 4, "num_hidden_groups": 2, "inner_group_num": 2},
}
lengths = st.one_of(
    st.lists(st.integers(1, 23), min_size=1, max_size=7),
    st.tuples(st.integers(1, 23), st.integers(1, 7)).map(lambda pair: [pair[0]] * pair[1]),
)


def rows_of(lengths, config, padding=0):
    """Returns the pretrainer's inputs: rows of given lengths, and more padding still."""
    random = np.random.default_rng(len(lengths))
    width = max(lengths) + padding
    mask = (np.arange(width) < np.array(lengths)[:, None]).astype("int32")
    return {
        "input_word_ids": random.integers(1, config.vocab_size, mask.shape, "int32") * mask,
        "input_mask": mask,
        "input_type_ids": random.integers(0, config.type_vocab_size, mask.shape, "int32") * mask,
        "masked_lm_positions": random.integers(0, np.array(lengths)[:, None], (len(lengths), 4)),
    }


def test_batch_without_a_row_has_outputs_without_a_row(small_config):
    classifier = AlbertClassifier(AlbertEncoder(small_config), num_classes=3)
    names = ("input_word_ids", "input_mask", "input_type_ids")
    assert classifier({name: tf.zeros((0, 17), "int32") for name in names}).shape == (0, 3)


@pytest.mark.parametrize("changes", SHARING.values(), ids=SHARING.keys())
def test_logits_equal_the_reference(small_config, changes):
    config = small_config.replace(**changes)
    pretrainer = randomize(AlbertPretrainer(config))
    weights = reference_weights(pretrainer)

    @settings(max_examples=6)
    @given(lengths=lengths, padding=st.integers(0, 3))
    def check(lengths, padding):
        inputs = rows_of(lengths, config, padding)
        expected = reference.pretrain_logits(weights, config, inputs)
        for name, logits in pretrainer(inputs).items():
            np.testing.assert_allclose(logits, expected[name], atol=1e-5, err_msg=name)

    check()


@pytest.mark.parametrize("changes", SHARING.values(), ids=SHARING.keys())
def test_gradients_equal_those_of_padded_rows(small_config, changes):
    config = small_config.replace(**changes)
    pretrainer = randomize(AlbertPretrainer(config))

    @settings(max_examples=4)
    @given(lengths=lengths, padding=st.integers(0, 3))
    def check(lengths, padding):
        assert_same_gradients(pretrainer, rows_of(lengths, config, padding))

    check()


def test_classifiers_equal_those_of_padded_rows(small_config):
    """The last layer's work on the first token alone is all that its result depends on."""
    classifier = randomize(AlbertClassifier(AlbertEncoder(small_config), num_classes=3))
    weights = reference_weights(classifier)

    @settings(max_examples=6)
    @given(lengths=lengths, padding=st.integers(0, 3))
    def check(lengths, padding):
        inputs = rows_of(lengths, small_config, padding)
        pooled = reference.encode(weights, small_config, inputs)["pooled_output"]
        expected = reference.dense(pooled, weights["head"])
        np.testing.assert_allclose(classifier(inputs), expected, atol=1e-5)
        assert_same_gradients(classifier, inputs)

    check()


def test_choices_equal_those_of_padded_rows(small_config):
    model = randomize(AlbertMultipleChoice(AlbertEncoder(small_config)))
    rows = rows_of([7, 1, 5, 11, 2, 3], small_config)
    del rows["masked_lm_positions"]
    assert_same_gradients(model, {name: row.reshape(2, 3, 11) for name, row in rows.items()})


@pytest.mark.parametrize(
    ("model_class", "arguments", "fill"),
    [(AlbertSpanLabeler, {}, -1e30), (AlbertTokenClassifier, {"num_classes": 7}, 0.0)],
)
def test_models_of_tokens_equal_those_of_padded_rows(small_config, model_class, arguments, fill):
    model = randomize(model_class(AlbertEncoder(small_config), **arguments))
    weights = reference_weights(model)

    @settings(max_examples=6)
    @given(lengths=lengths, padding=st.integers(0, 3))
    def check(lengths, padding):
        inputs = rows_of(lengths, small_config, padding)
        expected = reference.token_logits(weights, small_config, inputs, fill)
        logits = model(inputs)
        if model_class is AlbertSpanLabeler:
            logits = np.stack([logits["start_logits"], logits["end_logits"]], axis=-1)
        np.testing.assert_allclose(logits, expected, atol=1e-5)
        assert_same_gradients(model, inputs)

    check()


def assert_same_gradients(model, inputs):
    def outputs_and_gradients(skip_padding):
        model.encoder.skip_padding = skip_padding
        with tf.GradientTape() as tape:
            outputs = tf.nest.flatten(model(inputs))
            loss = sum(tf.reduce_mean(tf.sin(3.0 * output)) for output in outputs)
        values = [variable.value for variable in model.trainable_variables]
        return outputs, [tf.convert_to_tensor(part) for part in tape.gradient(loss, values)]

    (flat, gradients), (padded, expected) = (outputs_and_gradients(skip) for skip in (True, False))
    for got, want in zip(flat, padded, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-5)
    for got, want, variable in zip(gradients, expected, model.trainable_variables, strict=True):
        scale = max(np.abs(want).max(), 0.1)
        np.testing.assert_allclose(got, want, atol=1e-5 * scale, err_msg=variable.path)


def test_no_row_is_computed_for_padding(small_config, monkeypatch):
    """Everything but attention sees as many rows as there are tokens."""
    seen = []
    pretrainer = AlbertPretrainer(small_config)
    feed_forward = pretrainer.encoder.feed_forwards[0]
    call = feed_forward.call
    monkeypatch.setattr(
        feed_forward, "call", lambda x, **options: seen.append(x.shape) or call(x, **options)
    )
    inputs = rows_of([2, 9, 5], small_config)
    pretrainer(inputs)
    assert seen == [(16, 28)] * 2
    seen.clear()
    pretrainer.encoder.skip_padding = False
    pretrainer(inputs)
    assert seen == [(3, 9, 28)] * 2
    seen.clear()
    pretrainer.encoder.skip_padding = True
    pretrainer.encoder.pool({name: inputs[name] for name in list(inputs)[:3]})
    assert seen == [(16, 28), (3, 28)]


def test_xla_compiles_padded_rows_alone(small_config):
    classifier = randomize(AlbertClassifier(AlbertEncoder(small_config), num_classes=3))
    inputs = rows_of([2, 9, 5], small_config)
    expected = classifier(inputs).numpy()
    classifier.compile("adam", "mse", jit_compile=True)
    assert not classifier.encoder.skip_padding
    del inputs["masked_lm_positions"]
    np.testing.assert_allclose(classifier.predict(inputs, verbose=0), expected, atol=1e-5)
