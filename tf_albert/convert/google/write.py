"""Checkpoints of Google's original implementation (TensorFlow 1), written."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_albert.convert.checkpoint import Written
from tf_albert.convert.google.config import VOCABULARY_FILES, unsaid
from tf_albert.convert.google.names import places
from tf_albert.convert.names import weights_by_name
from tf_albert.layout import CONFIG_FILE
from tf_albert.modeling.model import AlbertModel
from tf_albert.text.pieces import PieceTokenizer


def write(model: AlbertModel, folder: Path, tokenizer: PieceTokenizer | None = None) -> Written:
    """Writes a checkpoint that the original implementation reads, its config and vocabulary.

    Args:
        model: an `AlbertModel` whose layers share all of a block, as Google's code shares it.
        folder: path. A folder that exists.
        tokenizer: `PieceTokenizer` or None.

    Returns:
        `Written`.

    Raises:
        ValueError: a model that Google's code has no names for.
    """
    weights = weights_by_name(model)
    named = places(model.config, type(model).__name__)
    arrays = {
        place.name: np.asarray(weights[ours]).T if place.transposed else np.asarray(weights[ours])
        for ours, place in named.items()
        if ours in weights
    }
    names = sorted(arrays)
    tf.raw_ops.SaveV2(
        prefix=str(folder / "model.ckpt-best"),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[np.ascontiguousarray(arrays[name]) for name in names],
    )
    # Google's code knows the tanh form under one name.
    config = model.config
    config = config.replace(hidden_act="gelu") if config.hidden_act == "gelu_new" else config
    config.to_json(folder / CONFIG_FILE)
    if tokenizer is not None:
        tokenizer.write_vocabulary(folder / VOCABULARY_FILES[0])
    return Written(
        {ours: place.name for ours, place in named.items() if ours in weights},
        unsaid(model.head_arguments(), tokenizer),
    )
