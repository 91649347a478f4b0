"""Passages, questions and options become the likeliest option.

Enters: the files of RACE (`data`). Leaves: a fine-tuned `AlbertMultipleChoice` (`task`), and its
answers (`predictor`). `gaps` puts each option into its question: graph code, which fine-tuning,
prediction and the exported module share.
Next: `tf_albert.hub` exports the model as `chooser`.
"""
