"""Sentences become a label for each word.

Enters: files in the form of CoNLL's shared tasks (`data`). Leaves: a fine-tuned
`AlbertTokenClassifier` (`task`), and its answers (`predictor`) with the scores of whole spans
(`metrics`). `word_tokens` finds the token that each word begins with: graph code, which
fine-tuning, prediction and the exported module share.
Next: `tf_albert.hub` exports the model as `tagger`.
"""
