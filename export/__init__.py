"""What a person types to publish: `publish.py` makes a release, `verify.py` tries it as a stranger.

Enters: a run, or a folder that `save_pretrained` wrote. Leaves: TF Hub modules with their archives,
model pages and sums.
"""
