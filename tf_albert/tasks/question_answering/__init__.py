"""Questions on contexts become answers that stand in the context.

Enters: the files of SQuAD 1.1 and 2.0 (`data`). Leaves: a fine-tuned span labeler (`task`), and its
answers (`predictor`) with SQuAD's scores (`metrics`).
Next: `tf_albert.hub` exports the model as `answerer`.
"""
