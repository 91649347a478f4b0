"""What of a model a recipe trains, and how fast."""

import dataclasses

import numpy as np
import pytest

import tf_albert
from tests.helpers import random_inputs, randomize
from tf_albert.training.checkpoints import list_checkpoints, restore_checkpoint, save_checkpoint
from tf_albert.training.loop import choose_parts, rate_scales
from tf_albert.training.loop_settings import LoopSettings
from tf_albert.training.optimizers import AdamW, Sgd


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight_decay": -0.1}, "`weight_decay` must be at least 0 and finite. Received: -0.1"),
        ({"clip_norm": float("nan")}, "`clip_norm` must be at least 0 and finite. Received: nan"),
        ({"layer_decay": 0.0}, "`layer_decay` must be above 0 and at most 1. Received: 0.0"),
        ({"layer_decay": 1.5}, "`layer_decay` must be above 0 and at most 1. Received: 1.5"),
        ({"lora_rank": -1}, "`lora_rank` must be at least 0. Received: -1"),
        ({"freeze": "head"}, "`freeze` takes embedding and encoder. Received: 'head'"),
        ({"freeze": ["encoder"], "lora_rank": 2}, "`freeze`=encoder leaves lora_rank nothing"),
        (
            {"freeze": "encoder", "lora_rank": 2, "layer_decay": 0.5},
            "leaves lora_rank and layer_decay nothing to train",
        ),
        ({"optimizer": "sgd", "weight_decay": 0.1}, "'sgd' has no weight decay"),
    ],
)
def test_settings_that_do_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        LoopSettings(steps=3, **changes)


def test_parts_are_named_in_a_list_or_with_commas():
    listed = LoopSettings(steps=3, freeze=["embedding", "encoder"])
    assert LoopSettings(steps=3, freeze="embedding, encoder") == listed
    assert dataclasses.replace(listed, steps=4).freeze == ["embedding", "encoder"]
    assert LoopSettings(steps=3).freeze == LoopSettings(steps=3, freeze="").freeze == []


def trained(model, **settings):
    """Returns the paths of the weights that a recipe trains, from the encoder's name on."""
    choose_parts(model, LoopSettings(steps=3, **settings))
    return {"/".join(variable.path.split("/")[-3:]) for variable in model.trainable_variables}


@pytest.mark.parametrize("model_class", ["AlbertClassifier", "AlbertTokenClassifier"])
def test_frozen_parts_are_not_trained(small_config, model_class):
    classifier = getattr(tf_albert, model_class)(small_config, 3)
    embedding = {"/".join(v.path.split("/")[-3:]) for v in classifier.encoder.embedding.variables}
    every = trained(classifier)
    assert embedding < every
    assert trained(classifier, freeze="embedding") == every - embedding
    head = {"/".join(v.path.split("/")[-3:]) for v in classifier.head.variables}
    assert trained(classifier, freeze="encoder") == head


@pytest.mark.parametrize(
    ("config", "depths"),
    [
        ({}, {"attention_0": 1, "feed_forward_0": 1, "embedding": 2}),
        # Every layer applies two blocks, the second one after the first.
        (
            {"inner_group_num": 2},
            {"attention_0": 2, "attention_1": 1, "feed_forward_0": 2, "embedding": 3},
        ),
        # As in BERT: a block a layer.
        (
            {"num_hidden_groups": 3},
            {"attention_0": 3, "attention_1": 2, "feed_forward_2": 1, "embedding": 4},
        ),
        # The half that all layers share is as high as the last one.
        (
            {"parameter_sharing": "attention"},
            {"attention_0": 1, "feed_forward_0": 3, "feed_forward_2": 1, "embedding": 4},
        ),
    ],
    ids=["shared", "two blocks", "unshared", "shared attention"],
)
def test_rates_fall_from_depth_to_depth(small_config, config, depths):
    """One step of descent on gradients of 1 shows the rates."""
    config = small_config.replace(num_hidden_layers=3, **config)
    model = randomize(tf_albert.AlbertPretrainer(config))
    before = [variable.numpy() for variable in model.trainable_variables]
    optimizer = Sgd(0.25, clip_norm=None)
    optimizer.build(model.trainable_variables)
    optimizer.rate_scales = rate_scales(model, 0.5)
    optimizer.apply([np.ones_like(value) for value in before], model.trainable_variables)
    depths = depths | {"pooler": 0, "masked_lm_head": 0, "sentence_order_head": 0}
    seen = set()
    for variable, value in zip(model.trainable_variables, before, strict=True):
        part = next((name for name in depths if f"/{name}/" in f"/{variable.path}"), None)
        if part is not None:
            seen.add(part)
            expected = np.full(value.shape, -0.25 * 0.5 ** depths[part])
            np.testing.assert_allclose(variable.numpy() - value, expected, rtol=1e-4, atol=1e-6)
    assert seen == depths.keys()


def test_rates_are_alike_without_decay(small_config):
    assert rate_scales(tf_albert.AlbertPretrainer(small_config), 1.0) == ()


@pytest.mark.parametrize("model_class", ["AlbertClassifier", "AlbertTokenClassifier"])
def test_checkpoint_with_lora_returns_bit_by_bit_and_is_an_ordinary_model(
    small_config, tokenizer, tmp_path, model_class
):
    def make(seed):
        model = randomize(getattr(tf_albert, model_class)(small_config, 3), seed)
        choose_parts(model, LoopSettings(steps=3, lora_rank=2))
        optimizer = AdamW(0.1)
        optimizer.build(model.trainable_variables)
        return model, optimizer

    model, optimizer = make(seed=1)
    optimizer.apply([np.ones(v.shape) for v in model.trainable_variables])
    save_checkpoint(tmp_path, 1, model, optimizer, tokenizer, keep=1)
    other, other_optimizer = make(seed=2)
    ((_, folder),) = list_checkpoints(tmp_path)
    assert restore_checkpoint(folder, other, other_optimizer) == 1
    for ours, theirs in zip(
        [*other.variables, *other_optimizer.variables],
        [*model.variables, *optimizer.variables],
        strict=True,
    ):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy(), ours.path)
    ordinary = getattr(tf_albert, model_class).from_pretrained(folder)
    inputs = random_inputs(small_config)
    np.testing.assert_allclose(ordinary(inputs), model(inputs), atol=1e-6)
