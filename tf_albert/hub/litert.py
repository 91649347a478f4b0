"""A classifier or an encoder as a LiteRT file (`.tflite`), for phones: ids of one row in."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from tf_albert import files
from tf_albert.convert import formats
from tf_albert.convert.build import build_model
from tf_albert.hub.classifier import check_fit
from tf_albert.hub.litert_converter import FORMS, Exportable, convert_model
from tf_albert.hub.reusable import require
from tf_albert.hub.rows import row_length
from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.modeling.model import AlbertModel
from tf_albert.modeling.model_classes import model_class
from tf_albert.modeling.pretrainer import AlbertPretrainer
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import JsonDict, StrPath

# Single texts, or tuples of the one or two texts of each example.
Texts: TypeAlias = Sequence[str] | Sequence[tuple[str, ...]]


def save_litert(
    model: AlbertModel | StrPath,
    preprocessor: AlbertPreprocessor | StrPath | None,
    path: StrPath | None = None,
    form: str = "float32",
    texts: Texts | None = None,
    sequence_length: int | None = None,
) -> int:
    """Writes a classifier or an encoder as a LiteRT file that needs no TensorFlow.

    The file has one signature, `serving_default`: `input_word_ids`, `input_mask` and
    `input_type_ids`, int32 `(1, sequence_length)`, to `logits`, float32 `(1, num_classes)`; of an
    encoder to `pooled_output`, float32 `(1, hidden_size)`, and `sequence_output`, float32
    `(1, sequence_length, hidden_size)`. Sizes are fixed, one row a call, which is what the kernels
    of phones are made for. Weights that layers share are stored once.

    Args:
        model: `AlbertClassifier`, `AlbertEncoder`, `AlbertPretrainer` (of which the encoder is
            written), of any precision; or where one lies, in any form that `from_pretrained` takes.
        preprocessor: `AlbertPreprocessor` of the tokenizer that the model was trained with. Its
            `sequence_length` is that of the file. It may be left out: `path` and `form` then stand
            a place earlier, and the rest is given by name.
        path: str or path. The file to write.
        form: str. How the weights are stored, and what is computed in int8:

            - `float32`: as they are;
            - `float16`: half the size, computed in float32;
            - `int8`: a quarter of the size; products with weights in int8, with the range of each
              input measured when it comes;
            - `full_int8`: the same with ranges measured on `texts` beforehand. Attention's own
              products, softmax, sums and normalizations stay in float32.
        texts: list of str, or of tuples of one or two str; for `full_int8` alone. Some hundred
            texts such as the file will see.
        sequence_length: int or None. Tokens a row, where no preprocessor tells it; None for that of
            fine-tuning, or 128.

    Returns:
        int: tokens a row.

    Raises:
        FileNotFoundError: there is no model in `model`.
        ValueError: a model of another class, an unknown form, a preprocessor that does not fit the
            model, texts missing, not wanted or without a tokenizer, or `path` is a folder.

    Example::

        tf_albert.hub.save_litert("runs/sst2", "sentiment.tflite", "int8")
        tf_albert.hub.save_litert(classifier, preprocess, "sentiment.tflite", "int8")
        run = ai_edge_litert.interpreter.Interpreter("sentiment.tflite").get_signature_runner()
        run(**{name: rows.numpy() for name, rows in preprocess(["a fine film"]).items()})["logits"]
    """
    if isinstance(preprocessor, str | os.PathLike):
        preprocessor, path, form = None, preprocessor, str(path or form)
    if path is None:
        raise ValueError("`path` is missing: the file to write.")
    check_litert(path, form, texts)
    exported, task = _read(model)
    if preprocessor is None:
        length = row_length(exported.config, task.get("sequence_length"), sequence_length)
    else:
        require(preprocessor, (AlbertPreprocessor,), "A tokenizer goes into one of these.")
        length = preprocessor.sequence_length
        if sequence_length not in (None, length):
            raise ValueError(f"The preprocessor makes rows of {length}, not {sequence_length}.")
        check_fit(exported.config, preprocessor.tokenizer, length)
    rows = _rows(preprocessor or _preprocessor(model, length), texts) if texts else []
    files.write_bytes(path, convert_model(exported, length, form, rows))
    return length


def save_run_litert(
    run: StrPath,
    path: StrPath,
    form: str = "float32",
    sequence_length: int | None = None,
    texts: Texts | None = None,
) -> int:
    """Writes the model of a run as a LiteRT file: what `save_litert` does, of a folder alone.

    Args:
        run: str or path. A run, or a folder that `save_pretrained` wrote.
        path, form, texts, sequence_length: as for `save_litert`.

    Returns:
        int: tokens a row.
    """
    return save_litert(run, None, path, form, texts, sequence_length)


def _read(model: AlbertModel | StrPath) -> tuple[Exportable, JsonDict]:
    """Returns what is exported, and what it was fine-tuned for where that is stored."""
    if not isinstance(model, str | os.PathLike):
        return _exported(model), {}
    checkpoint = formats.read(model)
    stored, _ = build_model(checkpoint, model_class(checkpoint.model_class), checkpoint.absent)
    return _exported(stored), checkpoint.task or {}


def _exported(model: AlbertModel) -> Exportable:
    model = model.encoder if isinstance(model, AlbertPretrainer) else model
    hint = "Of another model, give its `encoder`."
    return require(model, (AlbertClassifier, AlbertEncoder), hint)


def _preprocessor(model: AlbertModel | StrPath, length: int) -> AlbertPreprocessor:
    if not isinstance(model, str | os.PathLike):
        raise ValueError(
            "Ranges are measured on the ids of texts, so 'full_int8' needs the preprocessor: "
            "`save_litert(model, preprocessor, path, ...)`."
        )
    return AlbertPreprocessor(AlbertTokenizer.from_pretrained(model), length)


def check_litert(path: StrPath, form: str, texts: Texts | None) -> None:
    """Checks the arguments for a LiteRT file before a model is loaded.

    Args:
        path: str or path. The file to write.
        form: str. How the weights are stored: `float32`, `float16`, `int8` or `full_int8`.
        texts: list of str, or of tuples of one or two str; None for every form but `full_int8`.

    Raises:
        ValueError: an unknown form, texts missing or not wanted, or `path` is a folder.
    """
    if form not in FORMS:
        raise ValueError(f"A LiteRT file has no form {form!r}. Known forms: {', '.join(FORMS)}.")
    if form == "full_int8" and not texts:
        raise ValueError(
            "The form 'full_int8' needs texts to measure the ranges of its values on. Give some "
            "hundred (`texts`; `--calibration FILE`), or use the form 'int8', which needs none."
        )
    if form != "full_int8" and texts:
        raise ValueError(
            f"The form {form!r} measures nothing on texts. Leave them out, or use 'full_int8'."
        )
    if Path(path).is_dir():
        raise ValueError(f"{path} is a folder; a LiteRT file is to be written there. Name a file.")


def _rows(preprocessor: AlbertPreprocessor, texts: Texts) -> list[dict[str, np.ndarray]]:
    """Returns the inputs of each text, a list of dicts of arrays of shape `(1, length)`."""
    columns = texts if isinstance(texts[0], str) else tuple(map(list, zip(*texts, strict=True)))
    inputs = {name: np.asarray(values) for name, values in preprocessor(columns).items()}
    return [
        {name: values[row : row + 1] for name, values in inputs.items()}
        for row in range(len(texts))
    ]
