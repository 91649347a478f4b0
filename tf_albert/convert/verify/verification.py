"""Two stored models compared: what each computes of the same ids, and of the same texts."""

import dataclasses
import itertools
from pathlib import Path

import keras
import numpy as np

from tf_albert.convert import formats, sources
from tf_albert.convert.build import build_model
from tf_albert.convert.checkpoint import Checkpoint
from tf_albert.convert.other_library import OtherLibrary, choices_of
from tf_albert.convert.verify.inputs import TEXTS, make_inputs
from tf_albert.modeling.model_classes import model_class
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.types import StrPath

# Above what float32 sums in another order differ by, in twenty-four layers.
TOLERANCE = 1e-4
# Parts that some classes of other libraries lack, and what comes out of them.
OUTPUT_OF_PART = {"pooler": "pooled_output", "sentence_order_head": "sop_logits"}
# Of shape `(rows, length, ...)`: what stands at padding is nobody's business.
TOKEN_OUTPUTS = ("sequence_output", "start_logits", "end_logits")


@dataclasses.dataclass(frozen=True)
class Side:
    """One of two stored models.

    Args:
        computed_by: str. What computed its outputs.
        outputs: dict of output name to array.
        other_ids: dict of text to two pieces, or None where no other library tokenized. The texts
            to which that library's own tokenizer gives other ids than this package's does by the
            same vocabulary; the first piece that is another, here and there.
        notes: dict of str to str. What its format could not hold, or holds otherwise.
    """

    computed_by: str
    outputs: dict[str, np.ndarray]
    other_ids: dict[str, tuple[str, str]] | None
    notes: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How far two stored models are apart.

    Args:
        sides: tuple of two `Side`.
        differences: dict of output name to the largest absolute difference.
        num_texts: int. How many texts were tokenized by both, 0 where one has no vocabulary.
        other_ids: tuple of the texts to which the two vocabularies give different ids, both by this
            package's tokenizer.
    """

    sides: tuple[Side, Side]
    differences: dict[str, float]
    num_texts: int
    other_ids: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether all outputs are within `TOLERANCE` of each other, and all texts' ids equal.

        What a library's own tokenizer does otherwise is no matter of the two models.
        """
        return not self.other_ids and max(self.differences.values()) <= TOLERANCE


def compare(source: StrPath, target: StrPath) -> Comparison:
    """Compares what two stored models compute of the same inputs.

    A side is computed by the library that its format belongs to, where that is installed
    (`transformers`, `keras_hub`; a TF Hub module by itself), and by this package otherwise. The
    models get the ids of this package's tokenizer, to which those of a library's own are compared.

    Args:
        source: str or path. A folder, a checkpoint's prefix, a `.tar.gz` of a folder, or a name on
            a host (`hf://owner/name`, `kaggle://owner/model/framework/variation`, `https://...`).
        target: str or path. Another such place.

    Returns:
        `Comparison`.

    Raises:
        FileNotFoundError: there is nothing, or a file is missing.
        ValueError: damaged files, vocabularies of two sizes, or no output in common.
    """
    with sources.opened(source) as place, sources.opened(target) as other_place:
        first, second = formats.read(place), formats.read(other_place)
        _check_same_vocab_size(first, second)
        rows, other_ids = _compare_texts(first.tokenizer, second.tokenizer)
        inputs = make_inputs((first.config, second.config), rows)
        sides = _side(place, first, inputs), _side(other_place, second, inputs)
    outputs, other_outputs = (side.outputs for side in sides)
    shared = [name for name in outputs if name in other_outputs]
    if not shared:
        raise ValueError(
            f"{source} gives {', '.join(outputs)} and {target} gives {', '.join(other_outputs)}: "
            "no output is in both."
        )
    differences = {
        name: _difference(name, outputs[name], other_outputs[name], inputs["input_mask"])
        for name in shared
    }
    return Comparison(sides, differences, len(rows), other_ids)


def _check_same_vocab_size(first: Checkpoint, second: Checkpoint) -> None:
    sizes = [checkpoint.config.vocab_size for checkpoint in (first, second)]
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"`vocab_size` is {sizes[0]} in {first.source} and {sizes[1]} in {second.source}. The "
            "two are no conversion of each other."
        )


def _difference(name: str, first: np.ndarray, second: np.ndarray, mask: np.ndarray) -> float:
    first, second = np.asarray(first, "float64"), np.asarray(second, "float64")
    if first.shape != second.shape:
        raise ValueError(
            f"`{name}` is of shape {first.shape} on one side and {second.shape} on the other. The "
            "two are no conversion of each other."
        )
    difference = np.abs(first - second)
    # The logits of a token classifier have three axes, those of other models two.
    if name in TOKEN_OUTPUTS or (name == "logits" and difference.ndim == 3):
        difference = difference[mask == 1]
    # NaN compares as neither large nor small.
    return float(np.max(np.nan_to_num(difference, nan=np.inf)))


def _compare_texts(
    first: PieceTokenizer | None, second: PieceTokenizer | None
) -> tuple[list[list[int]], tuple[str, ...]]:
    """Returns the ids of all texts, and the texts to which two tokenizers give other ids."""
    if first is None or second is None:
        return [], ()
    rows, other_rows = (tokenizer.encode_ids(list(TEXTS)) for tokenizer in (first, second))
    pairs = zip(TEXTS, rows, other_rows, strict=True)
    return rows, tuple(text for text, ids, other_ids in pairs if ids != other_ids)


def _side(place: Path, checkpoint: Checkpoint, inputs: dict[str, np.ndarray]) -> Side:
    library = formats.FORMATS[checkpoint.format].other_library
    missing = library.missing_modules() if library else []
    if library is None or missing:
        lacking = f", since {', '.join(missing)} is not installed (extra `parity`)"
        computed_by = f"tf_albert{lacking if missing else ''}"
        return Side(computed_by, _outputs_here(checkpoint, inputs), None, checkpoint.dropped)
    outputs = library.compute_outputs(place, checkpoint.model_class, inputs)
    other_ids = _other_ids(library, place, checkpoint.tokenizer)
    return Side(library.name, outputs, other_ids, checkpoint.dropped)


def _other_ids(
    library: OtherLibrary, place: Path, tokenizer: PieceTokenizer | None
) -> dict[str, tuple[str, str]] | None:
    """Returns the texts to which a library gives other ids, with the first pieces that differ."""
    if library.tokenize is None or tokenizer is None:
        return None
    rows, live_rows = tokenizer.encode_ids(list(TEXTS)), library.tokenize(place, list(TEXTS))
    return {
        text: _first_difference(tokenizer, ids, live_ids)
        for text, ids, live_ids in zip(TEXTS, rows, live_rows, strict=True)
        if ids != live_ids
    }


def _first_difference(
    tokenizer: PieceTokenizer, ids: list[int], other_ids: list[int]
) -> tuple[str, str]:
    pairs = itertools.zip_longest(ids, other_ids)
    pair = next((first, second) for first, second in pairs if first != second)
    return _name(tokenizer, pair[0]), _name(tokenizer, pair[1])


def _name(tokenizer: PieceTokenizer, index: int | None) -> str:
    if index is None:
        return "nothing"
    # Another library may have pieces that the vocabulary has not.
    return tokenizer.id_to_piece(index) if index < tokenizer.vocab_size else f"id {index}"


def _outputs_here(checkpoint: Checkpoint, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the outputs of a checkpoint as this package computes them.

    Args:
        checkpoint: `Checkpoint`.
        inputs: dict of the inputs of the encoder and of the pretrainer.

    Returns:
        dict of output name to array, without what comes out of parts that are not stored.
    """
    lacking = [part for part in OUTPUT_OF_PART if _lacks(checkpoint, part)]
    own_class = model_class(checkpoint.model_class)
    allowed = [*lacking, *checkpoint.unplaced]
    model, _ = build_model(checkpoint, own_class, allow_missing=allowed, dtype="float32")
    encoder = model.encoder if hasattr(model, "encoder") else model
    outputs = {name: encoder(inputs)[name] for name in ("sequence_output", "pooled_output")}
    if model is not encoder:
        chooses = checkpoint.model_class == "AlbertMultipleChoice"
        head = model(choices_of(inputs) if chooses else inputs)
        outputs |= head if isinstance(head, dict) else {"logits": head}
    left_out = [OUTPUT_OF_PART[part] for part in lacking]
    return {
        name: keras.ops.convert_to_numpy(value)
        for name, value in outputs.items()
        if name not in left_out
    }


def _lacks(checkpoint: Checkpoint, part: str) -> bool:
    has_part = part == "pooler" or checkpoint.model_class == "AlbertPretrainer"
    return has_part and not any(name.startswith(f"{part}/") for name in checkpoint.arrays)
