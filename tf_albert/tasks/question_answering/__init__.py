"""Questions and contexts become answers: parts of the contexts as they are written.

Enters: strings. `windows.py` cuts them into rows of tokens, and `answers.py` finds the best answers
in what a model says of these rows. Both are graph code, which fine-tuning, prediction and the
exported module share; `reader.py` calls the first on whole files.
Next: `tf_albert.hub` exports what answers.
"""
