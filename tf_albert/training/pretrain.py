"""Pretraining, from prepared shards to a run folder."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import keras

from tf_albert.backend import require_tensorflow
from tf_albert.config import AlbertConfig
from tf_albert.data.batches import PretrainingBatches
from tf_albert.data.shards import Corpus
from tf_albert.modeling.pretrainer import AlbertPretrainer
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.training import loop, runs
from tf_albert.training.determinism import make_deterministic
from tf_albert.training.evaluation import EVALUATION_SEED, PretrainingEvaluation
from tf_albert.training.loop_settings import LoopSettings
from tf_albert.training.objectives import PretrainingObjective
from tf_albert.training.precision import policy_of
from tf_albert.training.strategy import is_chief, make_strategy
from tf_albert.training.warm_start import (
    scale_embeddings,
    start_from_cooccurrence,
    start_from_frequencies,
)
from tf_albert.types import JsonDict

if TYPE_CHECKING:
    import tensorflow as tf


DEFAULT_MODEL = "albert_tiny"
# Of a config, what does not say which model it is.
OF_TRAINING = ("hidden_dropout_prob", "attention_probs_dropout_prob", "initializer_range")
# What a model to go on from may lack; it then begins anew, and that is told.
FRESH_PARTS = ("pooler", "masked_lm_head", "sentence_order_head")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainRecipe(LoopSettings):
    """Everything that a pretraining run depends on.

    Args:
        data: Folder that `tf-albert prepare` wrote.
        output: Folder of the run; the same command goes on with a run that was stopped.
        validation: Prepared folder of held-out documents, or none.
        init: Folder of a model or run to go on from, with its tokenizer, whose vocabulary must be
            that of the data; none for random weights.
        model: A named size (`tf-albert sizes` lists them) or an `albert_config.json`; none given is
            that of `init`, or else `albert_tiny`.
        batch_size: Rows a step, over all replicas.
        sequence_length: Tokens a row.
        cooccurrence_start: Whether word embeddings begin near those of words that stand beside the
            same words in the corpus, and not at random; a short run then learns context sooner.

    Raises:
        ValueError: a number out of its range, or `cooccurrence_start` beside `init`.
    """

    data: str
    output: str
    validation: str | None = None
    init: str | None = None
    model: str | None = None
    batch_size: int = 32
    sequence_length: int = 128
    cooccurrence_start: bool = False

    counts: ClassVar[tuple[str, ...]] = (*LoopSettings.counts, "batch_size")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.init is None and self.model is None:
            object.__setattr__(self, "model", DEFAULT_MODEL)
        if self.init is not None and self.cooccurrence_start:
            raise ValueError(
                "`cooccurrence_start` and `init` are two starts: word embeddings come from the "
                "corpus, or from a model. Leave one of them out (`--no-cooccurrence-start`)."
            )


def pretrain(recipe: PretrainRecipe) -> JsonDict:
    """Pretrains a model, or goes on with a run that was stopped.

    Args:
        recipe: `PretrainRecipe`.

    Returns:
        dict of JSON values: what `results.json` in the run's folder holds. That is `steps`, and,
        where there are held-out documents, `before` and `after`, the losses and accuracies on them
        by name, such as `mlm_loss` (nats a masked token) and `sop_accuracy`.

    Raises:
        FileNotFoundError: the data are not there.
        ValueError: a setting that does not fit the data, the model or an earlier run.
        FloatingPointError: a loss is not finite.
        tf_albert.training.loop.Interrupted: a signal came; the checkpoint is written.
    """
    require_tensorflow("Pretraining")
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(policy_of(recipe.dtype))
    if recipe.deterministic:
        make_deterministic()
    corpus = Corpus.open(recipe.data)
    tokenizer = corpus.tokenizer_files()
    strategy = make_strategy(recipe.strategy)
    recipe = _as_begun(recipe)
    config, make_model = _beginning(recipe, tokenizer, strategy)
    _check_length(recipe, config)
    batches = PretrainingBatches(corpus, recipe.batch_size, recipe.sequence_length, recipe.seed)
    evaluate = _evaluation(recipe, corpus)
    run = runs.open_run(recipe)
    if runs.is_finished(run):
        print(f"{run} is finished: {recipe.steps} steps are done.")
        return runs.read_results(run)
    if is_chief(strategy):
        print(
            f"{corpus.unigram.sum():,} tokens in {len(corpus.document_ends):,} documents; "
            f"{batches.steps_per_epoch:,} steps an epoch."
        )
    training = loop.Training(
        run=run,
        make_model=make_model,
        objective=PretrainingObjective(),
        batches=batches,
        tokenizer=tokenizer,
        on_start=_on_start(recipe, run, corpus, evaluate),
        on_checkpoint=_on_checkpoint(evaluate),
    )
    model = loop.train(training, recipe, strategy)
    results: JsonDict = {"steps": recipe.steps}
    if evaluate:
        results |= {"before": runs.read_start(run), "after": evaluate(model, strategy)}
    if recipe.cooccurrence_start:
        scale_embeddings(model)
    if is_chief(strategy):
        runs.finish_run(run, model, tokenizer, results, {"recipe": dataclasses.asdict(recipe)})
    return results


def load_config(model: str, tokenizer: PieceTokenizer) -> AlbertConfig:
    """Returns a named or stored config with the vocabulary size of a tokenizer.

    Args:
        model: str. A named size or the path of an `albert_config.json`.
        tokenizer: `PieceTokenizer`.

    Raises:
        ValueError: neither; or a stored config for another vocabulary size.
    """
    if model in AlbertConfig.names():
        return AlbertConfig.from_name(model).replace(vocab_size=tokenizer.vocab_size)
    if not Path(model).exists():
        raise ValueError(
            f"{model!r} is neither a file nor a known size. "
            f"Known sizes: {', '.join(AlbertConfig.names())}."
        )
    config = AlbertConfig.from_json(model)
    if config.vocab_size != tokenizer.vocab_size:
        raise ValueError(
            f"{model} has `vocab_size`={config.vocab_size}, the vocabulary of the data has "
            f"{tokenizer.vocab_size} pieces. Make them equal."
        )
    return config


def _as_begun(recipe: PretrainRecipe) -> PretrainRecipe:
    """Returns the recipe with the start that its run had: earlier versions had another default."""
    began = runs.begun_with(recipe.output, "cooccurrence_start", recipe.cooccurrence_start)
    if began == recipe.cooccurrence_start or recipe.init is not None:
        return recipe
    print(f"{recipe.output} began with `cooccurrence_start`={began}, and goes on so.")
    return dataclasses.replace(recipe, cooccurrence_start=began)


def _beginning(
    recipe: PretrainRecipe, tokenizer: PieceTokenizer, strategy: "tf.distribute.Strategy"
) -> tuple[AlbertConfig, Callable[[], AlbertPretrainer]]:
    """Returns the config of the model to train, and the function that makes it."""
    if recipe.init is None:
        config = load_config(recipe.model or DEFAULT_MODEL, tokenizer)
        return config, lambda: AlbertPretrainer(config)
    theirs = AlbertTokenizer.from_pretrained(recipe.init)
    _check_same_vocabulary((recipe.data, tokenizer), (recipe.init, theirs))
    with strategy.scope():
        # A fine-tuned model has none of the heads, a released one none for sentence order.
        pretrained = AlbertPretrainer.from_pretrained(recipe.init, allow_missing=FRESH_PARTS)
    if recipe.model is not None:
        _check_same_model(load_config(recipe.model, tokenizer), pretrained.config, recipe)
    return pretrained.config, lambda: pretrained


def _check_same_model(asked: AlbertConfig, found: AlbertConfig, recipe: PretrainRecipe) -> None:
    ours, theirs = asked.to_dict(), found.to_dict()
    changed = [
        f"{name}={value!r}, there {theirs[name]!r}"
        for name, value in ours.items()
        if name not in OF_TRAINING and value != theirs[name]
    ]
    if changed:
        raise ValueError(
            f"`model`={recipe.model} is another model than that in `init`={recipe.init}: "
            f"{'; '.join(changed)}. Leave `model` out (`--model null` where a recipe has it)."
        )


def _check_length(recipe: PretrainRecipe, config: AlbertConfig) -> None:
    if recipe.sequence_length > config.max_position_embeddings:
        raise ValueError(
            f"`sequence_length`={recipe.sequence_length} is above the model's "
            f"`max_position_embeddings`={config.max_position_embeddings}. Lower it, or use a model "
            "with more positions."
        )


def _evaluation(recipe: PretrainRecipe, corpus: Corpus) -> PretrainingEvaluation | None:
    """Returns the function that evaluates a model on the held-out documents, or None."""
    if recipe.validation is None:
        return None
    held_out = Corpus.open(recipe.validation)
    _check_same_vocabulary(
        (recipe.data, corpus.tokenizer_files()), (recipe.validation, held_out.tokenizer_files())
    )
    batches = PretrainingBatches(
        held_out, recipe.batch_size, recipe.sequence_length, EVALUATION_SEED, shuffle=False
    )
    return PretrainingEvaluation(batches, corpus.unigram)


def _on_start(
    recipe: PretrainRecipe, run: Path, corpus: Corpus, evaluate: PretrainingEvaluation | None
) -> Callable[[AlbertPretrainer, "tf.distribute.Strategy"], None]:
    """Returns what a run begins with: the untrained model's scores, and what counting tells."""

    def on_start(model: AlbertPretrainer, strategy: "tf.distribute.Strategy") -> None:
        if evaluate:
            runs.write_start(run, evaluate(model, strategy))
        if recipe.init is None:
            start_from_frequencies(model, corpus)
        if recipe.cooccurrence_start:
            start_from_cooccurrence(model, corpus)

    return on_start


def _on_checkpoint(
    evaluate: PretrainingEvaluation | None,
) -> Callable[[AlbertPretrainer, "tf.distribute.Strategy", int], dict[str, float]] | None:
    return None if evaluate is None else lambda model, strategy, _: evaluate(model, strategy)


def _check_same_vocabulary(*places: tuple[str, PieceTokenizer]) -> None:
    """Raises a `ValueError` where two folders, each with its tokenizer, have different ones."""
    (data, first), (other, second) = places
    if (first.model_proto, first.lower_case) != (second.model_proto, second.lower_case):
        raise ValueError(
            f"{data} was prepared with another vocabulary than {other} has. Prepare it with the "
            "same one."
        )
