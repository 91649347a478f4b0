"""ALBERT's encoder: the factorized embedding, and one block called again and again."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import keras

from tf_albert.config import INPUTS, AlbertConfig
from tf_albert.layers.embedding import FactorizedEmbedding
from tf_albert.layers.feed_forward import FeedForward
from tf_albert.layers.parts import initializer
from tf_albert.layers.self_attention import SelfAttention
from tf_albert.layers.tokens import FlatTokens, PaddedTokens, Tokens
from tf_albert.modeling.depth import check_layers
from tf_albert.modeling.model import AlbertModel
from tf_albert.modeling.stack import BlockStack
from tf_albert.types import Tensor


@keras.saving.register_keras_serializable("tf_albert")
class AlbertEncoder(AlbertModel):
    """ALBERT without a head: ids in, a vector per token and one per sequence out.

    Paper: https://arxiv.org/abs/1909.11942.

    Args:
        config: `AlbertConfig`.
        **kwargs: what every Keras model takes: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: dict of int tensors of shape `(batch, length)`: `input_word_ids`, `input_mask` (1
            for a token, 0 for padding), `input_type_ids` (0 for the first segment, 1 for the
            second).
        training: bool. Whether dropout acts.

    Output:
        A dict: `sequence_output` of shape `(batch, length, hidden_size)`; `pooled_output` of shape
        `(batch, hidden_size)`; `encoder_outputs`, a list of `num_hidden_layers` tensors of the
        shape of `sequence_output`.

    Attributes:
        skip_padding: bool. Whether `pool`, `predict_tokens` and `map_tokens`, which the task models
            call, do no work on padding. The number of tokens is then no static shape, which JAX
            and XLA want: the models' `compile(jit_compile=True)` sets it to False.
        remat: bool, False at first. Whether the backward pass computes the activations of each
            block anew, with the same dropout, and does not keep them: less memory, more time.
        loop_layers: bool, False at first. Whether those three loop over the shared block, so that
            tracing and compilation take the same time at any depth.

    Raises:
        ValueError: an input is missing, the sequence is longer than the positions, `loop_layers` is
            set where layers differ or together with `remat`, or `skip_padding` under JAX.

    Example:

    >>> from tf_albert import AlbertConfig
    >>> config = AlbertConfig.from_name("albert_tiny").replace(vocab_size=50)
    >>> encoder = AlbertEncoder(config)
    >>> ids = keras.ops.ones((2, 7), "int32")
    >>> outputs = encoder({"input_word_ids": ids, "input_mask": ids, "input_type_ids": ids * 0})
    >>> tuple(outputs["sequence_output"].shape), tuple(outputs["pooled_output"].shape)
    ((2, 7, 256), (2, 256))
    """

    def __init__(self, config: AlbertConfig | dict[str, Any], **kwargs: Any) -> None:
        super().__init__(config, **kwargs)
        schedule = [block for layer in self.config.layer_schedule for block in layer]
        num_attentions, num_feed_forwards = (max(part) + 1 for part in zip(*schedule, strict=True))
        self.embedding = self._part(FactorizedEmbedding, "embedding")
        self.attentions = [
            self._part(SelfAttention, f"attention_{index}") for index in range(num_attentions)
        ]
        self.feed_forwards = [
            self._part(FeedForward, f"feed_forward_{index}") for index in range(num_feed_forwards)
        ]
        self.pooler = keras.layers.Dense(
            self.config.hidden_size,
            activation="tanh",
            kernel_initializer=initializer(self.config.initializer_range),
            dtype=self.dtype_policy,
            name="pooler",
        )
        self.pooler.build((None, self.config.hidden_size))
        self.skip_padding = keras.backend.backend() == "tensorflow"
        self.remat = False
        self.loop_layers = False
        self.built = True

    @property
    def skip_padding(self) -> bool:
        return not self.supports_jit  # by which Keras knows what XLA can compile

    @skip_padding.setter
    def skip_padding(self, value: bool) -> None:
        if value and keras.backend.backend() == "jax":
            raise ValueError(
                "`skip_padding` makes the number of tokens dynamic, and JAX wants static shapes. "
                "Leave it False."
            )
        self.supports_jit = not value

    def _exported_model(self) -> keras.Model:
        # A signature holds no list of tensors: the output of every layer is left out.
        inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in INPUTS}
        outputs = self(inputs)
        return keras.Model(
            inputs, {name: outputs[name] for name in ("sequence_output", "pooled_output")}
        )

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> dict[str, Any]:
        return self._call_layers(inputs, self.config.num_hidden_layers, training)

    def first_layers(
        self, inputs: dict[str, Tensor], num_layers: int, training: bool = False
    ) -> dict[str, Any]:
        """Returns what the encoder would give if it had the first of its layers alone.

        Args:
            inputs: dict of int tensors `(batch, length)`: `input_word_ids`, `input_mask`,
                `input_type_ids`.
            num_layers: int. From 1 to the config's `num_hidden_layers`.
            training: bool. Whether dropout acts.

        Returns:
            dict: `sequence_output` `(batch, length, hidden_size)`, `pooled_output`
            `(batch, hidden_size)`, and `encoder_outputs`, a list of `num_layers` tensors.

        Raises:
            ValueError: a number out of this range, or layers that differ.
        """
        check_layers(self.config, (num_layers,))
        return self._call_layers(inputs, num_layers, training)

    def _call_layers(
        self, inputs: dict[str, Tensor], num_layers: int, training: bool
    ) -> dict[str, Any]:
        require_inputs(inputs, INPUTS)
        tokens = PaddedTokens(inputs["input_mask"])
        hidden = self.embedding(
            inputs["input_word_ids"], inputs["input_type_ids"], training=training
        )
        encoder_outputs = self._stack(tokens, training, num_layers).outputs(hidden)
        hidden = encoder_outputs[-1]
        return {
            "sequence_output": hidden,
            "pooled_output": self.pooler(hidden[:, 0, :]),
            "encoder_outputs": encoder_outputs,
        }

    def pool(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Returns `pooled_output` alone: no work on padding, and in the last layer on one token.

        Args:
            inputs: dict of int tensors `(batch, length)`: `input_word_ids`, `input_mask`,
                `input_type_ids`.
            training: bool. Whether dropout acts.

        Returns:
            tensor of shape `(batch, hidden_size)`.
        """
        return self.pooler(self._encode_tokens(inputs, training, first_only=True)[0])

    def predict_tokens(
        self, inputs: dict[str, Tensor], positions: Tensor, training: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Returns the last layer at some positions, and `pooled_output`: no work on padding.

        Args:
            inputs: dict of int tensors `(batch, length)`: `input_word_ids`, `input_mask`,
                `input_type_ids`.
            positions: int tensor of shape `(batch, predictions)`; no place of padding.
            training: bool. Whether dropout acts.

        Returns:
            tuple of tensors: `(batch, predictions, hidden_size)` and `(batch, hidden_size)`.
        """
        hidden, tokens = self._encode_tokens(inputs, training)
        return tokens.take(hidden, positions), self.pooler(tokens.first(hidden))

    def map_tokens(
        self,
        function: Callable[[Tensor], Tensor],
        inputs: dict[str, Tensor],
        fill: float,
        training: bool = False,
    ) -> Tensor:
        """Returns what a function makes of each token's last vector: no work on padding.

        Args:
            function: function of a tensor whose last axis is `hidden_size` and which keeps the
                others, of which there is one or, with `skip_padding` False, two.
            inputs: dict of int tensors `(batch, length)`: `input_word_ids`, `input_mask`,
                `input_type_ids`.
            fill: float. What stands in the places of padding.
            training: bool. Whether dropout acts.

        Returns:
            tensor of shape `(batch, length, width)`.
        """
        hidden, tokens = self._encode_tokens(inputs, training)
        return tokens.restore(function(hidden), fill)

    def embed_tokens(
        self,
        inputs: dict[str, Tensor],
        tokens_class: type[FlatTokens] | type[PaddedTokens],
        training: bool = False,
    ) -> tuple[Tensor, Tokens]:
        """Returns the embedded tokens of a batch, and how they lie.

        Args:
            inputs: dict of int tensors `(batch, length)`: `input_word_ids`, `input_mask`,
                `input_type_ids`.
            tokens_class: `FlatTokens` or `PaddedTokens`.
            training: bool. Whether dropout acts.

        Returns:
            tuple: tensor of shape `(tokens, hidden_size)` or `(batch, length, hidden_size)`, and a
            `tokens_class`.
        """
        require_inputs(inputs, INPUTS)
        self.embedding.check_length(inputs["input_word_ids"].shape[1])
        tokens = tokens_class(inputs["input_mask"])
        hidden = self.embedding(
            *(tokens.flatten(inputs[name]) for name in ("input_word_ids", "input_type_ids")),
            columns=tokens.columns(),
            training=training,
        )
        return hidden, tokens

    def _encode_tokens(
        self, inputs: dict[str, Tensor], training: bool, first_only: bool = False
    ) -> tuple[Tensor, Tokens]:
        """Returns the last layer's output without padding, and how its tokens lie."""
        tokens_class = FlatTokens if self.skip_padding else PaddedTokens
        hidden, tokens = self.embed_tokens(inputs, tokens_class, training)
        if self.loop_layers:
            self._check_loop()
        stack = self._stack(tokens, training)
        last = stack.last_of_loop if self.loop_layers else stack.last
        return last(hidden, first_only), tokens

    def _check_loop(self) -> None:
        if len({pair for layer in self.config.layer_schedule for pair in layer}) > 1:
            raise ValueError(
                "`loop_layers` needs one block for all layers. This config has "
                f"`parameter_sharing`={self.config.parameter_sharing!r}, `num_hidden_groups`="
                f"{self.config.num_hidden_groups} and `inner_group_num`="
                f"{self.config.inner_group_num}. Set `loop_layers` to False."
            )
        if self.remat:
            raise ValueError(
                "`loop_layers` and `remat` do not go together: TensorFlow recomputes nothing in a "
                "loop. Set one of them to False."
            )

    def _stack(self, tokens: Tokens, training: bool, num_layers: int | None = None) -> BlockStack:
        return BlockStack(
            self.attentions,
            self.feed_forwards,
            self.config.layer_schedule[:num_layers],
            tokens,
            training,
            self.remat,
        )


# What task models take for their encoder: one, or the config of a fresh one.
EncoderLike: TypeAlias = AlbertEncoder | AlbertConfig | dict[str, Any]


def require_inputs(
    inputs: dict[str, Tensor], names: Sequence[str], axes: Sequence[str] = ("batch", "length")
) -> None:
    """Raises a `ValueError` that names the inputs of a dict which are missing or of other axes."""
    if not isinstance(inputs, dict):
        raise ValueError(
            f"The inputs must be a dict of {', '.join(names)}. Received: {type(inputs).__name__}. "
            "`AlbertPreprocessor` makes one of strings."
        )
    missing = [name for name in names if name not in inputs]
    if missing:
        raise ValueError(
            f"Missing inputs: {', '.join(missing)}. Received: {', '.join(sorted(inputs))}."
        )
    for name in names:
        shape = inputs[name].shape
        is_known = getattr(shape, "rank", 0) is not None
        if is_known and len(shape) != len(axes):
            raise ValueError(
                f"`{name}` must be of shape ({', '.join(axes)}). Received: {tuple(shape)}."
            )


def as_encoder(encoder: EncoderLike, dtype: Any) -> AlbertEncoder:
    """Returns an `AlbertEncoder` from one, or a fresh one from a config."""
    if isinstance(encoder, AlbertEncoder):
        return encoder
    return AlbertEncoder(encoder, dtype=dtype, name="encoder")
