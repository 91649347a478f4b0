"""What Keras's `fit`, `evaluate` and `predict` are given, where it is strings: rows of ids."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from tf_albert.types import Tensor

# Texts that are tokenized at once.
BATCH_SIZE = 1024
NAMELESS = (
    "The labels are names, and the model has none for its classes. Give them in the order of the "
    'logits: `labels=["bad", "good"]`.'
)


def are_strings(inputs: Any) -> bool:
    """Whether a model's inputs are strings: lists, tuples, arrays or a dataset of them.

    Args:
        inputs: what `fit` takes as `x`.

    >>> are_strings(["a fine film"]), are_strings(np.ones((2, 3)))
    (True, False)
    """
    if hasattr(inputs, "element_spec"):
        specs = keras.tree.flatten(_inputs_of(inputs.element_spec))
        return all(spec.dtype == "string" for spec in specs)
    while isinstance(inputs, (list, tuple)) and inputs:
        inputs = inputs[0]
    if isinstance(inputs, (str, bytes)):
        return True
    dtype = getattr(inputs, "dtype", None)
    name = getattr(dtype, "name", str(dtype))
    if name == "object":  # missing values are floats among strings
        return any(isinstance(text, (str, bytes)) for text in np.ravel(inputs))
    return name.startswith(("str", "bytes"))


def _inputs_of(element: Any) -> Any:
    return element[0] if isinstance(element, tuple) else element


def tokenized(texts: Any, rows_of: Callable[..., dict[str, Tensor]]) -> dict[str, np.ndarray]:
    """Returns the rows of many texts, some tokenized at a time.

    Args:
        texts: strings `(examples,)`, or a tuple of such for several segments.
        rows_of: function of the segments, each a string array, to a dict of int32 tensors
            `(examples, ...)`.

    Raises:
        ValueError: segments of different numbers of texts, what is no text among them, or two
            strings of which nothing tells whether they are a pair.
    """
    segments = [_column(text) for text in _segments(texts)]
    sizes = [len(segment) for segment in segments]
    if len(set(sizes)) > 1:
        raise ValueError(
            f"The segments of the texts must be equally many. Received: {sizes}. Pairs are given "
            "as a tuple of two lists: `(firsts, seconds)`."
        )
    parts = [
        rows_of(*(segment[first : first + BATCH_SIZE] for segment in segments))
        for first in range(0, sizes[0], BATCH_SIZE)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _segments(texts: Any) -> tuple[Any, ...]:
    if not isinstance(texts, tuple):
        return (texts,)
    if not isinstance(texts[0], (str, bytes)):
        return texts
    if len(texts) == 2:
        raise ValueError(
            f"A tuple of two strings may be a pair or two texts. Received: {texts!r:.80}. Give "
            "pairs as a tuple of two lists, `([first], [second])`, and texts as a list."
        )
    return (texts,)


def _column(texts: Any) -> np.ndarray:
    """Returns texts as an array of strings, `(examples,)` or for options `(examples, options)`."""
    column = np.array([texts] if isinstance(texts, (str, bytes)) else texts, object)
    for place, text in np.ndenumerate(column):
        if not isinstance(text, (str, bytes)):
            raise ValueError(
                f"Text {place[0]} is {text!r}, a {type(text).__name__}. Expected a string: leave "
                "out or fill in what is missing, and give the options of each question alike many."
            )
    return column


def numbered(labels: Any, names: Sequence[str] | None, multi_label: bool = False) -> Any:
    """Returns the numbers of classes that are given by name; numbers are returned as they are.

    Args:
        labels: what `fit` takes as `y`: names or numbers `(examples,)`; with `multi_label` a list
            of the names that hold for each example, or 0 and 1 `(examples, labels)`.
        names: list of str or None. The names of the classes, in the order of the logits.
        multi_label: bool. Whether any number of labels may hold at once.

    Returns:
        int32 array `(examples,)`, or with `multi_label` float32 `(examples, labels)`.

    Raises:
        ValueError: a name that is none of those known, or names where the model has none.

    >>> numbered(["good", "bad"], ["bad", "good"]).tolist()
    [1, 0]
    """
    if labels is None or not _has_names(labels):
        return labels
    if names is None:
        raise ValueError(NAMELESS)
    held = [_held(label) for label in labels] if multi_label else [[label] for label in labels]
    of_name = {name: number for number, name in enumerate(names)}
    unknown = sorted({str(name) for row in held for name in row if name not in of_name})
    if unknown:
        raise ValueError(
            f"Labels that the model does not have: {', '.join(unknown[:5])}. Known labels: "
            f"{', '.join(names)}."
        )
    if not multi_label:
        return np.array([of_name[name] for (name,) in held], "int32")
    return np.array([[name in row for name in names] for row in held], "float32")


def _held(labels: Any) -> list[Any]:
    return [labels] if isinstance(labels, str) else list(labels)


def _has_names(labels: Any) -> bool:
    if are_strings(labels):
        return True
    # Of an example for which no label holds, the first list is empty.
    return isinstance(labels, (list, tuple)) and any(are_strings(label) for label in labels)


def tokenized_dataset(
    dataset: Any, rows_of: Callable[..., dict[str, Tensor]], names: Sequence[str] | None
) -> Any:
    """Returns a dataset of rows for one of strings, the labels' names as numbers.

    Args:
        dataset: `tf.data.Dataset` of texts `(batch,)`, or of a tuple of texts and labels, and
            perhaps weights; texts are strings, or a tuple of two for pairs.
        rows_of: function of the segments, each a string tensor, to a dict of int32 tensors.
        names: list of str or None. The names of the classes, in the order of the logits.
    """
    import tensorflow as tf

    def element(texts: Any, *labels: Tensor) -> Any:
        rows = rows_of(*(texts if isinstance(texts, tuple) else (texts,)))
        numbers = [_numbers_in_graph(label, names) for label in labels[:1]]
        return (rows, *numbers, *labels[1:]) if labels else rows

    return dataset.map(
        tf.autograph.experimental.do_not_convert(element), num_parallel_calls=tf.data.AUTOTUNE
    ).prefetch(tf.data.AUTOTUNE)


def _numbers_in_graph(labels: Tensor, names: Sequence[str] | None) -> Tensor:
    """Returns the numbers of the classes that a dataset gives by name."""
    import tensorflow as tf

    if labels.dtype != tf.string:
        return labels
    if names is None:
        raise ValueError(NAMELESS)
    is_class = labels[..., None] == tf.constant(list(names))
    known = tf.reduce_any(is_class, axis=-1)
    message = f"A label that the model does not have. Known labels: {', '.join(names)}."
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(known), [message, labels])]):
        return tf.argmax(is_class, axis=-1, output_type=tf.int32)
