"""Other people's libraries, run on the files in their own format: an independent second opinion."""

import dataclasses
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tf_albert.convert.errors import first_line
from tf_albert.modeling.encoder import INPUTS

NUM_CHOICES = 2


@dataclasses.dataclass(frozen=True)
class OtherLibrary:
    """What computes by the files of a format, other than this package.

    Args:
        name: str.
        modules: tuple of str. What is to be installed for it.
        compute_outputs: function of a folder, the name of a model class of this package and inputs
            that returns a dict of output name to array. The inputs are those of the encoder, int32
            arrays of shape `(rows, length)`, and `masked_lm_positions`, `(rows, predictions)`.
        tokenize: function of a folder and texts that returns lists of ids, or None.
    """

    name: str
    modules: tuple[str, ...]
    compute_outputs: Callable[[Path, str, dict[str, np.ndarray]], dict[str, np.ndarray]]
    tokenize: Callable[[Path, list[str]], list[list[int]]] | None = None

    def missing_modules(self) -> list[str]:
        """Returns those of its modules that are not installed."""
        return [module for module in self.modules if not importlib.util.find_spec(module)]


def choices_of(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns a batch's rows as pairs of choices, `(rows / 2, 2, length)`; an odd row is left out.

    Args:
        inputs: dict of the encoder's inputs, `(rows, length)`.

    Example:

    >>> ids = np.arange(15).reshape(5, 3)
    >>> choices_of({name: ids for name in INPUTS})["input_word_ids"].tolist()
    [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]
    """
    rows = len(inputs["input_word_ids"]) // NUM_CHOICES * NUM_CHOICES
    return {
        name: inputs[name][:rows].reshape(-1, NUM_CHOICES, inputs[name].shape[1]) for name in INPUTS
    }


def unopened_tokenizer(library: str, folder: Path, error: Exception) -> ValueError:
    """Returns the error that says that a library cannot open a tokenizer.

    Args:
        library: str. Its name.
        folder: path. Where the tokenizer lies.
        error: an exception. What the library raised.
    """
    return ValueError(
        f"{library} cannot open the tokenizer in {folder}: {first_line(error)} Convert the model "
        "once more, or copy the folder again."
    )
