"""ALBERT as it is pretrained: masked language model and sentence order."""

from typing import Any, ClassVar

import keras
from keras import ops

from tf_albert.layers.parts import initializer
from tf_albert.layers.pretraining_heads import MaskedLMHead
from tf_albert.modeling.encoder import INPUTS, EncoderLike, as_encoder, require_inputs
from tf_albert.modeling.model import AlbertModel
from tf_albert.types import Tensor


@keras.saving.register_keras_serializable("tf_albert")
class AlbertPretrainer(AlbertModel):
    """The encoder with the masked-language-model head and the sentence-order head.

    Paper: https://arxiv.org/abs/1909.11942, section 3.1, "Inter-sentence coherence loss".

    Args:
        encoder: `AlbertEncoder`, or an `AlbertConfig` for a fresh one.
        **kwargs: what every Keras model takes: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: dict of the encoder's inputs, and `masked_lm_positions`, an int tensor of shape
            `(batch, predictions)`.
        training: bool. Whether dropout acts.

    Output:
        A dict: `mlm_logits` of shape `(batch, predictions, vocab_size)` and `sop_logits` of shape
        `(batch, 2)`, both float32; in `sop_logits`, class 1 is "swapped".

    Raises:
        ValueError: an input is missing.

    >>> import numpy as np
    >>> from tf_albert import AlbertConfig
    >>> pretrainer = AlbertPretrainer(AlbertConfig.from_name("albert_tiny"))
    >>> rows = np.ones((2, 7), "int32")
    >>> inputs = {name: rows for name in ("input_word_ids", "input_mask", "input_type_ids")}
    >>> logits = pretrainer(inputs | {"masked_lm_positions": np.array([[1, 4, 5]] * 2)})
    >>> tuple(logits["mlm_logits"].shape), tuple(logits["sop_logits"].shape)
    ((2, 3, 30000), (2, 2))
    """

    input_ranks: ClassVar[dict[str, int]] = dict.fromkeys((*INPUTS, "masked_lm_positions"), 2)

    def __init__(self, encoder: EncoderLike, **kwargs: Any) -> None:
        encoder = as_encoder(encoder, kwargs.get("dtype"))
        super().__init__(encoder.config, **{"dtype": encoder.dtype_policy, **kwargs})
        self.encoder = encoder
        self.masked_lm_head = self._part(
            MaskedLMHead, "masked_lm_head", token_embedding=encoder.embedding
        )
        # No `SentenceOrderHead`: the pooler is the encoder's, and files know this as a dense layer.
        self.sentence_order_head = keras.layers.Dense(
            2,
            kernel_initializer=initializer(self.config.initializer_range),
            dtype=self.dtype_policy,
            name="sentence_order_head",
        )
        self.sentence_order_head.build((None, self.config.hidden_size))
        self.built = True

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> dict[str, Tensor]:
        require_inputs(inputs, (*INPUTS, "masked_lm_positions"))
        positions = inputs["masked_lm_positions"]
        masked, pooled = self.encoder.predict_tokens(inputs, positions, training)
        return {
            "mlm_logits": self.masked_lm_head(masked),
            "sop_logits": ops.cast(self.sentence_order_head(pooled), "float32"),
        }
