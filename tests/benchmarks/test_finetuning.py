"""Fine-tuning with transformers: the same steps as here, and what is made of the scores."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import random_inputs, randomize
from tests.tasks.tables import recipe_of, write_folder
from tf_albert import AlbertClassifier, AlbertPretrainer, AlbertTokenizer
from tf_albert.convert import formats
from tf_albert.convert.names import weights_by_name
from tf_albert.tasks.finetune import FinetuneRecipe
from tf_albert.training.objectives import ClassificationObjective
from tf_albert.training.optimizers import make_optimizer
from tf_albert.training.schedule import WarmupLinearDecay
from tf_albert.training.step import make_train_step

pytestmark = pytest.mark.usefixtures("transformers")
STEPS, RATE = 6, 0.01


@pytest.fixture
def classifier(small_config):
    return randomize(AlbertClassifier(small_config, num_classes=3, dropout=0.0))


@pytest.fixture
def batches(small_config):
    # Of the first five labels each class has another share than the classifier gives it.
    random = np.random.default_rng(4)
    return [
        {
            **{name: tf.constant(rows) for name, rows in _rows(small_config, seed).items()},
            "labels": tf.constant(random.integers(0, 3, 5), tf.int32),
        }
        for seed in range(STEPS)
    ]


def _rows(config, seed):
    rows = random_inputs(config, seed=seed)
    return {name: rows[name] for name in rows if name != "masked_lm_positions"}


def peer_of(transformers, classifier, folder, corrects_bias, warmup_steps=2):
    """Returns the training by transformers of a copy of a classifier."""
    from benchmarks.torch_finetuning import TorchFinetuning

    classifier.save_pretrained(folder / "ours")
    formats.convert(folder / "ours", folder / "theirs", "huggingface")
    model = transformers.AlbertForSequenceClassification.from_pretrained(folder / "theirs")
    recipe = FinetuneRecipe(
        init="", output="", steps=STEPS, learning_rate=RATE, warmup_steps=warmup_steps
    )
    return TorchFinetuning(model, recipe, corrects_bias)


def test_steps_without_corrected_bias_are_those_of_this_package(
    tmp_path, transformers, classifier, batches
):
    peer = peer_of(transformers, classifier, tmp_path, corrects_bias=False)
    optimizer = make_optimizer("adamw", WarmupLinearDecay(RATE, 2, STEPS))
    optimizer.build(classifier.trainable_variables)
    objective, strategy = ClassificationObjective(), tf.distribute.get_strategy()
    step = make_train_step(classifier, optimizer, objective, strategy)
    ours = [float(step(batch)["loss"]) for batch in batches]
    np.testing.assert_allclose([peer.step(batch) for batch in batches], ours, rtol=1e-4)
    peer.model.save_pretrained(tmp_path / "trained")
    theirs = weights_by_name(AlbertClassifier.from_pretrained(tmp_path / "trained"))
    for name, weight in weights_by_name(classifier).items():
        np.testing.assert_allclose(theirs[name], weight, atol=2e-5, err_msg=name)


def test_first_update_of_torch_is_smaller_where_it_corrects_the_bias(
    tmp_path, transformers, classifier, batches
):
    moved = {}
    for corrects_bias in (True, False):
        folder = tmp_path / str(corrects_bias)
        peer = peer_of(transformers, classifier, folder, corrects_bias, warmup_steps=0)
        peer.step(batches[0])
        moved[corrects_bias] = peer.model.classifier.bias.detach().numpy() - classifier.head.bias
    np.testing.assert_allclose(np.abs(moved[True]), np.full(3, RATE), rtol=1e-2)
    # A tenth of the gradient over the root of a thousandth of its square.
    np.testing.assert_allclose(moved[False], moved[True] * 10**0.5, rtol=1e-2)


def test_all_learn_a_made_task_from_the_same_weights(tmp_path, tokenizer):
    from benchmarks.finetuning import PEERS, compare

    recipe = recipe_of(
        write_folder(tmp_path, tokenizer), tmp_path / "run", steps=120, checkpoint_every=120
    )
    with pytest.raises(ValueError, match=r"lacks .*pooler.*Expected .*the head alone"):
        compare(recipe, 1, tmp_path)
    pretrained = AlbertPretrainer.from_pretrained(recipe.init)
    pretrained.encoder.pooler.bias.assign(np.full(pretrained.config.hidden_size, 0.01))
    pretrained.save_pretrained(recipe.init, AlbertTokenizer.from_pretrained(recipe.init))
    (tmp_path / "seeds").mkdir()
    metric, scores = compare(recipe, 1, tmp_path / "seeds")
    assert metric == "accuracy"
    assert scores.keys() == {"tf_albert", *PEERS}
    # Of three classes, the commonest has less than half.
    assert min(row["0"] for row in scores.values()) > 0.9


@pytest.mark.parametrize(
    "changes",
    [{"optimizer": "lamb"}, {"from_scratch": True}, {"regression": True}, {"patience": 3}],
    ids=str,
)
def test_recipe_that_cannot_be_compared(tmp_path, changes):
    from benchmarks.finetuning import compare

    with pytest.raises(ValueError, match=r"What can be compared|Expected `patience: 0`"):
        compare(recipe_of(tmp_path, tmp_path, **changes), 1, tmp_path)


def test_summary():
    from benchmarks.finetuning import summary

    scores = {
        "tf_albert": {"0": 0.5, "1": 0.7, "2": 0.6},
        "alike": {"0": 0.65, "1": 0.55, "2": 0.95},
        "touching": {"0": 0.7, "1": 0.8, "2": 0.9},
        "apart": {"0": 0.71, "1": 0.8, "2": 0.9},
    }
    found = summary(scores)
    assert found["tf_albert"] == {"median": 0.6, "lowest": 0.5, "best": 0.7}
    assert {name: found[name]["ranges_overlap"] for name in ("alike", "touching", "apart")} == {
        "alike": True,
        "touching": True,
        "apart": False,
    }
    within = {name: found[name]["medians_within_spread"] for name in ("alike", "touching")}
    assert within == {"alike": True, "touching": False}
