"""What `tf-albert finetune` makes of its arguments."""

import pytest

from tf_albert.cli.arguments import parse
from tf_albert.cli.finetune import adapted
from tf_albert.tasks.finetune import FinetuneRecipe

NEEDED = ["--data", "d", "--init", "i", "--output", "o"]


@pytest.mark.parametrize("task", [["--task", "rte"], ["--task=rte"]], ids=["space", "equals"])
def test_a_named_task_brings_the_papers_recipe(task):
    recipe = parse("finetune", FinetuneRecipe, adapted([*task, *NEEDED, "--steps", "777"]))
    assert (recipe.task, recipe.steps) == ("rte", 777)
    # Table 14 of the paper.
    assert (recipe.learning_rate, recipe.batch_size, recipe.warmup_steps) == (3e-5, 32, 200)
    assert (recipe.encoder_dropout, recipe.sequence_length) == (0.1, 512)


@pytest.mark.parametrize(
    "arguments",
    [
        NEEDED,
        ["--task", "table", *NEEDED],
        ["--task", "nothing", *NEEDED],
        ["--task", "rte", "--config", "mine.yaml", *NEEDED],
        ["--task=rte", "--config=mine.yaml", *NEEDED],
    ],
    ids=["no task", "table", "unknown", "a recipe of one's own", "with equals"],
)
def test_no_recipe_is_added_where_none_belongs(arguments):
    assert adapted(arguments) == arguments
