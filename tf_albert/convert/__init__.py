"""Other people's weights become ours, and ours theirs.

Enters: a stored model in any of `formats.FORMATS` (Google's checkpoints, Hugging Face's folders,
keras-hub's presets, TF Hub's encoder modules, this package's own): a folder, a `.tar.gz`, or a name
on a host (`remote`). Each format is a module that finds its files and reads them into a
`Checkpoint` under this package's names (`names`), of which `checkpoint` builds a model.
Leaves: a model of `tf_albert.modeling` with those weights, or a folder in another format, and what
became of each array; `verification` runs both sides, the other library live (`peers`).
Next: `tf_albert.tasks` and `tf_albert.training` go on with it, `tf_albert.hub` publishes it.
"""
