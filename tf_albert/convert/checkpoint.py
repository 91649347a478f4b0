"""What a stored model holds, and how a format keeps what is written, whatever the format."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np

from tf_albert import files
from tf_albert.config import AlbertConfig
from tf_albert.convert.names import Place
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.types import StrPath

WITH_CLASSES = ("AlbertClassifier", "AlbertTokenClassifier")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A model as it lies in a file, under this package's names and in its layout.

    Args:
        source: str or path. Where it lies, as the user named it.
        format: str. One of `tf_albert.convert.formats.FORMATS`.
        config: `AlbertConfig`.
        arrays: dict of this package's name to array.
        names: dict of this package's name to the format's, also of what is not stored.
        model_class: str. The class whose weights these are, such as `"AlbertPretrainer"`.
        other_classes: tuple of str. Other classes whose head the stored one may be.
        head_arguments: dict. What that class takes besides the config.
        dropped: dict of the format's name to why no model needs that array.
        unplaced: dict of the format's name to the shape of each array that the model which the
            config describes has no place for.
        absent: dict of parts of the model to why there is nothing of them: the class that the
            weights were saved from has none.
        tokenizer: `PieceTokenizer`, or None where no vocabulary lies there.
        files: tuple of path. Every file that was read.
        origin: dict of JSON values, or None. What its `provenance.json` says of the conversion that
            it comes from.
        task: dict of JSON values, or None. What it says that the model was fine-tuned for.
        sequence_length: int or None. Tokens a row of the texts that the model was trained on.
    """

    source: StrPath
    format: str
    config: AlbertConfig
    arrays: dict[str, np.ndarray]
    names: dict[str, str]
    model_class: str
    other_classes: tuple[str, ...] = ()
    head_arguments: dict[str, Any] = dataclasses.field(default_factory=dict)
    dropped: dict[str, str] = dataclasses.field(default_factory=dict)
    unplaced: dict[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    absent: dict[str, str] = dataclasses.field(default_factory=dict)
    tokenizer: PieceTokenizer | None = None
    files: tuple[Path, ...] = ()
    origin: dict[str, Any] | None = None
    task: dict[str, Any] | None = None
    sequence_length: int | None = None

    def with_task(self, task: dict[str, Any] | None, sequence_length: int | None) -> "Checkpoint":
        """Returns the checkpoint with what a `provenance.json` says of the model's task.

        Args:
            task: dict of JSON values, or None. What the model was fine-tuned for.
            sequence_length: int or None. Tokens a row, where no task tells.
        """
        told = task or {}
        names = ("labels", "multi_label") if self.model_class in WITH_CLASSES else ()
        arguments = {name: told[name] for name in names if told.get(name)} | self.head_arguments
        length = told.get("sequence_length") or sequence_length
        return dataclasses.replace(
            self, task=task, sequence_length=length, head_arguments=arguments
        )

    def check_vocabulary(self) -> None:
        """Checks that the vocabulary is of the size that the config names.

        Raises:
            ValueError: it is of another size.
        """
        if self.tokenizer and self.tokenizer.vocab_size != self.config.vocab_size:
            raise ValueError(
                f"The vocabulary in {self.source} has {self.tokenizer.vocab_size} pieces, the "
                f"config names `vocab_size`={self.config.vocab_size}. Take the vocabulary that was "
                "released with the weights, or remove it to read the weights alone."
            )

    def provenance(self) -> dict[str, Any]:
        """Returns where the weights come from and what is silent in their shapes: JSON values."""
        config = self.config
        earlier = {} if self.origin is None else {"earlier": self.origin}
        return earlier | {
            "format": self.format,
            "source": str(self.source),
            "files_sha256": self._sums(),
            "hidden_act": config.hidden_act,
            "layer_norm_epsilon": config.layer_norm_epsilon,
            "num_attention_heads": config.num_attention_heads,
            "hidden_dropout_prob": config.hidden_dropout_prob,
            "attention_probs_dropout_prob": config.attention_probs_dropout_prob,
            "lower_case": self.tokenizer and self.tokenizer.lower_case,
        }

    def _sums(self) -> dict[str, str]:
        """Returns the files' sums by their paths below the folder that holds all of them."""
        folders = [path.parent for path in self.files]
        root = os.path.commonpath(folders) if folders else ""
        return {path.relative_to(root).as_posix(): files.sha256(path) for path in self.files}


@dataclasses.dataclass(frozen=True)
class Written:
    """How a format keeps the weights of a model.

    Args:
        names: dict of this package's name to the format's.
        left_out: dict of this package's name, or of another fact, to why the format has no place
            for it.
        added: dict of the format's name to why it stands there besides.
    """

    names: dict[str, str]
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)
    added: dict[str, str] = dataclasses.field(default_factory=dict)


def collect(
    places: dict[str, Place], stored: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, str], dict[str, tuple[int, ...]]]:
    """Returns a format's arrays under this package's names.

    Args:
        places: dict of this package's name to `Place`.
        stored: dict of the format's name to array.

    Returns:
        tuple of three dicts: the arrays and every place's name, both by this package's names, and
        the shapes of the stored arrays without a place, by the format's names.
    """
    known = {place.name for place in places.values()}
    unplaced = {name: stored[name].shape for name in sorted(stored) if name not in known}
    arrays = {
        ours: stored[place.name].T if place.transposed else stored[place.name]
        for ours, place in places.items()
        if place.name in stored
    }
    return arrays, {ours: place.name for ours, place in places.items()}, unplaced
