"""A context, a question and its choices become the likeliest choice.

Enters: strings. `gaps.py` puts each choice into the question and makes rows of tokens of them. It
is graph code, which fine-tuning, prediction and the exported module share.
Next: `tf_albert.hub` exports what chooses.
"""
