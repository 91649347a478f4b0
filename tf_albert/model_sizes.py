"""How large a model is and what it costs, by formula."""

from typing import Any

from tf_albert.config import AlbertConfig

SEQUENCE_LENGTHS = (128, 512)
BERT_BASE: dict[str, Any] = {"parameter_sharing": "none", "embedding_size": 768}


def parameter_counts(config: AlbertConfig) -> dict[str, int]:
    """Returns the number of parameters of each part.

    Args:
        config: `AlbertConfig`.

    Returns:
        dict of int: `embedding` (the three tables and their normalization), `projection`,
        `encoder` (all blocks), `pooler`, `heads` (masked language model and sentence order).

    Example:

    >>> counts = parameter_counts(AlbertConfig.from_name("albert_base_v2"))
    >>> sum(counts.values()) - counts["heads"], sum(counts.values())
    (11683584, 11813810)
    """
    width, hidden = config.embedding_size, config.hidden_size
    schedule = [block for layer in config.layer_schedule for block in layer]
    num_attentions, num_feed_forwards = (len(set(part)) for part in zip(*schedule, strict=True))
    attention = 4 * _dense(hidden, hidden) + 2 * hidden
    feed_forward = (
        _dense(hidden, config.intermediate_size)
        + _dense(config.intermediate_size, hidden)
        + 2 * hidden
    )
    rows = config.vocab_size + config.max_position_embeddings + config.type_vocab_size
    return {
        "embedding": rows * width + 2 * width,
        "projection": _dense(width, hidden) if config.has_embedding_projection else 0,
        "encoder": num_attentions * attention + num_feed_forwards * feed_forward,
        "pooler": _dense(hidden, hidden),
        "heads": _dense(hidden, width) + 2 * width + config.vocab_size + _dense(hidden, 2),
    }


def _dense(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def forward_flops_per_token(config: AlbertConfig, sequence_length: int) -> float:
    """Returns the floating-point operations of the encoder for one token of a full sequence.

    A multiplication with its addition counts as two. Sharing saves parameters, not operations.

    Args:
        config: `AlbertConfig`.
        sequence_length: int. Tokens a row.
    """
    hidden = config.hidden_size
    projection = config.embedding_size * hidden if config.has_embedding_projection else 0
    dense = 4 * hidden * hidden + 2 * hidden * config.intermediate_size
    attention = 2 * sequence_length * hidden
    blocks = config.num_hidden_layers * config.inner_group_num
    pooler = hidden * hidden / sequence_length
    return 2 * (projection + blocks * (dense + attention) + pooler)


def sizes_table() -> list[dict[str, Any]]:
    """Returns one row a named size, and one for BERT base: list of dicts."""
    configs = {name: AlbertConfig.from_name(name) for name in AlbertConfig.names()}
    configs["bert_base"] = configs["albert_base_v2"].replace(**BERT_BASE)
    return [_row(name, config) for name, config in configs.items()]


def _row(name: str, config: AlbertConfig) -> dict[str, Any]:
    counts = parameter_counts(config)
    total = sum(counts.values())
    flops = {
        f"gflops_per_token_{length}": forward_flops_per_token(config, length) / 1e9
        for length in SEQUENCE_LENGTHS
    }
    return {"name": name, **counts, "total": total, **flops} | {
        "float32_bytes": 4 * total,
        "bfloat16_bytes": 2 * total,
    }
