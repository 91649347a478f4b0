"""The best weights of a run by its development set."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from tf_albert import files
from tf_albert.convert.native.read import read_model
from tf_albert.convert.native.write import save_pretrained
from tf_albert.modeling.model import AlbertModel
from tf_albert.modeling.trained_parts import lora_variables, ordinary_variables
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.types import StrPath

BEST_FOLDER = "best"


class BestOnDev:
    """Scores each checkpoint on the development set and keeps the best one.

    Args:
        run: path. The run's folder.
        score: function of the model to a dict of metrics.
        metric: str. The metric that counts; higher is better.
        tokenizer: `PieceTokenizer`.
        is_chief: bool. Whether this process writes.
        patience: int. After so many checkpoints without a better one the run is over; 0 for never.
    """

    def __init__(
        self,
        run: StrPath,
        score: Callable[[Any], dict[str, Any]],
        metric: str,
        tokenizer: PieceTokenizer,
        is_chief: bool,
        patience: int = 0,
    ) -> None:
        self.folder = Path(run) / BEST_FOLDER
        self.score = score
        self.metric = metric
        self.tokenizer = tokenizer
        self.is_chief = is_chief
        self.patience = patience
        stored = self.folder.with_suffix(".json")
        # By step, so that a step that a killed run does again counts once.
        self.scores = files.read_json(stored) if stored.exists() else {}

    def __call__(self, model: AlbertModel, step: int) -> dict[str, Any]:
        """Scores the model and keeps it if it is the best one.

        Args:
            model: the model.
            step: int. Steps done.

        Returns:
            dict: the metrics.
        """
        metrics = self.score(model)
        self.scores[str(step)] = metrics[self.metric]
        if self.is_chief:
            if self.best_step == step:
                save_pretrained(model, self.folder, self.tokenizer)
            files.write_json(self.folder.with_suffix(".json"), self.scores)
        return metrics

    @property
    def best_step(self) -> int:
        """The step with the best score, the first of equal ones."""
        return int(max(sorted(self.scores, key=int), key=self.scores.__getitem__))

    def is_over(self) -> bool:
        """Whether so many checkpoints were no better that the run need not go on."""
        later = sum(int(step) > self.best_step for step in self.scores)
        return 0 < self.patience <= later

    def restore(self, model: AlbertModel) -> None:
        """Gives the model the best weights."""
        stored = read_model(self.folder)
        for variable, value in zip(ordinary_variables(model), stored.variables, strict=True):
            variable.assign(value)
        # What LoRA learned is within the kernels that were stored.
        for variable in lora_variables(model):
            variable.assign(keras.ops.zeros_like(variable))
