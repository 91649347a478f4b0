"""How blocks are called changes time and memory, and no number."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import randomize
from tests.modeling.test_padding import SHARING, rows_of
from tf_albert import AlbertClassifier, AlbertEncoder, AlbertPretrainer

DROPPING = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.2}
# Operation by operation; in a graph TensorFlow fuses others where activations are not kept, which
# moves roundings.
CLOSE, CLOSE_IN_GRAPH = 1e-6, 1e-5


def loss_and_gradients(model, inputs, seed=3, eager=False, **options):
    """Returns the loss and gradients of one training step with the dropout of a seed."""
    for name, value in options.items():
        setattr(model.encoder, name, value)

    def step():
        with tf.GradientTape() as tape:
            outputs = tf.nest.flatten(model(inputs, training=True))
            loss = tf.add_n([tf.reduce_mean(tf.sin(3.0 * output)) for output in outputs])
        variables = [variable.value for variable in model.trainable_variables]
        return loss, [tf.convert_to_tensor(part) for part in tape.gradient(loss, variables)]

    for generator in seed_generators(model):
        generator.state.assign([seed + len(generator.name), 0])
    return step() if eager else tf.function(step, autograph=False)()


def seed_generators(model):
    layers = (layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Dropout))
    return [layer.seed_generator for layer in layers if layer.rate > 0]


def assert_same(got, expected, model, close=CLOSE_IN_GRAPH):
    np.testing.assert_allclose(got[0], expected[0], atol=close)
    for ours, theirs, variable in zip(got[1], expected[1], model.trainable_variables, strict=True):
        scale = max(np.abs(theirs).max(), 1.0)
        np.testing.assert_allclose(ours, theirs, atol=close * scale, err_msg=variable.path)


@pytest.mark.parametrize("skip_padding", [True, False], ids=["flat", "padded"])
@pytest.mark.parametrize("changes", SHARING.values(), ids=SHARING.keys())
def test_gradients_of_recomputed_blocks_are_those_of_kept_ones(small_config, changes, skip_padding):
    model = randomize(AlbertPretrainer(small_config.replace(**changes, **DROPPING)))
    inputs = rows_of([7, 1, 11, 3], small_config, padding=2)
    kept, recomputed = (
        loss_and_gradients(model, inputs, eager=True, skip_padding=skip_padding, remat=remat)
        for remat in (False, True)
    )
    assert_same(recomputed, kept, model, CLOSE)


def test_gradients_of_recomputed_blocks_in_a_graph(small_config):
    model = randomize(AlbertPretrainer(small_config.replace(**DROPPING)))
    inputs = rows_of([7, 1, 11, 3], small_config, padding=2)
    kept, recomputed = (loss_and_gradients(model, inputs, remat=remat) for remat in (False, True))
    assert_same(recomputed, kept, model)


@pytest.mark.parametrize(
    ("model_of", "skip_padding"),
    [("pretrainer", True), ("pretrainer", False), ("classifier", True), ("one layer", True)],
)
def test_loop_computes_what_the_unrolled_blocks_do(small_config, model_of, skip_padding):
    config = small_config.replace(**DROPPING)
    if model_of == "one layer":
        config = config.replace(num_hidden_layers=1)
    if model_of == "pretrainer":
        model = AlbertPretrainer(config)
    else:
        model = AlbertClassifier(AlbertEncoder(config), num_classes=3)
    randomize(model)
    inputs = rows_of([7, 1, 11, 3], config, padding=2)
    unrolled, looped = (
        loss_and_gradients(model, inputs, skip_padding=skip_padding, loop_layers=loop)
        for loop in (False, True)
    )
    assert_same(looped, unrolled, model)


def test_dropout_differs_from_layer_to_layer_and_from_step_to_step(small_config):
    """A block that is recomputed or looped repeats a mask in no other layer."""
    model = randomize(AlbertPretrainer(small_config.replace(**DROPPING)))
    inputs = rows_of([7, 5, 11], small_config)
    dropout = model.encoder.feed_forwards[0].hidden_dropout
    seeds = np.concatenate([dropout.draw_seeds(24) for _ in range(100)])
    assert len({tuple(seed) for seed in seeds}) == 2400
    first, second = (float(loss_and_gradients(model, inputs, seed=seed)[0]) for seed in (3, 4))
    assert first != second


def test_drawn_seed_gives_the_same_mask_twice(small_config):
    dropout = AlbertEncoder(small_config.replace(**DROPPING)).attentions[0].hidden_dropout
    seed, other = dropout.draw_seeds(2)
    masks = [
        np.asarray(dropout(np.ones((40, 50), "float32"), seed=drawn, training=True))
        for drawn in (seed, seed, other)
    ]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).mean() == pytest.approx(2 * 0.1 * 0.9, abs=0.03)
    np.testing.assert_allclose(np.unique(masks[0]), [0.0, 1 / 0.9], rtol=1e-6)


def test_graph_of_a_loop_does_not_grow_with_depth(small_config):
    def num_nodes(num_layers):
        model = AlbertPretrainer(small_config.replace(num_hidden_layers=num_layers, **DROPPING))
        model.encoder.loop_layers = True
        inputs = rows_of([7, 5, 11], small_config)
        graph = tf.function(lambda: model(inputs, training=True)).get_concrete_function().graph
        library = graph.as_graph_def().library.function
        return len(graph.get_operations()) + sum(len(f.node_def) for f in library)

    assert num_nodes(24) == num_nodes(6)


@pytest.mark.parametrize(
    ("changes", "remat", "message"),
    [
        (SHARING["nothing shared"], False, "`parameter_sharing`='none', `num_hidden_groups`=1"),
        (SHARING["groups"], False, "`num_hidden_groups`=2 and `inner_group_num`=2"),
        ({}, True, "`loop_layers` and `remat` do not go together"),
    ],
    ids=["nothing shared", "groups", "remat"],
)
def test_loop_that_cannot_be(small_config, changes, remat, message):
    model = AlbertPretrainer(small_config.replace(**changes))
    model.encoder.loop_layers, model.encoder.remat = True, remat
    with pytest.raises(ValueError, match=message):
        model(rows_of([7, 5], small_config))
