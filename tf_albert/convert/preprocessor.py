"""What the strings of a stored model go through."""

from typing import Any

import keras

from tf_albert.config import DEFAULT_SEQUENCE_LENGTH
from tf_albert.convert.checkpoint import Checkpoint


def preprocessor_of(checkpoint: Checkpoint) -> Any:
    """Returns the `AlbertPreprocessor` of a model, or None where no vocabulary lies beside it.

    Args:
        checkpoint: `Checkpoint`.
    """
    # Strings are TensorFlow's, which other backends do without.
    if checkpoint.tokenizer is None or keras.config.backend() != "tensorflow":
        return None
    from tf_albert.text.preprocessor import AlbertPreprocessor
    from tf_albert.text.tokenizer import AlbertTokenizer

    tokenizer = AlbertTokenizer.of(checkpoint.tokenizer)
    longest = checkpoint.config.max_position_embeddings
    length = checkpoint.sequence_length or min(DEFAULT_SEQUENCE_LENGTH, longest)
    return AlbertPreprocessor(tokenizer, length)
