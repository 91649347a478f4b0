"""Passages, questions and options become the likeliest option.

Enters: the files of RACE (`data`). Leaves: a fine-tuned `AlbertMultipleChoice` (`task`), and its
answers (`predictor`).
Next: `tf_albert.hub` exports the model as `chooser`.
"""
