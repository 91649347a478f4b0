"""A fine-tuned multiple-choice model applied to questions with options."""

import dataclasses

import numpy as np
import tensorflow as tf

from tf_albert.modeling.multiple_choice import AlbertMultipleChoice
from tf_albert.tasks.batches import shortened
from tf_albert.tasks.fine_tuned import read_fine_tuned
from tf_albert.tasks.metrics import accuracy_metrics
from tf_albert.tasks.multiple_choice.gaps import choice_inputs, choice_texts
from tf_albert.tasks.race import Choice
from tf_albert.text.preprocessor import AlbertPreprocessor


@dataclasses.dataclass(frozen=True)
class ChoiceDescription:
    """What a multiple-choice model was trained for; kept in its `provenance.json`.

    Args:
        sequence_length: int. Longest row, in tokens.
        task: str. `race`.
    """

    sequence_length: int
    task: str = "race"

    @property
    def metric(self):
        """The metric that the best checkpoint and the best seed are chosen by."""
        return "accuracy"


class Chooser:
    """A multiple-choice model with what it needs to read passages and questions.

    Args:
        model: `AlbertMultipleChoice`, or None where it is set before the first question.
        preprocessor: `AlbertPreprocessor`.
        description: `ChoiceDescription`.
    """

    def __init__(self, model, preprocessor, description):
        self.model = model
        self.preprocessor = preprocessor
        self.description = description
        self._logits = tf.function(
            lambda inputs: self.model(inputs, training=False), reduce_retracing=True
        )
        strings = tf.TensorSpec((None,), tf.string)
        self._inputs = tf.function(
            lambda *texts: choice_inputs(preprocessor, *texts),
            input_signature=[strings, strings, tf.TensorSpec((None, None), tf.string)],
        )

    @classmethod
    def from_pretrained(cls, where):
        """Returns the chooser of a fine-tuned model's folder or run.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: the model was not fine-tuned on questions with options.
        """
        otherwise = (
            "chooses among no options. `tf-albert finetune --task race` makes one that does."
        )
        folder, task, tokenizer = read_fine_tuned(where, ("race",), otherwise)
        model, description = AlbertMultipleChoice.from_pretrained(folder), ChoiceDescription(**task)
        return cls(model, AlbertPreprocessor(tokenizer, description.sequence_length), description)

    def probabilities(self, choices: list[Choice], batch_size: int = 8) -> np.ndarray:
        """Returns how likely each option is, float array `(questions, options)`.

        Args:
            choices: list of `Choice`, all with as many options.
            batch_size: int. Questions a batch.
        """
        logits = []
        for first in range(0, len(choices), batch_size):
            texts = choice_texts(choices[first : first + batch_size])
            logits.append(self._logits(shortened(self._inputs(*texts))))
        return tf.nn.softmax(np.concatenate(logits)).numpy()

    def score(self, choices, batch_size=8):
        """Returns `accuracy`, its 95 % interval and `num_examples`."""
        return choice_metrics(choices, self.probabilities(choices, batch_size))


def choice_metrics(choices, probabilities):
    """Returns the scores of a multiple-choice model.

    Args:
        choices: list of `Choice`.
        probabilities: float array `(questions, options)`.
    """
    labels = np.array([choice.label for choice in choices])
    hits = int((probabilities.argmax(axis=1) == labels).sum())
    return accuracy_metrics(hits, len(choices)) | {"num_examples": len(choices)}
