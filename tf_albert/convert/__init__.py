"""Other people's weights become ours.

Enters: a checkpoint of Google's original implementation (`google`), with its `albert_config.json`.
Leaves: a model of `tf_albert.modeling` with those weights, every variable of them accounted for.
Next: `tf_albert.tasks` and `tf_albert.training` go on with it, `tf_albert.hub` publishes it.
"""
