"""TF Hub text encoder modules of ALBERT, read: this package's own and the Model Garden's."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from tf_albert.convert.build import build_model
from tf_albert.convert.checkpoint import Checkpoint, collect
from tf_albert.convert.hub.config import config_of
from tf_albert.convert.hub.module import HUB1_FILE, MODULE_FILE, load_encoder, outputs_of
from tf_albert.convert.hub.names import places, without_head_axes
from tf_albert.layout import CONFIG_FILE
from tf_albert.modeling.encoder import INPUTS, AlbertEncoder
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.text.stored_tokenizer import stored_lower_case

# Of the largest output. Sums in another order stay below; the two forms of gelu alone differ
# by 1e-4 in a small model.
TOLERANCE = 2e-5
NUM_ROWS, LENGTH = 3, 16


def finds(where: Path) -> bool:
    """Whether `where` is a folder with a SavedModel of TensorFlow 2.

    Args:
        where: path.
    """
    return (where / MODULE_FILE).exists() and not (where / HUB1_FILE).exists()


def read(where: Path) -> Checkpoint:
    """Returns what an encoder module holds, once its outputs are those of this package's encoder.

    Args:
        where: path. The module's folder. What its weights do not tell is taken from
            `albert_config.json` in its `assets` or beside it; without one, it is the Model Garden's
            activation and epsilon, and the comparison of the outputs says whether that is right.

    Raises:
        ValueError: a damaged module, one that is no ALBERT encoder, or one whose outputs are not
            those of an ALBERT with these weights.
    """
    module, stored = load_encoder(where)
    dropped = _drop_states(stored)
    config, unsaid = config_of(module, stored, where)
    if hasattr(module, "mlm"):
        unsaid["mlm"] = "of a module, the encoder is read"
    arrays, names, unplaced = collect(places(config, stored), without_head_axes(stored, config))
    checkpoint = Checkpoint(
        source=where,
        format="hub",
        config=config,
        arrays=arrays,
        names=names,
        model_class="AlbertEncoder",
        dropped=dropped | unsaid,
        unplaced=unplaced,
        tokenizer=read_tokenizer(where),
        files=tuple(path for path in sorted(where.rglob("*")) if path.is_file()),
    )
    _check_outputs(module, checkpoint)
    return checkpoint


def read_tokenizer(where: Path) -> PieceTokenizer | None:
    """Returns the tokenizer among the assets of a module, of an encoder or of another, or None.

    Args:
        where: path. The module's folder.

    Raises:
        ValueError: a damaged file.
    """
    assets = where / "assets"
    vocabulary = next(iter(sorted(assets.glob("*.model"))), None) if finds(where) else None
    if vocabulary is None:
        return None
    lower_case = stored_lower_case(assets)
    # The Model Garden's exporter implies lower-casing for every SentencePiece vocabulary.
    return PieceTokenizer(vocabulary, True if lower_case is None else lower_case)


def _drop_states(stored: dict[str, np.ndarray]) -> dict[str, str]:
    """Takes out of `stored` what is no weight; returns why, by name."""
    states = [name for name in stored if name.endswith("seed_generator_state")]
    for name in states:
        del stored[name]
    return dict.fromkeys(states, "the state of dropout's random numbers")


def _check_outputs(module: Any, checkpoint: Checkpoint) -> None:
    """Raises a `ValueError` where the module computes something else than this package."""
    config = checkpoint.config
    length = min(LENGTH, config.max_position_embeddings)
    columns, rows = np.arange(length), np.arange(NUM_ROWS)[:, None]
    mask = (columns < np.maximum(length - 5 * rows, 1)).astype("int32")
    ids = np.random.default_rng(0).integers(0, config.vocab_size, mask.shape, "int32")
    types = (columns // 3 % config.type_vocab_size).astype("int32")
    inputs = dict(zip(INPUTS, (ids * mask, mask, types * mask), strict=True))
    theirs = outputs_of(module, inputs, checkpoint.source)
    # Whether an array may go without a place is for the caller to say.
    encoder, _ = build_model(checkpoint, AlbertEncoder, checkpoint.unplaced, dtype="float32")
    ours = encoder(inputs)
    difference = max(
        _difference(ours["sequence_output"], theirs["sequence_output"], mask == 1),
        _difference(ours["pooled_output"], theirs["pooled_output"], slice(None)),
    )
    # Not below, rather than above: NaN is neither.
    if not difference <= TOLERANCE:
        raise ValueError(
            f"{checkpoint.source} computes something else than an ALBERT with its weights and "
            f"hidden_act={config.hidden_act!r}, layer_norm_epsilon={config.layer_norm_epsilon}, "
            f"num_attention_heads={config.num_attention_heads}: the outputs differ by "
            f"{difference:.1e}. Put the {CONFIG_FILE} of the model beside {MODULE_FILE}."
        )


def _difference(ours: Any, theirs: Any, which: np.ndarray | slice) -> float:
    """Returns the largest difference as a share of the largest output, of at least 1."""
    ours = keras.ops.convert_to_numpy(ours)[which]  # PyTorch's tensors come with gradients
    theirs = np.asarray(theirs)[which]
    return float(np.max(np.abs(ours - theirs)) / max(1.0, np.max(np.abs(theirs))))
