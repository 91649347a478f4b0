"""The training step, against Google's recorded runs and against itself on several devices."""

import numpy as np
import pytest

from tests import reference
from tests.helpers import GOOGLE, randomize, reference_weights
from tests.training.batches import ArrayBatches, pretraining_arrays
from tf_albert import AlbertPretrainer, files
from tf_albert.training.objectives import PretrainingObjective
from tf_albert.training.optimizers import make_optimizer
from tf_albert.training.schedule import WarmupLinearDecay
from tf_albert.training.step import make_evaluation, make_train_step
from tf_albert.training.strategy import distribute, make_strategy

ROWS, LENGTH, PREDICTIONS = 6, 15, 5
OF_ENCODER = ("remat", "loop_layers")


def trained(make_model, arrays, optimizer, rate, strategy="one_device", **options):
    """Returns the model after one step for each batch of `arrays`, and the metrics of the steps."""
    strategy = make_strategy(strategy)
    with strategy.scope():
        model = make_model()
        optimizer = make_optimizer(optimizer, rate)
        optimizer.build(model.trainable_variables)
    step = make_train_step(model, optimizer, PretrainingObjective(), strategy, **options)
    steps = len(arrays["input_word_ids"])
    return model, [
        {name: float(value) for name, value in step(batch).items()}
        for batch in distribute(strategy, ArrayBatches(arrays), 0, steps)
    ]


def assert_same_weights(model, expected, atol=1e-5):
    for variable, other in zip(
        model.trainable_variables, expected.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(
            variable.numpy(), other.numpy(), rtol=0, atol=atol, err_msg=variable.path
        )


def started(checkpoint, **options):
    """Returns the model of a checkpoint that computes in some of the ways of `OF_ENCODER`."""
    model = AlbertPretrainer.from_pretrained(checkpoint)
    for name in OF_ENCODER:
        setattr(model.encoder, name, options.get(name, False))
    return model


@pytest.mark.parametrize(
    ("name", "strategy", "options"),
    [
        ("lamb", "one_device", {}),
        ("lamb", "one_device", {"jit_compile": True}),
        ("lamb", "one_device", {"loop_layers": True, "jit_compile": True}),
        ("lamb", "one_device", {"remat": True, "accumulation": 4}),
        ("lamb", "mirrored", {"accumulation": 2}),
        ("adamw", "one_device", {}),
        ("adamw", "mirrored", {}),
    ],
)
def test_twenty_steps_equal_those_of_the_original_implementation(name, strategy, options):
    folder = GOOGLE / f"train_{name}"
    settings = files.read_json(folder / "optimizer.json")
    recorded = dict(np.load(folder / "steps.npz"))
    recorded["sentence_order_labels"] = recorded["sentence_order_labels"][..., 0]
    losses = {key: recorded.pop(key) for key in list(recorded) if key.endswith("loss")}
    schedule = WarmupLinearDecay(
        settings["learning_rate"], settings["warmup_steps"], settings["train_steps"]
    )
    model, metrics = trained(
        lambda: started(folder / "initial.ckpt", **options),
        recorded,
        settings["optimizer"],
        schedule,
        strategy,
        **{key: value for key, value in options.items() if key not in OF_ENCODER},
    )
    for key, ours in (
        ("loss", "loss"),
        ("masked_lm_loss", "mlm_loss"),
        ("sentence_order_loss", "sop_loss"),
    ):
        np.testing.assert_allclose([row[ours] for row in metrics], losses[key], rtol=0, atol=1e-5)
    assert_same_weights(model, AlbertPretrainer.from_pretrained(folder / "final.ckpt"))


def random_pretrainer(config):
    return randomize(AlbertPretrainer(config), scale=0.3)


# Rows of the two replicas have no masked token and twelve, or four and ten.
@pytest.mark.parametrize(
    ("optimizer", "masked"), [("sgd", [0, 0, 0, 5, 3, 4]), ("lamb", [1, 1, 2, 5, 2, 3])]
)
def test_two_replicas_equal_one_device_with_the_whole_batch(small_config, optimizer, masked):
    # The gradient of the key bias is rounding alone, which LAMB at a high rate makes visible.
    rate = {"sgd": 0.1, "lamb": 0.001}[optimizer]
    arrays = pretraining_arrays(small_config, 3, ROWS, LENGTH, PREDICTIONS, masked)
    one, one_metrics = trained(lambda: random_pretrainer(small_config), arrays, optimizer, rate)
    two, two_metrics = trained(
        lambda: random_pretrainer(small_config), arrays, optimizer, rate, "mirrored"
    )
    assert_same_weights(two, one)
    for ours, theirs in zip(two_metrics, one_metrics, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize(
    ("strategy", "options"), [("one_device", {"accumulation": 3}), ("mirrored", {})]
)
def test_step_of_sgd_is_as_long_as_rate_times_clipped_norm(small_config, strategy, options):
    arrays = pretraining_arrays(small_config, 1, ROWS, LENGTH, PREDICTIONS)
    before = random_pretrainer(small_config)
    after, _ = trained(
        lambda: random_pretrainer(small_config), arrays, "sgd", 0.25, strategy, **options
    )
    moved = sum(
        np.sum((new.numpy() - old.numpy()) ** 2.0)
        for new, old in zip(after.trainable_variables, before.trainable_variables, strict=True)
    )
    assert np.sqrt(moved) == pytest.approx(0.25, rel=1e-4)


def expected_metrics(config, batch):
    """Returns the metrics of a batch by the NumPy reference, of `random_pretrainer`."""
    weights = reference_weights(random_pretrainer(config))
    outputs = reference.pretrain_logits(weights, config, batch)
    used, labels = batch["masked_lm_weights"], batch["sentence_order_labels"]
    hits = outputs["mlm_logits"].argmax(-1) == batch["masked_lm_ids"]
    return {
        "mlm_loss": reference.masked_lm_loss(outputs["mlm_logits"], batch["masked_lm_ids"], used),
        "sop_loss": reference.sentence_order_loss(outputs["sop_logits"], labels),
        "mlm_accuracy": (hits * used).sum() / used.sum(),
        "sop_accuracy": (outputs["sop_logits"].argmax(-1) == labels).mean(),
    }


@pytest.fixture
def arrays(small_config):
    """Two batches; of a third of the masked tokens the label is what the model guesses."""
    arrays = pretraining_arrays(small_config, 2, ROWS, LENGTH, PREDICTIONS)
    weights = reference_weights(random_pretrainer(small_config))
    for step in range(2):
        batch = {name: array[step] for name, array in arrays.items()}
        guesses = reference.pretrain_logits(weights, small_config, batch)["mlm_logits"].argmax(-1)
        arrays["masked_lm_ids"][step, ::3] = guesses[::3]
    return arrays


@pytest.mark.parametrize(
    ("strategy", "options"), [("one_device", {"accumulation": 3}), ("mirrored", {})]
)
def test_metrics_of_a_step_are_those_of_the_whole_batch(small_config, arrays, strategy, options):
    _, (metrics, _) = trained(
        lambda: random_pretrainer(small_config), arrays, "sgd", 0.1, strategy, **options
    )
    batch = {name: array[0] for name, array in arrays.items()}
    expected = expected_metrics(small_config, batch)
    assert 0 < expected["mlm_accuracy"] < 1
    assert metrics == pytest.approx(
        expected
        | {
            "loss": expected["mlm_loss"] + expected["sop_loss"],
            "tokens": batch["input_mask"].sum(),
        },
        rel=1e-4,
    )


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
def test_evaluation_is_over_all_rows_of_all_batches(small_config, arrays, strategy):
    # Another number of masked tokens in each batch, so that a mean of means would be wrong.
    arrays["masked_lm_weights"][1, :, 1:] = 0
    strategy = make_strategy(strategy)
    with strategy.scope():
        model = random_pretrainer(small_config)
    evaluate = make_evaluation(model, PretrainingObjective(), strategy)
    metrics = evaluate(distribute(strategy, ArrayBatches(arrays), 0, 2))
    rows = {name: array.reshape(-1, *array.shape[2:]) for name, array in arrays.items()}
    assert metrics == pytest.approx(
        expected_metrics(small_config, rows) | {"num_mlm_loss": 16 + 6, "num_sop_loss": 12},
        rel=1e-4,
    )


def test_mixed_precision_trains_float32_weights(small_config):
    arrays = pretraining_arrays(small_config, 1, ROWS, LENGTH, PREDICTIONS)
    arrays = {name: np.repeat(array, 30, axis=0) for name, array in arrays.items()}
    schedule = WarmupLinearDecay(0.01, 3, 40)
    model, metrics = trained(
        lambda: AlbertPretrainer(small_config, dtype="mixed_bfloat16"), arrays, "lamb", schedule
    )
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    assert metrics[0]["loss"] == pytest.approx(
        np.log(small_config.vocab_size) + np.log(2), rel=0.02
    )
    assert metrics[-1]["loss"] < 0.8 * metrics[0]["loss"]
