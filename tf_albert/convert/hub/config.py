"""The config of a TF Hub module: a file in it or beside it, or what its weights show."""

from pathlib import Path
from typing import Any

import numpy as np

from tf_albert.config import AlbertConfig
from tf_albert.convert.albert_config_file import read_config
from tf_albert.convert.hub.module import MODULE_FILE, outputs_of
from tf_albert.convert.hub.names import GARDEN_SIZES, is_garden
from tf_albert.layout import CONFIG_FILE
from tf_albert.modeling.encoder import INPUTS


def config_of(
    module: Any, stored: dict[str, np.ndarray], where: Path
) -> tuple[AlbertConfig, dict[str, str]]:
    """Returns the config of a module, and what neither a file nor the weights tell of it.

    Args:
        module: the loaded module.
        stored: dict of the values of its variables by name.
        where: path. The module's folder.

    Returns:
        tuple of the `AlbertConfig` and a dict of a fact to what stands for it.

    Raises:
        ValueError: no file, and a module that does not show its config; or a file that leaves out
            what no weight tells.
    """
    path = _find_file(where)
    if path is not None:
        return read_config(path), {}
    if is_garden(stored):
        unsaid = {"dropout": "no module tells it; 0.0 is that of the v2 releases"}
        return _garden_config(module, stored, where), unsaid
    raise ValueError(f"{where} has no assets/{CONFIG_FILE}. Export the module again.")


def _find_file(where: Path) -> Path | None:
    found = (folder / CONFIG_FILE for folder in (where / "assets", where))
    return next((path for path in found if path.is_file()), None)


def _garden_config(module: Any, stored: dict[str, np.ndarray], where: Path) -> AlbertConfig:
    """Returns the config that the weights' shapes and the number of outputs show."""
    shapes = {size: stored[name].shape for size, name in GARDEN_SIZES.items()}
    hidden_size, num_heads, _ = shapes["heads"]
    outputs = outputs_of(module, {name: np.ones((1, 1), "int32") for name in INPUTS}, where)
    if "encoder_outputs" not in outputs:
        raise ValueError(
            f"{where} has no output `encoder_outputs`, whose number is that of the layers. Put the "
            f"{CONFIG_FILE} of the model beside {MODULE_FILE}."
        )
    return AlbertConfig(
        vocab_size=shapes["words"][0],
        embedding_size=shapes["words"][1],
        hidden_size=hidden_size,
        num_hidden_layers=len(outputs["encoder_outputs"]),
        num_attention_heads=num_heads,
        intermediate_size=shapes["intermediate"][0],
        hidden_act="gelu",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        max_position_embeddings=shapes["positions"][0],
        type_vocab_size=shapes["types"][0],
        layer_norm_epsilon=1e-12,
    )
