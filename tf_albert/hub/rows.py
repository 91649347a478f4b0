"""How many tokens a row of an exported model has."""

from tf_albert.config import DEFAULT_SEQUENCE_LENGTH, AlbertConfig

SHORTEST = 3  # it holds [CLS], a token and [SEP]


def row_length(config: AlbertConfig, of_task: int | None, asked: int | None) -> int:
    """Returns how many tokens a row has: as asked, as the task's rows had, or 128.

    Args:
        config: `AlbertConfig` of the model.
        of_task: int or None. Tokens a row in fine-tuning.
        asked: int or None.

    Raises:
        ValueError: fewer than three, or more than the model has positions.

    >>> row_length(AlbertConfig.from_name("albert_base_v2"), None, None)
    128
    """
    longest = config.max_position_embeddings
    length = (of_task or min(DEFAULT_SEQUENCE_LENGTH, longest)) if asked is None else asked
    if length > longest:
        raise ValueError(
            f"A sequence length of {length} is above the model's {longest} positions. "
            f"Use {longest} or less."
        )
    if length < SHORTEST:
        raise ValueError(f"A sequence length must be at least {SHORTEST}. Received: {length}.")
    return length
