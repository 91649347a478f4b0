"""Sentences become labels of their words.

Enters: words. `word_tokens.py` finds the token that each word begins with. It is graph code, which
fine-tuning, prediction and the exported module share.
Next: `tf_albert.hub` exports what labels words.
"""
