"""Which weights of a model training moves, and how deep each lies: freezing, LoRA, depths."""

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TypeVar

import keras

from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.modeling.model import AlbertModel

Model = TypeVar("Model", bound=AlbertModel)

# What can be frozen; the encoder is all of a model but its heads, the embedding a part of it.
PARTS = ("embedding", "encoder")
# As Keras calls the two matrices beside a kernel.
LORA_NAMES = ("lora_kernel_a", "lora_kernel_b")


def freeze(encoder: AlbertEncoder, parts: Collection[str]) -> None:
    """Has training leave parts of an encoder as they are.

    Args:
        encoder: `AlbertEncoder`.
        parts: names out of `PARTS`.
    """
    if "encoder" in parts:
        encoder.trainable = False
    elif "embedding" in parts:
        encoder.embedding.trainable = False


def enable_lora(encoder: AlbertEncoder, rank: int) -> None:
    """Has training move, of an encoder, two matrices alone beside each kernel of its blocks.

    Their product is added to the kernel and begins as 0. Keras adds it in what it saves, so a file
    of such a model is one of an ordinary model.
    Paper: https://arxiv.org/abs/2106.09685.

    Args:
        encoder: `AlbertEncoder`.
        rank: int. Columns of the first matrix, rows of the second.

    Example:

    >>> from tf_albert import AlbertConfig
    >>> encoder = AlbertEncoder(AlbertConfig.from_name("albert_tiny"))
    >>> enable_lora(encoder, rank=2)
    >>> len(encoder.trainable_variables)  # two for each of six kernels, whatever the depth
    12
    """
    for layer in _dense_layers(encoder):
        layer.enable_lora(rank)
    for variable in encoder.variables:
        variable.trainable = variable.name in LORA_NAMES


def _dense_layers(encoder: AlbertEncoder) -> Iterator[keras.layers.Dense]:
    for part in encoder.attentions:
        yield from (part.query, part.key, part.value, part.output_projection)
    for part in encoder.feed_forwards:
        yield from (part.intermediate, part.output_projection)


def lora_variables(model: AlbertModel) -> list[keras.Variable]:
    """Returns the matrices that LoRA added to a model, an empty list where it added none.

    Args:
        model: an `AlbertModel`.
    """
    return [variable for variable in model.variables if variable.name in LORA_NAMES]


def ordinary_variables(model: AlbertModel) -> list[keras.Variable]:
    """Returns a model's variables without those that LoRA added.

    Args:
        model: an `AlbertModel`.
    """
    return [variable for variable in model.variables if variable.name not in LORA_NAMES]


def merged(model: Model) -> Model:
    """Returns a model without LoRA that computes the same: itself, or a copy.

    Args:
        model: an `AlbertModel`.
    """
    if not lora_variables(model):
        return model
    copy = type(model)(model.config, dtype=model.dtype_policy, **model.head_arguments())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "merged.weights.h5"
        model.save_weights(path)
        copy.load_weights(path)
    return copy


def depths(encoder: AlbertEncoder) -> dict[int, int]:
    """Returns how far below the heads each weight of an encoder lies.

    The pooler is at 0, as the heads are. A block is one depth, however many layers call it: 1 where
    the last call is, then the others in the order of their last calls from there. A half that
    several blocks share is as deep as the highest of them. The embedding is below all.

    Args:
        encoder: `AlbertEncoder`.

    Returns:
        dict of `id` of a variable to int.

    >>> from tf_albert import AlbertConfig
    >>> tiny = AlbertConfig.from_name("albert_tiny")
    >>> sorted(set(depths(AlbertEncoder(tiny)).values()))
    [0, 1, 2]
    >>> sorted(set(depths(AlbertEncoder(tiny.replace(num_hidden_groups=4))).values()))
    [0, 1, 2, 3, 4, 5]
    """
    calls = [block for layer in encoder.config.layer_schedule for block in layer]
    blocks = list(dict.fromkeys(reversed(calls)))
    found = {id(variable): len(blocks) + 1 for variable in encoder.embedding.variables}
    found |= {id(variable): 0 for variable in encoder.pooler.variables}
    for depth, (attention, feed_forward) in reversed(list(enumerate(blocks, 1))):
        for part in (encoder.attentions[attention], encoder.feed_forwards[feed_forward]):
            found |= {id(variable): depth for variable in part.variables}
    return found
