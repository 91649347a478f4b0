"""The reference itself, against hand-computed numbers and against the original implementation."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests import reference
from tests.helpers import GOOGLE
from tf_albert import AlbertConfig, AlbertPretrainer
from tf_albert.convert.google import names as google_names
from tf_albert.convert.names import weights_by_name

BLOCK = "bert/encoder/transformer/group_0/inner_group_0/"


def weights_of_checkpoint(prefix):
    """Reads a checkpoint of one block by the names in it, without the package."""
    reader = tf.train.load_checkpoint(str(prefix))

    def dense(name):
        return reader.get_tensor(f"{name}/kernel"), reader.get_tensor(f"{name}/bias")

    def norm(name):
        return reader.get_tensor(f"{name}/gamma"), reader.get_tensor(f"{name}/beta")

    attention = {
        name: dense(f"{BLOCK}attention_1/self/{name}") for name in ("query", "key", "value")
    }
    attention["output"] = dense(f"{BLOCK}attention_1/output/dense")
    attention["norm"] = norm(f"{BLOCK}LayerNorm")
    return {
        "word_embeddings": reader.get_tensor("bert/embeddings/word_embeddings"),
        "position_embeddings": reader.get_tensor("bert/embeddings/position_embeddings"),
        "type_embeddings": reader.get_tensor("bert/embeddings/token_type_embeddings"),
        "embedding_norm": norm("bert/embeddings/LayerNorm"),
        "projection": dense("bert/encoder/embedding_hidden_mapping_in"),
        "attentions": [attention],
        "feed_forwards": [
            {
                "intermediate": dense(f"{BLOCK}ffn_1/intermediate/dense"),
                "output": dense(f"{BLOCK}ffn_1/intermediate/output/dense"),
                "norm": norm(f"{BLOCK}LayerNorm_1"),
            }
        ],
        "pooler": dense("bert/pooler/dense"),
        "mlm_transform": dense("cls/predictions/transform/dense"),
        "mlm_norm": norm("cls/predictions/transform/LayerNorm"),
        "mlm_bias": reader.get_tensor("cls/predictions/output_bias"),
        "sop": (
            reader.get_tensor("cls/seq_relationship/output_weights").T,
            reader.get_tensor("cls/seq_relationship/output_bias"),
        ),
    }


def test_forward_equals_the_original_implementation():
    folder = GOOGLE / "encoder"
    expected = np.load(folder / "expected.npz")
    config = AlbertConfig.from_json(folder / "albert_config.json")
    weights = weights_of_checkpoint(folder / "model.ckpt-best")
    outputs = reference.pretrain_logits(weights, config, expected)
    outputs["mlm_log_probs"] = reference.log_softmax(outputs["mlm_logits"]).reshape(9, 211)
    outputs["sop_log_probs"] = reference.log_softmax(outputs["sop_logits"])
    for name in (
        "embedding_output",
        "encoder_outputs",
        "sequence_output",
        "pooled_output",
        "mlm_log_probs",
        "sop_log_probs",
    ):
        np.testing.assert_allclose(outputs[name], expected[name], atol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", ["lamb", "adamw"])
def test_first_losses_equal_the_original_implementation(name):
    folder = GOOGLE / f"train_{name}"
    steps = np.load(folder / "steps.npz")
    first = {key: steps[key][0] for key in steps}
    outputs = reference.pretrain_logits(
        weights_of_checkpoint(folder / "initial.ckpt"),
        AlbertConfig.from_json(folder / "albert_config.json"),
        first,
    )
    masked = reference.masked_lm_loss(
        outputs["mlm_logits"], first["masked_lm_ids"], first["masked_lm_weights"]
    )
    order = reference.sentence_order_loss(outputs["sop_logits"], first["sentence_order_labels"])
    np.testing.assert_allclose(masked, first["masked_lm_loss"], rtol=1e-6)
    np.testing.assert_allclose(order, first["sentence_order_loss"], rtol=1e-6)
    np.testing.assert_allclose(masked + order, first["loss"], rtol=1e-6)


def test_warmup_then_the_line_from_step_zero():
    rates = [reference.warmup_linear_decay(step, 1.0, 2, 8) for step in (0, 1, 2, 4, 8, 9)]
    assert rates == [0.0, 0.5, 0.75, 0.5, 0.0, 0.0]


def test_global_norm_clip_scales_all_alike():
    clipped = reference.clip_by_global_norm({"a": np.array([3.0]), "b": np.array([4.0])}, 1.0)
    np.testing.assert_allclose([clipped["a"][0], clipped["b"][0]], [0.6, 0.8])


def test_first_adamw_step_by_hand():
    # m = 0.1 g and v = 0.001 g², so m / sqrt(v) = 3.1623 for any g above 0.
    optimizer = reference.AdamW(epsilon=0.0, clip_norm=1e9, weight_decay=0.5)
    moved = optimizer.step(
        {"kernel": np.array([2.0]), "bias": np.array([2.0])},
        {"kernel": np.array([7.0]), "bias": np.array([-7.0])},
        learning_rate=0.1,
    )
    np.testing.assert_allclose(moved["kernel"], 2 - 0.1 * (3.16227766 + 0.5 * 2))
    np.testing.assert_allclose(moved["bias"], 2 + 0.1 * 3.16227766)


def test_first_lamb_step_by_hand():
    # The kernel moves by the rate times its own norm, whatever the gradient's size.
    optimizer = reference.Lamb(epsilon=0.0, clip_norm=1e9, weight_decay=0.0)
    moved = optimizer.step(
        {"kernel": np.array([3.0, 4.0])}, {"kernel": np.array([7.0, 7.0])}, learning_rate=0.1
    )
    np.testing.assert_allclose(moved["kernel"], np.array([3, 4]) - 0.1 * 5 * np.sqrt([0.5, 0.5]))


@pytest.mark.parametrize(
    ("name", "optimizer_class"), [("lamb", reference.Lamb), ("adamw", reference.AdamW)]
)
def test_twenty_steps_equal_the_original_implementation(name, optimizer_class):
    """The optimizers, with the package's gradients, which other tests look after."""
    folder = GOOGLE / f"train_{name}"
    steps = np.load(folder / "steps.npz")
    settings = json.loads((folder / "optimizer.json").read_text())
    optimizer = optimizer_class(
        settings["weight_decay"],
        settings["beta_1"],
        settings["beta_2"],
        settings["epsilon"],
        settings["clip_norm"],
    )
    pretrainer = AlbertPretrainer.from_pretrained(folder / "initial.ckpt")
    weights = weights_by_name(pretrainer)
    places = google_names.places(pretrainer.config, "AlbertPretrainer")
    variables = {places[ours].name: weight for ours, weight in weights.items()}
    gradients_of = tf.function(lambda batch: loss_and_gradients(pretrainer, variables, batch))
    for step in range(settings["train_steps"]):
        loss, gradients = gradients_of({key: tf.constant(steps[key][step]) for key in steps})
        np.testing.assert_allclose(loss, steps["loss"][step], rtol=1e-4)
        rate = reference.warmup_linear_decay(
            step, settings["learning_rate"], settings["warmup_steps"], settings["train_steps"]
        )
        arrays = {key: np.asarray(variable) for key, variable in variables.items()}
        gradients = {key: np.asarray(gradient) for key, gradient in gradients.items()}
        for key, value in optimizer.step(arrays, gradients, rate).items():
            variables[key].assign(value)
    final = tf.train.load_checkpoint(str(folder / "final.ckpt"))
    for key, variable in variables.items():
        expected = final.get_tensor(key)
        expected = expected.T if key == "cls/seq_relationship/output_weights" else expected
        np.testing.assert_allclose(variable, expected, atol=1e-5, err_msg=key)


def loss_and_gradients(pretrainer, variables, batch):
    crossentropy = tf.nn.sparse_softmax_cross_entropy_with_logits
    with tf.GradientTape() as tape:
        logits = pretrainer(batch)
        masked = crossentropy(batch["masked_lm_ids"], logits["mlm_logits"])
        weights = batch["masked_lm_weights"]
        loss = tf.reduce_sum(masked * weights) / (tf.reduce_sum(weights) + 1e-5)
        labels = tf.reshape(batch["sentence_order_labels"], [-1])
        loss += tf.reduce_mean(crossentropy(labels, logits["sop_logits"]))
    sources = {key: variable.value for key, variable in variables.items()}
    gradients = tape.gradient(loss, sources)
    return loss, {key: tf.convert_to_tensor(gradient) for key, gradient in gradients.items()}
