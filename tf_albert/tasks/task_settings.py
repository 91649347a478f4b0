"""What a task reads of a recipe."""

import dataclasses
from typing import Any

from tf_albert.tasks.class_weights import check_class_weights
from tf_albert.training.loop_settings import LoopSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskSettings(LoopSettings):
    """Where the examples of a task lie, and how they become rows; a part of every recipe.

    Args:
        task: `table`, a table of one's own; or a task whose files are taken as they are published:
            cola, sst2, mrpc, stsb, qqp, mnli, qnli, rte, wnli, snli, imdb, squad, squad2,
            conll (names in sentences), race.
        data: Folder with the files of a named task.
        train: Table to train on: TSV, CSV or JSONL; or a file of SQuAD or CoNLL, or a folder of
            RACE.
        dev: The same to score on.
        text_column: Column with the text, or `first,second` for pairs.
        word_column: Number of the column with the words, from 1 (conll); by default the first.
        label_column: Column with the label, of conll its number; there by default the last.
        regression: Whether labels are numbers.
        multi_label: Whether a row has any number of labels, with commas between them (in JSONL a
            list).
        class_weights: What the loss of each label counts for: `balanced`, so that all labels count
            alike in the training data; or weights by label, 1 for those left out. With
            `multi_label` the weight is of where a label holds.
        label_smoothing: Share of a label that training gives to all labels alike.
        strict: Whether a row that cannot be used is an error; it is left out and told otherwise.
        batch_size: Rows a step, over all replicas.
        sequence_length: Longest row, in tokens.
        stride: Tokens from one window over a question's context to the next one (squad, squad2).
    """

    task: str = "table"
    data: str | None = None
    train: str | None = None
    dev: str | None = None
    text_column: str | None = None
    word_column: int | None = None
    label_column: str | int | None = None
    regression: bool = False
    multi_label: bool = False
    class_weights: str | dict[Any, float] | None = None
    label_smoothing: float = 0.0
    strict: bool = False
    batch_size: int = 32
    sequence_length: int = 128
    stride: int = 64
    steps: int = 1000
    optimizer: str = "adamw"
    learning_rate: float = 1e-4
    warmup_steps: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.class_weights, dict):
            # YAML has numbers for the labels 0 and 1, and JSON has not.
            weights = {str(label): weight for label, weight in self.class_weights.items()}
            object.__setattr__(self, "class_weights", weights)
        check_class_weights(self.class_weights)
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(
                "`label_smoothing` must be at least 0 and below 1. Received: "
                f"{self.label_smoothing}."
            )
