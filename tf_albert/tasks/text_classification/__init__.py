"""Texts become classes, labels or numbers.

Enters: a table, or the files of GLUE, SNLI and IMDB (`table`, `glue`, joined in `data`). Leaves: a
fine-tuned `AlbertClassifier` (`task`), and its answers (`predictor`); `labels` says what each kind
of label trains, scores and writes.
Next: `tf_albert.hub` exports the model as `classifier`.
"""
