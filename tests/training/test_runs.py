"""A run's folder, without the run."""

import dataclasses

from tests.training.recipes import small_recipe
from tf_albert.training import runs


def test_recipe_whose_first_step_fails_gives_way(tmp_path, vocabulary):
    recipe = small_recipe(tmp_path, vocabulary)
    runs.write_start(runs.open_run(recipe), {"mlm_loss": 6.0})
    runs.open_run(dataclasses.replace(recipe, batch_size=3))
