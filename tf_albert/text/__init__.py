"""Strings become ids.

Enters: raw text. Leaves: ids, pieces and offsets in Python; `input_word_ids`, `input_mask` and
`input_type_ids` in a graph, with one behaviour in both.
Next: `tf_albert.data` makes pretraining batches of ids, `tf_albert.modeling` reads them.
"""
