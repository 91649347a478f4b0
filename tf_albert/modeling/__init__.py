"""Ids become numbers: the layers of `tf_albert.layers`, put together as an `AlbertConfig` says.

Enters: `input_word_ids`, `input_mask` and `input_type_ids`, int32, `(batch, length)`.
Leaves: `sequence_output`, `pooled_output`, `encoder_outputs`, and the logits of the heads.
Next: `tf_albert.data` makes the batches, `tf_albert.training` turns logits into weights.
"""

# First of all, so that the classes are registered before a module here is half imported.
import keras  # noqa: F401
