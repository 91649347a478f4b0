"""The sizes of an ALBERT model, in the keys of Google's `albert_config.json`."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, Self

from tf_albert import files
from tf_albert.types import JsonDict, StrPath

# What an encoder takes: a dict of these int tensors.
INPUTS = ("input_word_ids", "input_mask", "input_type_ids")
# Tokens a row where nobody and nothing that is stored says how many.
DEFAULT_SEQUENCE_LENGTH = 128
ACTIVATIONS = ("gelu", "gelu_new", "gelu_erf", "relu", "tanh")
SHARINGS = ("all", "attention", "ffn", "none")

# Keys of the released files that never had an effect, with the only values they were released with.
# Source: albert_config.json of the v1 and v2 TF Hub modules.
INERT_KEYS = {
    "net_structure_type": (0,),
    "gap_size": (0,),
    "num_memory_blocks": (0,),
    "down_scale_factor": (1,),
    "layers_to_keep": ([],),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class AlbertConfig:
    """Sizes of an ALBERT model; frozen, checked, and read strictly.

    Paper: https://arxiv.org/abs/1909.11942, section 3.1 and Table 1.

    Args:
        vocab_size: int. Number of pieces in the vocabulary.
        embedding_size: int. Width of the factorized embedding, E.
        hidden_size: int. Width of the encoder, H; a multiple of `num_attention_heads`.
        num_hidden_layers: int. How many times a block is applied.
        num_attention_heads: int. Heads of each self-attention.
        intermediate_size: int. Width of the feed-forward part.
        hidden_act: str. `"gelu"` and `"gelu_new"` are the tanh form that Google's code uses under
            the name `"gelu"`; `"gelu_erf"` is the exact form; `"relu"`; `"tanh"`.
        hidden_dropout_prob: float in [0, 1). Dropout after the embedding and each sublayer.
        attention_probs_dropout_prob: float in [0, 1). Dropout on attention probabilities.
        max_position_embeddings: int. Longest sequence, in tokens.
        type_vocab_size: int. Number of segment types.
        initializer_range: float. Standard deviation of the truncated normal initializer.
        layer_norm_epsilon: float. Added to the variance in every layer normalization.
        num_hidden_groups: int. Groups of consecutive layers, each with weights of its own; divides
            `num_hidden_layers`.
        inner_group_num: int. Different blocks applied in turn within one layer.
        parameter_sharing: str. What the layers share: `"all"`, `"attention"`, `"ffn"` or `"none"`
            (paper, Table 4). Other than `"all"`, `num_hidden_groups` and `inner_group_num` are 1.

    Raises:
        ValueError: sizes that do not fit each other, or an unknown choice.

    Example:

    >>> config = AlbertConfig.from_name("albert_base_v2")
    >>> config.hidden_size, config.num_attention_heads
    (768, 12)
    """

    vocab_size: int = 30000
    embedding_size: int = 128
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.0
    attention_probs_dropout_prob: float = 0.0
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_epsilon: float = 1e-12
    num_hidden_groups: int = 1
    inner_group_num: int = 1
    parameter_sharing: str = "all"

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            self._check_type(field)
        self._check_ranges()
        self._check_divisions()

    def _check_type(self, field: dataclasses.Field) -> None:
        value = getattr(self, field.name)
        expected: Any = field.type
        accepted = (int, float) if expected is float else expected
        if not isinstance(value, accepted) or isinstance(value, bool):
            raise ValueError(
                f"`{field.name}` must be of type {expected.__name__}. Received: {value!r}."
            )

    def _check_ranges(self) -> None:
        fields = dataclasses.fields(self)
        check_counts(self, [field.name for field in fields if field.type is int])
        for field in fields:
            value = getattr(self, field.name)
            if field.name.endswith("dropout_prob") and not 0 <= value < 1:
                raise ValueError(f"`{field.name}` must lie in [0, 1). Received: {value}.")
            if (
                field.name in ("initializer_range", "layer_norm_epsilon")
                and not 0 < value < math.inf
            ):
                raise ValueError(f"`{field.name}` must be above 0 and finite. Received: {value}.")
        for name, choices in (("hidden_act", ACTIVATIONS), ("parameter_sharing", SHARINGS)):
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"`{name}` must be one of {', '.join(choices)}. "
                    f"Received: {getattr(self, name)!r}."
                )

    def _check_divisions(self) -> None:
        for whole, part in (
            ("hidden_size", "num_attention_heads"),
            ("num_hidden_layers", "num_hidden_groups"),
        ):
            if getattr(self, whole) % getattr(self, part):
                raise ValueError(
                    f"`{whole}` must be a multiple of `{part}`. Received: "
                    f"{whole}={getattr(self, whole)} and {part}={getattr(self, part)}."
                )
        if self.parameter_sharing != "all" and (self.num_hidden_groups, self.inner_group_num) != (
            1,
            1,
        ):
            raise ValueError(
                "Groups divide shared layers: with `parameter_sharing` other than 'all', "
                "`num_hidden_groups` and `inner_group_num` must be 1. Received: "
                f"parameter_sharing={self.parameter_sharing!r}, "
                f"num_hidden_groups={self.num_hidden_groups}, "
                f"inner_group_num={self.inner_group_num}."
            )

    @classmethod
    def from_dict(cls, values: JsonDict) -> Self:
        """Returns the config of a mapping with Google's keys.

        Args:
            values: dict. Missing keys take their defaults; `vocab_size` must be there, since its
                default fits only one vocabulary.

        Raises:
            ValueError: an unknown key, or an inert key at a value that meant something.
        """
        values = dict(values)
        for key, neutral in INERT_KEYS.items():
            if key in values and values.pop(key) not in neutral:
                raise ValueError(
                    f"`{key}` is known only at {' or '.join(map(repr, neutral))}, where it has no "
                    "effect. Remove it, or convert the model with the code that gave it a meaning."
                )
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ValueError(
                f"Unknown keys in the ALBERT config: {', '.join(unknown)}. "
                f"Known keys: {', '.join(known)}."
            )
        if "vocab_size" not in values:
            raise ValueError("The ALBERT config has no `vocab_size`; it is needed.")
        return cls(**values)

    @classmethod
    def from_json(cls, path: StrPath) -> Self:
        """Returns the config of an `albert_config.json`.

        Args:
            path: str or path. The file.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: no JSON object, an unknown key, no `vocab_size`, or sizes that do not fit
                each other.
        """
        values = files.read_json(path)
        if not isinstance(values, dict):
            raise ValueError(f"{path} must hold one JSON object with the keys of an ALBERT config.")
        return cls.from_dict(values)

    @classmethod
    def from_name(cls, name: str) -> Self:
        """Returns the config of a named size.

        Args:
            name: str. One of `AlbertConfig.names()`; hyphens are underscores.

        Raises:
            ValueError: an unknown name.
        """
        key = name.replace("-", "_")
        if key not in NAMED_SIZES:
            raise ValueError(
                f"Unknown ALBERT size {name!r}. Known sizes: {', '.join(NAMED_SIZES)}."
            )
        return cls(**NAMED_SIZES[key])

    @staticmethod
    def names() -> tuple[str, ...]:
        """Returns the names that `from_name` knows, smallest first."""
        return tuple(NAMED_SIZES)

    def to_dict(self) -> JsonDict:
        """Returns a dict with Google's keys, ready for JSON."""
        return dataclasses.asdict(self)

    def to_json(self, path: StrPath) -> None:
        """Writes the config as an `albert_config.json`.

        Args:
            path: str or path. The file.
        """
        files.write_json(path, self.to_dict())

    def replace(self, **changes: Any) -> Self:
        """Returns a copy with some fields changed, checked again.

        Args:
            **changes: The new values, by the names of their fields.

        Raises:
            ValueError: sizes that do not fit each other, or an unknown choice.
        """
        return dataclasses.replace(self, **changes)

    @property
    def has_embedding_projection(self) -> bool:
        """Whether the embedding is projected: Google's code skips it where E equals H."""
        return self.embedding_size != self.hidden_size

    @property
    def layer_schedule(self) -> list[tuple[tuple[int, int], ...]]:
        """For each layer, the blocks it applies: tuples of (attention index, feed-forward index).

        >>> AlbertConfig(num_hidden_layers=4, num_hidden_groups=2).layer_schedule
        [((0, 0),), ((0, 0),), ((1, 1),), ((1, 1),)]
        >>> AlbertConfig(num_hidden_layers=2, parameter_sharing="attention").layer_schedule
        [((0, 0),), ((0, 1),)]
        """
        return [self._blocks_of_layer(layer) for layer in range(self.num_hidden_layers)]

    def _blocks_of_layer(self, layer: int) -> tuple[tuple[int, int], ...]:
        if self.parameter_sharing == "all":
            group = layer * self.num_hidden_groups // self.num_hidden_layers
            first = group * self.inner_group_num
            return tuple((index, index) for index in range(first, first + self.inner_group_num))
        attention = 0 if self.parameter_sharing == "attention" else layer
        feed_forward = 0 if self.parameter_sharing == "ffn" else layer
        return ((attention, feed_forward),)


def _named_sizes() -> dict[str, JsonDict]:
    """Sizes and dropout rates of the paper (Table 1) and the released configs of v1 and v2."""
    sizes = {
        "base": ((128, 768, 12, 3072, 12), 0.1),
        "large": ((128, 1024, 24, 4096, 16), 0.1),
        "xlarge": ((128, 2048, 24, 8192, 32), 0.1),
        "xxlarge": ((128, 4096, 12, 16384, 64), 0.0),
    }
    named = {"albert_tiny": _size(64, 256, 4, 1024, 4, 0.0)}
    for name, (shape, v1_dropout) in sizes.items():
        named[f"albert_{name}_v1"] = _size(*shape, v1_dropout)
        named[f"albert_{name}_v2"] = _size(*shape, 0.0)
    return named


def _size(
    embedding: int, hidden: int, layers: int, intermediate: int, heads: int, dropout: float
) -> JsonDict:
    return {
        "embedding_size": embedding,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "intermediate_size": intermediate,
        "num_attention_heads": heads,
        "hidden_dropout_prob": dropout,
        "attention_probs_dropout_prob": dropout,
    }


NAMED_SIZES = _named_sizes()


def check_counts(settings: object, names: Iterable[str]) -> None:
    """Raises a `ValueError` where a number that must be at least 1 is not.

    Args:
        settings: an object.
        names: names of its attributes, each an int.
    """
    for name in names:
        if (count := getattr(settings, name)) < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {count}.")
