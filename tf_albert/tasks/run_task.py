"""One run of fine-tuning, from labelled texts to the best weights."""

import collections
import dataclasses
import math

import keras

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.tasks.batches import LabelledBatches
from tf_albert.tasks.best import BestOnDev
from tf_albert.tasks.labelled import read_labelled
from tf_albert.tasks.predictions import Predictor
from tf_albert.tasks.problems import Problems
from tf_albert.tasks.table import class_ids
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.training import loop, runs
from tf_albert.training.determinism import make_deterministic
from tf_albert.training.objectives import ClassificationObjective, RegressionObjective
from tf_albert.training.precision import policy_of
from tf_albert.training.strategy import is_chief, make_strategy

# A loss that is not 2 % below that of guessing by frequency has learned nothing.
FLAT = 0.98
# Good runs may have such a one in their first third, or in so many steps after the warm-up.
FIRST_SHARE, FIRST_STEPS = 1 / 3, 100


class Collapsed(Exception):
    """A run predicts one class for everything, and its loss is that of guessing."""


def run_task(recipe, recorded, may_collapse):
    """Trains, keeps the best weights by the development set, and writes the finished model.

    Args:
        recipe: `FinetuneRecipe`.
        recorded: `FinetuneRecipe`. The one that was asked for, where this is a second try.
        may_collapse: bool. Whether a run that has collapsed goes on to its end.

    Returns:
        dict of JSON values: the scores on the development sets.

    Raises:
        Collapsed: see above. Everything else as of `finetune`.
    """
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(policy_of(recipe.dtype))
    if recipe.deterministic:
        make_deterministic()
    tokenizer = AlbertTokenizer.from_pretrained(recipe.init)
    problems = Problems(recipe.strict)
    labelled = read_labelled(recipe, problems)
    strategy = make_strategy(recipe.strategy)
    preprocessor = AlbertPreprocessor(tokenizer, recipe.sequence_length)
    batches = _batches(recipe, labelled, preprocessor)
    run = runs.open_run(recorded)
    if is_chief(strategy):
        _say_what_is_there(recipe, labelled, problems)
    score = _Scores(labelled, preprocessor)
    best = BestOnDev(
        run, score, labelled.description.metric, tokenizer, is_chief(strategy), recipe.patience
    )
    training = loop.Training(
        run=run,
        make_model=lambda: _make_model(recipe, labelled.description),
        objective=_objective(labelled.description),
        batches=batches,
        tokenizer=tokenizer,
        on_checkpoint=_on_checkpoint(best, None if may_collapse else _collapse(recipe, labelled)),
        is_over=best.is_over,
    )
    model = loop.train(training, recipe, strategy)
    best.restore(model)
    results = score(model)
    if is_chief(strategy):
        provenance = {
            "task": dataclasses.asdict(labelled.description),
            "recipe": dataclasses.asdict(recipe),
        }
        runs.finish_run(run, model, tokenizer, results, provenance)
    return results


def _objective(description):
    return RegressionObjective() if description.is_regression else ClassificationObjective()


def _batches(recipe, labelled, preprocessor):
    train, description = labelled.train, labelled.description
    labels = train.labels
    if not description.is_regression:
        labels = class_ids(train, description.labels, "train")
    return LabelledBatches(preprocessor, train.texts, labels, recipe.batch_size, recipe.seed)


def _say_what_is_there(recipe, labelled, problems):
    train = len(labelled.train)
    epochs = recipe.steps * recipe.batch_size / train
    to_score = ", ".join(f"{len(dev):,} in {name}" for name, dev in labelled.dev.items())
    print(f"{train:,} training examples, {epochs:.1f} epochs; to score on: {to_score}.")
    if problems:
        print(f"{len(problems):,} rows were left out:\n{problems.summary()}")


class _Scores:
    """The metrics of a model on the development sets; those after the first with their name."""

    def __init__(self, labelled, preprocessor):
        self.labelled = labelled
        self.preprocessor = preprocessor
        self.predictor = None

    def __call__(self, model):
        # One predictor for all checkpoints: each would trace the model anew.
        if self.predictor is None:
            self.predictor = Predictor(model, self.preprocessor, self.labelled.description)
        metrics = {}
        for number, (name, examples) in enumerate(self.labelled.dev.items()):
            scores = self.predictor.score(examples, where=name)
            metrics |= {f"{name}_{key}" if number else key: scores[key] for key in scores}
        return metrics


def _on_checkpoint(best, check):
    def on_checkpoint(model, strategy, step):
        del strategy
        metrics = best(model, step)
        if check is not None:
            check(metrics, step)
        return metrics

    return on_checkpoint


def _collapse(recipe, labelled):
    """Returns a function of metrics and step that raises where a classifier has collapsed."""
    if labelled.description.is_regression:
        return None
    labels = next(iter(labelled.dev.values())).labels
    shares = [count / len(labels) for count in collections.Counter(labels).values()]
    guessing = -sum(share * math.log(share) for share in shares)

    first = max(FIRST_SHARE * recipe.steps, recipe.warmup_steps + FIRST_STEPS)

    def check(metrics, step):
        is_flat = metrics["dev_predicted_classes"] == 1 and metrics["dev_loss"] > FLAT * guessing
        if is_flat and len(shares) > 1 and step >= first:
            raise Collapsed(
                f"The run has collapsed: after step {step} of {recipe.steps} it predicts one class "
                f"for all {len(labels):,} examples of the development set, with a loss of "
                f"{metrics['dev_loss']:.3f}, where guessing by frequency has {guessing:.3f}."
            )

    return check


def _make_model(recipe, description):
    num_classes = len(description.labels or [None])
    encoder = _make_encoder(recipe)
    _check_length(recipe, encoder.config)
    return AlbertClassifier(encoder, num_classes)


def _make_encoder(recipe):
    if recipe.from_scratch:
        folder = files.model_folder(recipe.init)
        config = AlbertConfig.from_json(folder / "albert_config.json")
        return AlbertEncoder(_dropping(config, recipe.encoder_dropout))
    pretrained = AlbertEncoder.from_pretrained(recipe.init)
    config = _dropping(pretrained.config, recipe.encoder_dropout)
    if config == pretrained.config:
        return pretrained
    encoder = AlbertEncoder(config)
    encoder.set_weights(pretrained.get_weights())
    return encoder


def _dropping(config, rate):
    if rate is None:
        return config
    return config.replace(hidden_dropout_prob=rate, attention_probs_dropout_prob=rate)


def _check_length(recipe, config):
    if recipe.sequence_length > config.max_position_embeddings:
        raise ValueError(
            f"`sequence_length`={recipe.sequence_length} is above the model's "
            f"`max_position_embeddings`={config.max_position_embeddings}. Lower it."
        )
