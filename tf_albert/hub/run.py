"""A trained run as modules: what `tf-albert export` and a release have in common."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tf_albert import layout
from tf_albert.config import AlbertConfig
from tf_albert.convert.native.read import read_model, read_provenance
from tf_albert.hub.answerer import save_answerer
from tf_albert.hub.chooser import save_chooser
from tf_albert.hub.classifier import save_classifier
from tf_albert.hub.early_exit import check_early_exit, save_early_exit_classifier
from tf_albert.hub.encoder import check_also_layers, save_encoder
from tf_albert.hub.preprocessor import save_preprocessor
from tf_albert.hub.rows import row_length
from tf_albert.hub.tagger import save_tagger
from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.modeling.depth import with_layers
from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.modeling.model import AlbertModel
from tf_albert.modeling.pretrainer import AlbertPretrainer
from tf_albert.tasks.load import TASKS, read_task
from tf_albert.tasks.multiple_choice.predictor import MultipleChoicePredictor
from tf_albert.tasks.predictor import Predictor
from tf_albert.tasks.question_answering.predictor import QuestionAnsweringPredictor
from tf_albert.tasks.token_classification.predictor import TokenClassificationPredictor
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import JsonDict, StrPath

# What a model of a kind of task is exported as: the module's name, and what writes it.
MODULES: dict[type[Predictor], tuple[str, Callable[..., None]]] = {
    QuestionAnsweringPredictor: ("answerer", save_answerer),
    MultipleChoicePredictor: ("chooser", save_chooser),
    TokenClassificationPredictor: ("tagger", save_tagger),
}


def save_run(
    run: StrPath,
    output: StrPath,
    sequence_length: int | None = None,
    num_layers: int | None = None,
    also_layers: Sequence[int] = (),
    early_exit: float | None = None,
) -> list[Path]:
    """Writes the modules of a trained model: encoder, preprocessor, and one that does its task.

    The third module is `classifier` for a classifier, `answerer` for a model fine-tuned on SQuAD,
    `chooser` for one fine-tuned on RACE, and `tagger` for one fine-tuned on tagged sentences.

    Args:
        run: str or path. A training run, or a folder that `save_pretrained` wrote with a tokenizer.
        output: str or path. The folder for the modules, each replaced as a whole.
        sequence_length: int or None. Tokens a row of the preprocessor, and of the module that does
            the task; None for that of fine-tuning or of the model's preprocessor, or 128.
        num_layers: int or None. How many of its first layers the encoder and that module have; None
            for all.
        also_layers: sequence of int. For each number the encoder has a part `layers_NUMBER`: the
            encoder with so many of its layers, on the same weights.
        early_exit: float from 0 to 1, or None. The threshold of one more module, `early_exit`: the
            classifier that leaves each text at the first layer whose largest probability is above
            the threshold.

    Returns:
        list of path: the modules, in the order in which data meets them.

    Raises:
        FileNotFoundError: `run` is no model folder, or lacks its tokenizer.
        ValueError: damaged files, a `sequence_length` above the model's positions, layers that the
            model does not have, or an `early_exit` that is no such number or not for this model.

    Example::

        tf_albert.hub.save_run("runs/sst2", "modules")
        hub.load("modules/classifier")(tf.constant(["a fine film"]))["label"]   # [b"1"]
    """
    folder, output = layout.model_folder(run), Path(output)
    model, provenance = _read(folder, num_layers)
    task = read_task(folder)
    check_also_layers(model.config, also_layers)
    if early_exit is not None:
        _check_early_exit(model, task, early_exit)
    preprocessor = _preprocessor(folder, model.config, sequence_length)
    encoder = model if isinstance(model, (AlbertEncoder, AlbertPretrainer)) else model.encoder
    save_preprocessor(preprocessor, output / "preprocessor", provenance={"run": provenance})
    made_of = {"run": provenance, "num_hidden_layers": model.config.num_hidden_layers}
    save_encoder(encoder, output / "encoder", made_of, also_layers)
    names = ["preprocessor", "encoder", _save_task(model, preprocessor, task, output, made_of)]
    if early_exit is not None:
        labels, num_segments = task["labels"], task["num_segments"]
        path = output / "early_exit"
        save_early_exit_classifier(
            model, preprocessor, path, labels, early_exit, num_segments, made_of
        )
        names.append(path.name)
    return [output / name for name in names if name]


def _read(folder: Path, num_layers: int | None) -> tuple[AlbertModel, JsonDict]:
    """Returns a run's model, with the first of its layers alone or all, and its provenance."""
    model, provenance = read_model(folder), read_provenance(folder)
    if num_layers is not None:
        model = with_layers(model, num_layers)
    _seed_dropout(model)
    return model, provenance


def _check_early_exit(model: AlbertModel, task: JsonDict, threshold: float) -> None:
    if not 0 <= threshold <= 1:
        raise ValueError(
            "The threshold of an early exit is compared with the largest probability: it must be "
            f"from 0 to 1. Received: {threshold}."
        )
    if not isinstance(model, AlbertClassifier) or task.get("multi_label"):
        kind = "any labels at once" if task.get("multi_label") else type(model).__name__
        raise ValueError(
            "An early exit is for a classifier of one class of several. This model is one of "
            f"{kind}: leave it out."
        )
    check_early_exit(model, threshold)


def _seed_dropout(model: AlbertModel) -> None:
    """Gives each dropout a random state of its own, the same in every process.

    Keras draws them anew for each model; a module stores them, and would never be the same twice.
    """
    weights = {id(weight) for weight in model.weights}
    states = [variable for variable in model.variables if id(variable) not in weights]
    for number, state in enumerate(states):
        state.assign([number, 0])


def _save_task(
    model: AlbertModel,
    preprocessor: AlbertPreprocessor,
    task: JsonDict,
    output: Path,
    made_of: JsonDict,
) -> str | None:
    """Writes the module that does a model's task; returns its name, or None where there is none.

    Args:
        model: the model.
        preprocessor: `AlbertPreprocessor`, whose rows the module has.
        task: dict. What the model was fine-tuned for; {} where it was not.
        output: path. The folder for modules.
        made_of: dict. What `provenance.json` says besides.
    """
    if isinstance(model, AlbertClassifier):
        save_classifier(
            model,
            preprocessor,
            output / "classifier",
            task["labels"],
            task["num_segments"],
            made_of,
            multi_label=task.get("multi_label", False),
        )
        return "classifier"
    kind = TASKS.get(task.get("task", ""))
    if kind is None or kind.predictor_class not in MODULES:
        return None
    name, save = MODULES[kind.predictor_class]
    arguments = task | {"sequence_length": preprocessor.sequence_length}
    description = kind.predictor_class.description_class(**arguments)
    predictor = kind.predictor_class(model, preprocessor.tokenizer, description)
    save(predictor, output / name, made_of)
    return name


def _preprocessor(
    folder: Path, config: AlbertConfig, sequence_length: int | None
) -> AlbertPreprocessor:
    length = row_length(config, read_task(folder).get("sequence_length"), sequence_length)
    return AlbertPreprocessor(AlbertTokenizer.from_pretrained(folder), length)
