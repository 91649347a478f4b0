"""A Keras model that takes strings where it has a preprocessor, and ids as every other."""

import inspect
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from tf_albert.modeling.model import AlbertModel
from tf_albert.text.string_inputs import are_strings, numbered, tokenized, tokenized_dataset
from tf_albert.types import Tensor

if TYPE_CHECKING:
    from tf_albert.text.preprocessor import AlbertPreprocessor


class StringModel(AlbertModel):
    """A model whose `fit`, `evaluate` and `predict` take strings: lists, arrays, or a dataset.

    Strings and ids are told apart by their type. Lists and arrays of strings are tokenized first
    and then given to Keras, so that `batch_size`, `shuffle` and `validation_split` act as ever; a
    dataset is tokenized on its way.

    Args:
        config: `AlbertConfig`, or the dict that its `to_dict` gave.
        preprocessor: `AlbertPreprocessor`, or None for ids alone.
        **kwargs: what every Keras model takes: `name`, `dtype`, `trainable`.

    Raises:
        ValueError: a preprocessor of another vocabulary, or of rows above the model's positions.
    """

    # The names of the classes, in the order of the logits, and whether any number may hold.
    labels: list[str] | None = None
    multi_label = False

    def __init__(
        self, config: Any, preprocessor: "AlbertPreprocessor | None" = None, **kwargs: Any
    ) -> None:
        super().__init__(config, **kwargs)
        self.preprocessor = preprocessor

    @property
    def preprocessor(self) -> "AlbertPreprocessor | None":
        """The `AlbertPreprocessor` that strings go through, or None."""
        return self._get_preprocessor()

    @preprocessor.setter
    def preprocessor(self, preprocessor: "AlbertPreprocessor | None") -> None:
        if preprocessor is not None:
            _check_fit(preprocessor, self.config)
        self._get_preprocessor = lambda: preprocessor

    def __setattr__(self, name: str, value: Any) -> None:
        # Past Keras, which would take it for a part to compile, and past TensorFlow, which would
        # save it into every SavedModel.
        if name == "preprocessor":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def rows_of(self, *segments: Tensor) -> dict[str, Tensor]:
        """Returns the inputs of texts: a dict of int32 tensors `(batch, length)`.

        Args:
            *segments: string tensors `(batch,)`: the texts, or the two texts of each pair.

        Raises:
            ValueError: the model has no preprocessor.
        """
        return self._require_preprocessor()(segments)

    def _require_preprocessor(self) -> "AlbertPreprocessor":
        if self.preprocessor is None:
            raise ValueError(
                f"This {type(self).__name__} has no preprocessor and takes ids. Give it one for "
                "strings: `model.preprocessor = AlbertPreprocessor(tokenizer, sequence_length)`."
            )
        return self.preprocessor

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = "auto", *args: Any, **kwargs: Any
    ) -> None:
        """Configures training as Keras's `compile` does, with the loss and metrics of the task.

        Args:
            optimizer: what Keras takes.
            loss: what Keras takes, on logits; left out, that of the model's kind of task.
            *args: what Keras takes besides.
            **kwargs: what Keras takes besides; `metrics` left out, those of the kind of task.

        Raises:
            ValueError: a loss of probabilities: the model gives logits.
        """
        if isinstance(loss, str) and loss == "auto":
            loss = self.default_loss()
            kwargs.setdefault("metrics", self.default_metrics())
        _check_loss(loss)
        super().compile(optimizer, loss, *args, **kwargs)

    def default_loss(self) -> Any:
        """Returns the loss that `compile` takes where none is given."""
        return None

    def default_metrics(self) -> Any:
        """Returns the metrics that `compile` takes where neither they nor a loss are given."""
        return None

    def _export_length(self) -> int:
        preprocessor = self.preprocessor
        return preprocessor.sequence_length if preprocessor else super()._export_length()

    def fit(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Trains as Keras's `fit` does, on ids or on strings.

        Args:
            x: a dict of ids; or strings, a list of which is `(examples,)`, a tuple of two of them
                pairs; or a dataset of either.
            y: the labels: numbers, or names of `labels`.
            *args: what `fit` takes besides.
            **kwargs: what `fit` takes besides; `validation_data` may be strings too.
        """
        return self._call(super().fit, x, y, *args, **kwargs)

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Evaluates as Keras's `evaluate` does, on ids or on strings, as `fit` takes them."""
        return self._call(super().evaluate, x, y, *args, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Predicts as Keras's `predict` does, from ids or from strings, as `fit` takes them."""
        return self._call(super().predict, x, *args, **kwargs)

    def train_on_batch(self, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Trains on one batch as Keras does, on ids or on strings."""
        return self._call(super().train_on_batch, x, y, *args, **kwargs)

    def test_on_batch(self, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Evaluates one batch as Keras does, of ids or of strings."""
        return self._call(super().test_on_batch, x, y, *args, **kwargs)

    def predict_on_batch(self, x: Any) -> Any:
        """Predicts one batch as Keras does, of ids or of strings."""
        return self._call(super().predict_on_batch, x)

    def _call(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls a method of Keras with numbers for the strings and names among its arguments."""
        bound = inspect.signature(method).bind(*args, **kwargs)
        given = bound.arguments
        given["x"], y = self._as_numbers(given.get("x"), given.get("y"))
        if "y" in given:
            given["y"] = y
        if isinstance(given.get("validation_data"), (tuple, list)):
            x, y, *weights = given["validation_data"]
            given["validation_data"] = (*self._as_numbers(x, y), *weights)
        elif given.get("validation_data") is not None:
            given["validation_data"], _ = self._as_numbers(given["validation_data"], None)
        return method(*bound.args, **bound.kwargs)

    def _as_numbers(self, x: Any, y: Any) -> tuple[Any, Any]:
        if not are_strings(x):
            return x, numbered(y, self.labels, self.multi_label)
        self._require_preprocessor()
        if hasattr(x, "element_spec"):
            return tokenized_dataset(x, self.rows_of, self.labels), y
        y = numbered(y, self.labels, self.multi_label)
        # Beside arrays, Keras takes no list.
        return tokenized(x, self.rows_of), np.array(y) if isinstance(y, (list, tuple)) else y

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self.preprocessor is None:
            return config
        return config | {"preprocessor": keras.saving.serialize_keras_object(self.preprocessor)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        if "preprocessor" in config:
            preprocessor = keras.saving.deserialize_keras_object(config["preprocessor"])
            config = config | {"preprocessor": preprocessor}
        return super().from_config(config, custom_objects)


def _check_loss(loss: Any) -> None:
    for part in keras.tree.flatten(loss):
        if _is_of_probabilities(part):
            name = part if isinstance(part, str) else getattr(part, "__name__", type(part).__name__)
            raise ValueError(
                f"The loss {name!r} takes probabilities, and the model gives logits: it would "
                "train on wrong numbers. Use `from_logits=True`, such as "
                "`keras.losses.SparseCategoricalCrossentropy(from_logits=True)`, or leave the loss "
                "out."
            )


def _is_of_probabilities(loss: Any) -> bool:
    # Keras's own functions take probabilities, as those of their names do.
    is_function = getattr(loss, "__module__", "").startswith("keras.") and callable(loss)
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", "") * is_function
    if name.lower().replace("_", "").endswith(("crossentropy", "kldivergence")):
        return True
    return getattr(loss, "from_logits", None) is False


def _check_fit(preprocessor: "AlbertPreprocessor", config: Any) -> None:
    if preprocessor.vocab_size not in (None, config.vocab_size):
        raise ValueError(
            f"The preprocessor's vocabulary has {preprocessor.vocab_size} pieces, the model's "
            f"`vocab_size` is {config.vocab_size}. Use the tokenizer that the model was trained "
            "with."
        )
    if preprocessor.sequence_length > config.max_position_embeddings:
        raise ValueError(
            f"The preprocessor's rows of {preprocessor.sequence_length} tokens are longer than "
            f"the model's {config.max_position_embeddings} positions. Use a shorter "
            "`sequence_length`."
        )
