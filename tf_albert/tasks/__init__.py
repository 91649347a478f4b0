"""Labelled texts and questions become scores.

Enters: tables, or the published files of a task, and a pretrained encoder. Leaves: a fine-tuned
model in a run folder, its metrics, predictions and pictures.
Next: `tf_albert.hub` exports the model.
"""
