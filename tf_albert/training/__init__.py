"""Batches become weights.

Enters: a model, an objective, and batches that are a pure function of the step. Leaves: a run
folder with checkpoints, `history.csv`, TensorBoard scalars and, at the end, the model.
Next: `tf_albert.tasks` fine-tunes with the same loop, `tf_albert.hub` exports the model.
"""
