"""The layers of ALBERT, each usable alone in any Keras model.

Enters: ids, `(batch, length)`, or hidden states, `(batch, length, hidden_size)`; a mask if there is
padding. Leaves: hidden states, or the float32 logits of a head.
Each takes its sizes as arguments, under the names of `AlbertConfig`. Written in `keras.ops`, so
they run under every backend of Keras.
Next: `tf_albert.modeling` puts them together as an `AlbertConfig` says.
"""

# First of all, so that the classes are registered before a module here is half imported.
import keras  # noqa: F401

from tf_albert.layers.answer_heads import EndHead, NoAnswerHead
from tf_albert.layers.embedding import FactorizedEmbedding
from tf_albert.layers.encoder_block import EncoderBlock
from tf_albert.layers.feed_forward import FeedForward
from tf_albert.layers.pretraining_heads import MaskedLMHead, SentenceOrderHead
from tf_albert.layers.self_attention import SelfAttention

__all__ = [
    "EncoderBlock",
    "EndHead",
    "FactorizedEmbedding",
    "FeedForward",
    "MaskedLMHead",
    "NoAnswerHead",
    "SelfAttention",
    "SentenceOrderHead",
]
