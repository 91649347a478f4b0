"""A model with the first of its layers alone: the weights are the same where all layers are one."""

from collections.abc import Iterable
from typing import TypeVar

from tf_albert.config import AlbertConfig
from tf_albert.modeling.model import AlbertModel

Model = TypeVar("Model", bound=AlbertModel)


def check_layers(config: AlbertConfig, layers: Iterable[int]) -> None:
    """Raises a `ValueError` where an encoder cannot be cut to each of some numbers of layers.

    Args:
        config: `AlbertConfig`.
        layers: iterable of int.
    """
    layers, most = tuple(layers), config.num_hidden_layers
    if any(not isinstance(number, int) or not 1 <= number <= most for number in layers):
        raise ValueError(
            f"A number of layers must be an integer from 1 to {most}, which the model has. "
            f"Received: {', '.join(map(repr, layers))}."
        )
    if len(set(config.layer_schedule)) > 1:
        raise ValueError(
            "The first layers are a model of their own only where all layers are the same. This "
            f"config has `parameter_sharing`={config.parameter_sharing!r} and `num_hidden_groups`="
            f"{config.num_hidden_groups}: keep all {most} layers."
        )


def with_layers(model: Model, num_layers: int) -> Model:
    """Returns a copy of a model that has the first of its layers alone.

    Args:
        model: an `AlbertModel`.
        num_layers: int. From 1 to the config's `num_hidden_layers`.

    Raises:
        ValueError: a number out of this range, or layers that differ.

    Example:

    >>> from tf_albert import AlbertConfig, AlbertEncoder
    >>> encoder = AlbertEncoder(AlbertConfig.from_name("albert_tiny"))
    >>> shallow = with_layers(encoder, 3)
    >>> shallow.config.num_hidden_layers, shallow.count_params() == encoder.count_params()
    (3, True)
    """
    check_layers(model.config, (num_layers,))
    config = model.config.replace(num_hidden_layers=num_layers)
    copy = type(model)(config, dtype=model.dtype_policy, **model.head_arguments())
    copy.set_weights(model.get_weights())
    return copy
