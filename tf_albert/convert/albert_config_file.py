"""`albert_config.json` beside weights that are not this package's own."""

from pathlib import Path

from tf_albert import files
from tf_albert.config import AlbertConfig

# What no weight tells, or what would only be found out by an error about a shape.
REQUIRED = (
    "vocab_size",
    "embedding_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "max_position_embeddings",
    "type_vocab_size",
)


def read_config(path: Path) -> AlbertConfig:
    """Returns the config in an `albert_config.json` that stands for a model's computation.

    Args:
        path: path. Google's file, or one that was put beside a TF Hub module.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a key that no weight tells is missing, an unknown key, or a value that no model
            has.
    """
    values = files.read_json(path)
    missing = [name for name in REQUIRED if isinstance(values, dict) and name not in values]
    if missing:
        raise ValueError(
            f"{path} lacks {', '.join(missing)}, which weights alone do not tell. Take the file "
            "that was released with the model, or add what it was trained with."
        )
    return AlbertConfig.from_json(path)
