"""A fine-tuned model applied to texts."""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from tf_albert import layout
from tf_albert.convert.native.read import read_provenance
from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.tasks.batches import text_batches
from tf_albert.tasks.kinds import Classes, LabelSets, Numbers
from tf_albert.tasks.registry import TASKS
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer


@dataclasses.dataclass(frozen=True)
class TaskDescription:
    """What a fine-tuned model was trained for; kept in its `provenance.json`.

    Args:
        labels: list of str, the classes in the order of the logits; None for regression.
        text_columns: list of one or two str. Columns of the table it was trained on.
        label_column: str. Its label column.
        sequence_length: int. Longest row, in tokens.
        num_segments: int. Texts an example, 1 or 2.
        task: str. `table`, or a name in `registry.TASKS`.
        multi_label: bool. Whether any number of labels may hold at once.
    """

    labels: list | None
    text_columns: list
    label_column: str
    sequence_length: int
    num_segments: int
    task: str = "table"
    multi_label: bool = False

    @functools.cached_property
    def kind(self):
        """What the labels are: `Classes`, `Numbers` or `LabelSets`."""
        if self.labels is None:
            return Numbers()
        return LabelSets(self.labels) if self.multi_label else Classes(self.labels)

    @property
    def metric(self):
        """The metric that the best checkpoint and the best seed are chosen by."""
        return TASKS[self.task].metric if self.task in TASKS else self.kind.metric


class Predictor:
    """A classifier or regressor with what it needs to read texts.

    Args:
        model: `AlbertClassifier`.
        preprocessor: `AlbertPreprocessor`.
        description: `TaskDescription`.
    """

    def __init__(self, model, preprocessor, description):
        self.model = model
        self.preprocessor = preprocessor
        self.description = description
        self._logits = tf.function(
            lambda inputs: model(inputs, training=False), reduce_retracing=True
        )

    @classmethod
    def from_pretrained(cls, where):
        """Returns the predictor of a fine-tuned model's folder or run.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: the model was not fine-tuned by `tf-albert finetune`.
        """
        folder = layout.model_folder(where)
        task = read_provenance(folder).get("task")
        if task is None:
            raise ValueError(f"{folder} holds no fine-tuned model. `tf-albert finetune` makes one.")
        if task.get("task", "table") not in ("table", *TASKS):
            raise ValueError(
                f"{folder} was fine-tuned for the task {task['task']!r}, which gives no label."
            )
        model = AlbertClassifier.from_pretrained(folder)
        description = TaskDescription(**task)
        tokenizer = AlbertTokenizer.from_pretrained(folder)
        return cls(model, AlbertPreprocessor(tokenizer, description.sequence_length), description)

    @property
    def num_segments(self):
        """Texts an example, 1 or 2."""
        return self.description.num_segments

    def predicted(self, texts, batch_size=32):
        """Yields what is written of the prediction for each text: dicts of JSON values."""
        return self.records(texts, self.outputs(texts, batch_size))

    def outputs(self, texts, batch_size=32):
        """Returns probabilities `(examples, classes)`, or numbers `(examples,)` for regression.

        Args:
            texts: list of tuples of str.
            batch_size: int. Rows a batch.
        """
        dataset = text_batches(self.preprocessor, texts, batch_size)
        logits = np.concatenate([self._logits(inputs).numpy() for inputs in dataset])
        return self.description.kind.outputs(logits)

    def score(self, examples, batch_size=32, where="the table"):
        """Returns the metrics on labelled examples.

        Args:
            examples: `Examples` with labels.
            batch_size: int. Rows a batch.
            where: str. What the examples come from, for a message about an unknown label.
        """
        return self.score_outputs(examples, self.outputs(examples.texts, batch_size), where)

    def score_outputs(self, examples, outputs, where="the table"):
        """Returns the metrics of outputs that `outputs` gave."""
        kind = self.description.kind
        return kind.metrics(kind.targets(examples, where), outputs)

    def records(self, texts, outputs):
        """Yields what is written of each prediction: dicts of JSON values."""
        for text, output in zip(texts, outputs, strict=True):
            yield {"text": text[0] if len(text) == 1 else list(text)} | (
                self.description.kind.record(output)
            )
