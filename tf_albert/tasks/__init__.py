"""Labelled data become scores.

Enters: tables of texts and labels, and a pretrained encoder. Leaves: a fine-tuned model in a run
folder, its metrics and its predictions.
Next: `tf_albert.hub` exports the model.
"""
