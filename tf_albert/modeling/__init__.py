"""Ids become numbers.

Enters: `input_word_ids`, `input_mask` and `input_type_ids`, int32, `(batch, length)`.
Leaves: `sequence_output`, `pooled_output`, `encoder_outputs`, and the logits of the heads.
Written in `keras.ops`, so that the layers run under every backend of Keras.
Next: `tf_albert.data` makes the batches, `tf_albert.training` turns logits into weights.
"""

# First of all, so that the classes are registered before a module here is half imported.
import keras  # noqa: F401
