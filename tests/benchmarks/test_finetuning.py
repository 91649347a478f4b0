"""Fine-tuning with transformers: the same steps as here, and what is made of the scores."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import random_inputs, randomize
from tests.tasks.tables import recipe_of, write_folder
from tests.training.recipes import small_model
from tf_albert import AlbertClassifier, AlbertSpanLabeler
from tf_albert.convert import formats
from tf_albert.convert.names import weights_by_name
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.finetune import FinetuneRecipe
from tf_albert.tasks.question_answering.data import Question
from tf_albert.tasks.question_answering.predictor import (
    QuestionAnsweringDescription,
    QuestionAnsweringPredictor,
)
from tf_albert.tasks.run_task import run_task
from tf_albert.tasks.text_classification.task import TextClassificationTask
from tf_albert.training.objectives import (
    ClassificationObjective,
    RegressionObjective,
    SpanObjective,
)
from tf_albert.training.optimizers import make_optimizer
from tf_albert.training.schedule import WarmupLinearDecay
from tf_albert.training.step import make_train_step

pytestmark = pytest.mark.usefixtures("transformers")
STEPS, RATE = 6, 0.01
SQUAD2 = {"task": "squad2", "text_column": None, "label_column": None}


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


def peer_of(transformers, model, folder, corrects_bias=False, warmup_steps=2):
    """Returns the training by transformers of a copy of a model."""
    from benchmarks.torch_finetuning import TorchFinetuning

    model.save_pretrained(folder / "ours")
    formats.convert(folder / "ours", folder / "theirs", "huggingface")
    is_classifier = isinstance(model, AlbertClassifier)
    kind = "SequenceClassification" if is_classifier else "QuestionAnswering"
    model = getattr(transformers, f"AlbertFor{kind}").from_pretrained(folder / "theirs")
    recipe = FinetuneRecipe(
        init="", output="", steps=STEPS, learning_rate=RATE, warmup_steps=warmup_steps
    )
    return TorchFinetuning(model, recipe, corrects_bias)


def test_steps_without_corrected_bias_are_those_of_this_package(
    tmp_path, transformers, classifier, batches
):
    peer = peer_of(transformers, classifier, tmp_path)
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


def test_losses_of_numbers_and_spans_are_those_of_this_package(
    tmp_path, transformers, small_config
):
    rows = _rows(small_config, seed=5)
    # transformers lets padding be an answer: without padding both say the same.
    rows["input_mask"] = np.ones_like(rows["input_mask"])
    batch = {name: tf.constant(row) for name, row in rows.items()}
    numbers = {"labels": tf.constant([0.5, -2.0, 4.75, 0.0, 3.0])}
    spans = {"start_positions": tf.constant([3, 0, 11, 2, 16])}
    spans["end_positions"] = spans["start_positions"] * 2 % 17
    no_dropout = small_config.replace(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    for model, targets, objective in (
        (AlbertClassifier(no_dropout, 1, dropout=0.0), numbers, RegressionObjective()),
        (AlbertSpanLabeler(no_dropout), spans, SpanObjective()),
    ):
        peer = peer_of(transformers, randomize(model), tmp_path / type(model).__name__)
        sums = objective.sums(model(batch), targets)
        expected = float(sums["loss"]) / len(rows["input_mask"])
        np.testing.assert_allclose(peer.step(batch | targets), expected, rtol=1e-5)


def test_questions_are_answered_as_here(tmp_path, transformers, tokenizer):
    from benchmarks.torch_peers import TorchAnswerer

    labeler = randomize(AlbertSpanLabeler(small_model(tokenizer.vocab_size)))
    peer = peer_of(transformers, labeler, tmp_path).model
    description = QuestionAnsweringDescription("squad", sequence_length=36, stride=12)
    words = "the object is a list of all names that it has and of no others"
    questions = [
        Question(str(number), "Which?", words[number:] + words, (), ()) for number in range(7)
    ]
    ours = QuestionAnsweringPredictor(labeler, tokenizer, description).answers(questions)
    theirs = TorchAnswerer(peer, tokenizer, description).answers(questions)
    assert [one.text for one in theirs] == [one.text for one in ours]
    scores = [[one.best[0].score for one in answered] for answered in (theirs, ours)]
    np.testing.assert_allclose(*scores, rtol=1e-4)


def test_all_learn_a_made_task_from_the_same_weights(tmp_path, tokenizer):
    from benchmarks.finetuning import PEERS, compare

    recipe = recipe_of(
        write_folder(tmp_path, tokenizer), tmp_path / "run", steps=120, checkpoint_every=120
    )
    metric, scores = compare(recipe, 1, tmp_path)
    assert metric == "accuracy"
    assert scores.keys() == {"tf_albert", *PEERS}
    # Of three classes, the commonest has less than half.
    assert min(row["0"] for row in scores.values()) > 0.9


def test_peers_begin_where_the_run_begins(tmp_path, tokenizer):
    from benchmarks.finetuning import write_start

    folder = write_folder(tmp_path, tokenizer)
    # So small a rate changes no weight.
    recipe = recipe_of(
        folder, tmp_path / "run", seed=5, steps=1, warmup_steps=0, learning_rate=1e-30
    )
    task = TextClassificationTask(recipe, tokenizer, BadRows(strict=False))
    start = AlbertClassifier.from_pretrained(write_start(recipe, task, tokenizer, tmp_path / "it"))
    run_task(recipe, recipe, may_collapse=True)
    begun = AlbertClassifier.from_pretrained(recipe.output)
    for name, weight in weights_by_name(begun).items():
        np.testing.assert_allclose(weights_by_name(start)[name], weight, atol=1e-18, err_msg=name)


@pytest.mark.parametrize(
    "changes",
    [{"optimizer": "lamb"}, {"from_scratch": True}, SQUAD2, {"patience": 3}],
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
