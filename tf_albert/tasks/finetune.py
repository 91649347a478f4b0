"""Fine-tuning on a table, from an encoder to a run folder."""

import dataclasses

import keras

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.tasks.batches import LabelledBatches
from tf_albert.tasks.predictions import Predictor, TaskDescription
from tf_albert.tasks.table import class_ids, read_examples
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.training import loop, runs
from tf_albert.training.objectives import ClassificationObjective, RegressionObjective
from tf_albert.training.precision import policy_of
from tf_albert.training.strategy import is_chief, make_strategy

TASKS = ("table",)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinetuneRecipe(loop.LoopSettings):
    """Everything that a fine-tuning run depends on.

    Args:
        train: Table to train on: TSV, CSV or JSONL.
        dev: Table to score on.
        init: Folder of a pretrained model or run, with its tokenizer.
        output: Folder of the run; the same command goes on with a run that was stopped.
        text_column: Column with the text, or `first,second` for pairs.
        label_column: Column with the label.
        task: `table`, a table of one's own.
        regression: Whether labels are numbers.
        from_scratch: Whether the encoder starts from random weights, for comparison.
        batch_size: Rows a step, over all replicas.
        sequence_length: Longest row, in tokens.
    """

    train: str
    dev: str
    init: str
    output: str
    text_column: str
    label_column: str
    task: str = "table"
    regression: bool = False
    from_scratch: bool = False
    batch_size: int = 32
    sequence_length: int = 128
    steps: int = 1000
    optimizer: str = "adamw"
    learning_rate: float = 1e-4
    warmup_steps: int = 100


def finetune(recipe):
    """Fine-tunes a classifier or a regressor, or goes on with a run that was stopped.

    Args:
        recipe: `FinetuneRecipe`.

    Returns:
        dict of JSON values: what `results.json` in the run's folder holds, the scores on `dev`.

    Raises:
        FileNotFoundError: a file or the pretrained model is not there.
        ValueError: a table or a setting that does not fit.
        FloatingPointError: a loss is not finite.
        tf_albert.training.loop.Interrupted: a signal came; the checkpoint is written.
    """
    if recipe.task not in TASKS:
        raise ValueError(f"Unknown task {recipe.task!r}. Known tasks: {', '.join(TASKS)}.")
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(policy_of(recipe.dtype))
    tokenizer = AlbertTokenizer.from_pretrained(recipe.init)
    train = _read(recipe, recipe.train)
    description = _describe(recipe, train)
    dev = _read(recipe, recipe.dev)
    description.check_labels(dev, recipe.dev)
    strategy = make_strategy(recipe.strategy)
    run = runs.open_run(recipe)
    if runs.is_finished(run):
        print(f"{run} is finished: {recipe.steps} steps are done.")
        return runs.read_results(run)
    preprocessor = AlbertPreprocessor(tokenizer, recipe.sequence_length)
    labels = train.labels if recipe.regression else class_ids(train, description.labels, "train")
    batches = LabelledBatches(preprocessor, train.texts, labels, recipe.batch_size, recipe.seed)
    if is_chief(strategy):
        epochs = recipe.steps * recipe.batch_size / len(train)
        print(f"{len(train):,} training examples, {epochs:.1f} epochs; {len(dev):,} to score on.")
    training = loop.Training(
        run=run,
        make_model=lambda: _make_model(recipe, description),
        objective=RegressionObjective() if recipe.regression else ClassificationObjective(),
        batches=batches,
        tokenizer=tokenizer,
    )
    model = loop.train(training, recipe, strategy)
    results = Predictor(model, preprocessor, description).score(dev)
    if is_chief(strategy):
        provenance = {
            "task": dataclasses.asdict(description),
            "recipe": dataclasses.asdict(recipe),
        }
        runs.finish_run(run, model, tokenizer, results, provenance)
    return results


def _read(recipe, path):
    columns = recipe.text_column.split(",")
    if len(columns) > 2:
        raise ValueError(f"`text_column` takes one or two columns. Received: {recipe.text_column}.")
    return read_examples(path, columns, recipe.label_column, recipe.regression)


def _describe(recipe, train):
    labels = None if recipe.regression else sorted(set(train.labels))
    if labels is not None and len(labels) < 2:
        raise ValueError(
            f"{recipe.train} has one label only ({labels[0]}), in column {recipe.label_column!r}. "
            "A classifier needs two or more; for numbers, give `regression: true`."
        )
    return TaskDescription(
        labels=labels,
        text_columns=recipe.text_column.split(","),
        label_column=recipe.label_column,
        sequence_length=recipe.sequence_length,
        num_segments=len(recipe.text_column.split(",")),
    )


def _make_model(recipe, description):
    num_classes = len(description.labels or [None])
    if recipe.from_scratch:
        folder = files.model_folder(recipe.init)
        encoder = AlbertEncoder(AlbertConfig.from_json(folder / "albert_config.json"))
    else:
        encoder = AlbertEncoder.from_pretrained(recipe.init)
    _check_length(recipe, encoder.config)
    return AlbertClassifier(encoder, num_classes)


def _check_length(recipe, config):
    if recipe.sequence_length > config.max_position_embeddings:
        raise ValueError(
            f"`sequence_length`={recipe.sequence_length} is above the model's "
            f"`max_position_embeddings`={config.max_position_embeddings}. Lower it."
        )
