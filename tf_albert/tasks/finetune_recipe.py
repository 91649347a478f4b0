"""The recipe of a fine-tuning run."""

import dataclasses
from typing import ClassVar

from tf_albert.tasks.recipe_checks import check_recipe
from tf_albert.tasks.task_settings import TaskSettings
from tf_albert.training.loop_settings import LoopSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinetuneRecipe(TaskSettings):
    """Everything that a fine-tuning run depends on.

    Args:
        init: A pretrained model with its tokenizer: a run, a folder in any format that `tf-albert
            convert` reads, an address (hf://owner/name), or the name of a released one
            (albert-base-v2).
        output: Folder of the run; the same command goes on with a run that was stopped.
        from_scratch: Whether the encoder starts from random weights, for comparison.
        encoder_dropout: Dropout in the encoder; none given keeps the model's own.
        seeds: How many runs, with `seed` and the numbers after it; above 1 their spread is shown.
        patience: Checkpoints without a better score after which a run ends; 0 for none.

    Raises:
        ValueError: a number out of its range, an unknown task, or a field that the task does not
            take.
    """

    init: str
    output: str
    from_scratch: bool = False
    encoder_dropout: float | None = None
    seeds: int = 1
    patience: int = 0

    # The best checkpoint is kept, so which ones there are decides what the weights are.
    free_fields: ClassVar[tuple[str, ...]] = tuple(
        name for name in LoopSettings.free_fields if name != "checkpoint_every"
    )
    counts: ClassVar[tuple[str, ...]] = (
        *LoopSettings.counts,
        "batch_size",
        "stride",
        "seeds",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_recipe(self, self.seeds)
