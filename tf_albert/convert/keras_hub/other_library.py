"""Presets as keras-hub itself computes by them."""

from pathlib import Path

import numpy as np

from tf_albert.convert.keras_hub import preset
from tf_albert.convert.other_library import OtherLibrary, unopened_tokenizer
from tf_albert.modeling.encoder import INPUTS

KERAS_HUB_INPUTS = ("token_ids", "padding_mask", "segment_ids")


def compute_outputs(
    folder: Path, model_class: str, inputs: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Returns the outputs of a preset as keras-hub computes them, a classifier's as logits.

    Args:
        folder: path. The preset's folder.
        model_class: str. The class of this package whose weights these are.
        inputs: dict of the inputs of the encoder, `(rows, length)`, and of the pretrainer.

    Returns:
        dict of output name to array.
    """
    live, _ = preset.load(folder)
    theirs = {name: inputs[ours] for name, ours in zip(KERAS_HUB_INPUTS, INPUTS, strict=True)}
    outputs = dict(getattr(live, "backbone", live)(theirs))
    if model_class == "AlbertPretrainer":
        outputs["mlm_logits"] = live(theirs | {"mask_positions": inputs["masked_lm_positions"]})
    elif model_class == "AlbertClassifier":
        outputs["logits"] = live(theirs)
    return {name: np.asarray(value) for name, value in outputs.items()}


def tokenize(folder: Path, texts: list[str]) -> list[list[int]]:
    """Returns the ids that a preset's tokenizer gives texts in keras-hub, without special ones.

    Args:
        folder: path. A preset with a tokenizer.
        texts: list of str.

    Raises:
        ValueError: keras-hub cannot open the tokenizer.
    """
    import keras_hub

    try:
        tokenizer = keras_hub.models.AlbertTokenizer.from_preset(str(folder))
    except Exception as error:  # its own, and those of Keras and of TensorFlow
        raise unopened_tokenizer("keras-hub", folder, error) from error
    return [[int(index) for index in tokenizer(text)] for text in texts]


KERAS_HUB = OtherLibrary("keras_hub", ("keras_hub",), compute_outputs, tokenize)
