"""Questions on contexts become answers that stand in the context.

Enters: the files of SQuAD 1.1 and 2.0 (`data`). Leaves: a fine-tuned span labeler (`task`), and its
answers (`predictor`) with SQuAD's scores (`metrics`). `windows` cuts contexts into rows of tokens,
and `answers` finds the best answers in what a model says of them: graph code, which fine-tuning,
prediction and the exported module share; `reader` calls the first on whole files.
Next: `tf_albert.hub` exports the model as `answerer`.
"""
