"""Other people's weights become ours, and ours theirs.

Enters: a stored model in any of `FORMATS`: in a folder, an archive or on a host (`sources`).
A format is a folder: `google`, `huggingface`, `keras_hub`, `hub` (modules of TF Hub) and `native`
(this package's own). Each has the same rooms: `names`, `config`, `read`, `write`, and
`other_library`, which computes by its files without this package's code. `FORMAT` is its row in the
table. None knows of another: what they share lies here (`checkpoint`, `names`, `provenance`).
Leaves: a model of `tf_albert.modeling` with those weights (`build`), or a folder in another format,
and what became of each array (`report`); `verify` tells whether two stored models compute the same.
Next: `tf_albert.tasks` and `tf_albert.training` go on with it, `tf_albert.hub` publishes it.
"""
