"""Whether two stored models compute the same: both run on the same ids, and on the same texts."""

import dataclasses
import itertools

import numpy as np

from tf_albert.convert import formats
from tf_albert.convert.checkpoint import build_model
from tf_albert.convert.peers import choices_of, peer_of
from tf_albert.modeling import saving

# Above what float32 sums in another order differ by, in twenty-four layers.
TOLERANCE = 1e-4
NUM_ROWS, LENGTH, NUM_PREDICTIONS = 4, 33, 5
# Case, accents, numbers with commas, signs that expand, other scripts, odd spaces.
TEXTS = (
    "The quick brown fox jumps over the lazy dog.",
    "In 1,234 cases of 20,000 the price was $3.50, not £4.",
    "Él tomó café en la Universität Zürich — naïve, isn’t it?",
    "State-of-the-art (well-known) e-mail: me@example.org!",
    "½ cup of ﬂour, 5㎏ of rice, x² + y³",
    "  Odd   spaces\tand\nlines  ",
    "ALBERT, Bert & Ernie; iPhone, eBay, NASA",
    "Привет, мир! Γειά σου, κόσμε.",
    "東京は日本の首都です。 서울은 대한민국의 수도",
    "नमस्ते दुनिया, مرحبا بالعالم, שלום עולם, สวัสดี",
)
# Parts that some classes of other libraries lack, and what comes out of them.
OUTPUT_OF_PART = {"pooler": "pooled_output", "sentence_order_head": "sop_logits"}
# Of shape `(rows, length, ...)`: what stands at padding is nobody's business.
TOKEN_OUTPUTS = ("sequence_output", "start_logits", "end_logits")


@dataclasses.dataclass(frozen=True)
class Side:
    """One of two stored models.

    Args:
        runner: str. What ran it.
        outputs: dict of output name to array.
        other_ids: dict of text to two pieces, or None where no other library tokenized. The texts
            to which the runner's own tokenizer gives other ids than this package's does by the same
            vocabulary; the first piece that is another, here and there.
        notes: dict of str to str. What its format could not hold, or holds otherwise.
    """

    runner: str
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
    def agrees(self):
        """Whether all outputs are within `TOLERANCE` of each other, and all texts' ids equal.

        What a library's own tokenizer does otherwise is no matter of the two models.
        """
        return not self.other_ids and max(self.differences.values()) <= TOLERANCE


def compare(source, target):
    """Runs two stored models on the same inputs.

    A side is run by the library that its format belongs to, where that is installed
    (`transformers`, `keras_hub`; a TF Hub module runs itself), and by this package otherwise. The
    models get the ids of this package's tokenizer, to which those of a library's own are compared.

    Args:
        source: str or path. As `from_pretrained` takes it.
        target: str or path.

    Returns:
        `Comparison`.

    Raises:
        FileNotFoundError: there is nothing, or a file is missing.
        ValueError: damaged files, vocabularies of two sizes, or no output in common.
    """
    with formats.opened(source) as place, formats.opened(target) as other_place:
        first, second = formats.read(place), formats.read(other_place)
        _check_same_vocab_size(first, second)
        rows, other_ids = _compare_texts(first.tokenizer, second.tokenizer)
        inputs = _inputs((first.config, second.config), rows)
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


def _check_same_vocab_size(first, second):
    sizes = [checkpoint.config.vocab_size for checkpoint in (first, second)]
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"`vocab_size` is {sizes[0]} in {first.source} and {sizes[1]} in {second.source}. The "
            "two are no conversion of each other."
        )


def _difference(name, first, second, mask):
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


def _compare_texts(first, second):
    """Returns the ids of all texts, and the texts to which two tokenizers give other ids."""
    if first is None or second is None:
        return [], ()
    rows, other_rows = (tokenizer.encode_ids(list(TEXTS)) for tokenizer in (first, second))
    pairs = zip(TEXTS, rows, other_rows, strict=True)
    return rows, tuple(text for text, ids, other_ids in pairs if ids != other_ids)


def _inputs(configs, text_rows):
    """Returns random rows and those of the texts, padded, with positions to predict."""
    length = min(LENGTH, *(config.max_position_embeddings for config in configs))
    num_types = min(config.type_vocab_size for config in configs)
    random = np.random.default_rng(0)
    lengths = (max(1, length - 3 * row) for row in range(NUM_ROWS))
    rows = [random.integers(0, configs[0].vocab_size, size) for size in lengths]
    rows += [ids[:length] for ids in text_rows]
    ids = np.zeros((len(rows), length), "int32")
    mask = np.zeros_like(ids)
    positions = np.zeros((len(rows), min(NUM_PREDICTIONS, length)), "int32")
    for number, row in enumerate(rows):
        ids[number, : len(row)], mask[number, : len(row)] = row, 1
        # What is predicted of padding is nobody's business either.
        positions[number] = np.arange(positions.shape[1]) % max(1, len(row))
    return {
        "input_word_ids": ids,
        "input_mask": mask,
        "input_type_ids": (np.arange(length) // 4 % num_types * mask).astype("int32"),
        "masked_lm_positions": positions,
    }


def _side(place, checkpoint, inputs):
    peer, missing = peer_of(checkpoint.format)
    if peer is None or missing:
        lacking = f", since {', '.join(missing)} is not installed (extra `parity`)"
        runner = f"tf_albert{lacking if missing else ''}"
        return Side(runner, run_here(checkpoint, inputs), None, checkpoint.dropped)
    outputs = peer.run(place, checkpoint.model_class, inputs)
    other_ids = _other_ids(peer, place, checkpoint.tokenizer)
    return Side(peer.name, outputs, other_ids, checkpoint.dropped)


def _other_ids(peer, place, tokenizer):
    """Returns the texts to which a library's own tokenizer gives other ids; see `Side`."""
    if peer.tokenize is None or tokenizer is None:
        return None
    rows, live_rows = tokenizer.encode_ids(list(TEXTS)), peer.tokenize(place, list(TEXTS))
    return {
        text: _first_difference(tokenizer, ids, live_ids)
        for text, ids, live_ids in zip(TEXTS, rows, live_rows, strict=True)
        if ids != live_ids
    }


def _first_difference(tokenizer, ids, other_ids):
    pairs = itertools.zip_longest(ids, other_ids)
    pair = next((first, second) for first, second in pairs if first != second)
    return tuple(_name(tokenizer, index) for index in pair)


def _name(tokenizer, index):
    if index is None:
        return "nothing"
    # Another library may have pieces that the vocabulary has not.
    return tokenizer.id_to_piece(index) if index < tokenizer.vocab_size else f"id {index}"


def run_here(checkpoint, inputs):
    """Returns the outputs of a checkpoint as this package computes them.

    Args:
        checkpoint: `Checkpoint`.
        inputs: dict of the inputs of the encoder and of the pretrainer.

    Returns:
        dict of output name to array, without what comes out of parts that are not stored.
    """
    lacking = [part for part in OUTPUT_OF_PART if _lacks(checkpoint, part)]
    model_class = saving.model_class(checkpoint.model_class)
    allowed = [*lacking, *checkpoint.unplaced]
    model, _ = build_model(checkpoint, model_class, allow_missing=allowed, dtype="float32")
    encoder = getattr(model, "encoder", model)
    outputs = {name: encoder(inputs)[name] for name in ("sequence_output", "pooled_output")}
    if model is not encoder:
        chooses = checkpoint.model_class == "AlbertMultipleChoice"
        head = model(choices_of(inputs) if chooses else inputs)
        outputs |= head if isinstance(head, dict) else {"logits": head}
    left_out = [OUTPUT_OF_PART[part] for part in lacking]
    return {name: np.asarray(value) for name, value in outputs.items() if name not in left_out}


def _lacks(checkpoint, part):
    has_part = part == "pooler" or checkpoint.model_class == "AlbertPretrainer"
    return has_part and not any(name.startswith(f"{part}/") for name in checkpoint.arrays)
