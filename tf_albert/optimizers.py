"""Google's optimizers for `compile`: `tf_albert.optimizers.AdamW`, `Lamb` and `Sgd`.

>>> from tf_albert import optimizers
>>> optimizers.AdamW(learning_rate=3e-5).clip_norm
1.0
"""

from tf_albert.training.optimizers import AdamW, Lamb, Sgd

__all__ = ["AdamW", "Lamb", "Sgd"]
