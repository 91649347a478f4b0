"""A fine-tuned multiple-choice model applied to questions with options."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tf_albert.modeling.multiple_choice import AlbertMultipleChoice
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.batches import shortened
from tf_albert.tasks.examples import as_examples
from tf_albert.tasks.metrics import accuracy_metrics
from tf_albert.tasks.multiple_choice.data import FOLDERS, LETTERS, Choice, choice_texts, read_race
from tf_albert.tasks.predictor import (
    Description,
    Evaluation,
    Predictor,
    sequence_length_of,
    write_predictions,
)
from tf_albert.text.choices import choice_inputs
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import StrPath

# Tokens a row where a model says nothing of it: the longest that the released models have.
DEFAULT_LENGTH = 512


@dataclasses.dataclass(frozen=True)
class MultipleChoiceDescription(Description):
    """What a multiple-choice model was trained for; kept in its `provenance.json`.

    Args:
        sequence_length: int. Longest row, in tokens.
        task: str. `race`.
    """

    sequence_length: int
    task: str = "race"

    @property
    def metric(self) -> str:
        """The metric that the best checkpoint and the best seed are chosen by."""
        return "accuracy"

    @property
    def model_class(self) -> type[TaskModel]:
        """The class of the model."""
        return AlbertMultipleChoice


class MultipleChoicePredictor(Predictor):
    """A multiple-choice model with what it needs to read passages and questions.

    Args:
        model: `AlbertMultipleChoice`, or None where it is set before the first question.
        tokenizer: `AlbertTokenizer` that the model was trained with.
        description: `MultipleChoiceDescription`.
    """

    task_names = ("race",)
    description_class = MultipleChoiceDescription
    what_else = "chooses among no options. `tf-albert finetune --task race` makes one that does."
    num_segments = 0

    def __init__(
        self,
        model: TaskModel | None,
        tokenizer: AlbertTokenizer,
        description: MultipleChoiceDescription,
    ) -> None:
        super().__init__(model, tokenizer, description)
        self.preprocessor = AlbertPreprocessor(tokenizer, description.sequence_length)
        strings = tf.TensorSpec((None,), tf.string)
        self._inputs = tf.function(
            lambda *texts: choice_inputs(self.preprocessor, *texts),
            input_signature=[strings, strings, tf.TensorSpec((None, None), tf.string)],
            autograph=False,
        )

    @classmethod
    def told_by(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Returns what a multiple-choice model is for by its class."""
        if facts["model_class"] != AlbertMultipleChoice.__name__:
            return {}
        return {"task": "race", "sequence_length": sequence_length_of(facts, DEFAULT_LENGTH)}

    def examples_of(self, inputs: Any) -> list[tuple[str, ...]]:
        """Returns tuples of a passage, a question and each of its options.

        Args:
            inputs: a tuple of a passage, a question and a list of options; a dict of `passage`,
                `question` and `options`; a list of such; or a tuple of three lists.

        Raises:
            ValueError: inputs of another form.
        """
        rows = as_examples(inputs, ("passage", "question", "options"))
        return [(passage, question, *options) for passage, question, options in rows]

    def probabilities(self, choices: Sequence[Choice], batch_size: int = 8) -> np.ndarray:
        """Returns how likely each option is, float array `(questions, options)`.

        Args:
            choices: list of `Choice`, all with as many options.
            batch_size: int. Questions a batch.
        """
        logits = []
        for first in range(0, len(choices), batch_size):
            texts = choice_texts(choices[first : first + batch_size])
            logits.append(self._outputs_of(shortened(self._inputs(*texts))))
        return tf.nn.softmax(np.concatenate(logits)).numpy()

    def score(self, choices: Sequence[Choice], batch_size: int = 8) -> dict[str, Any]:
        """Returns `accuracy`, its 95 % interval and `num_examples`.

        Args:
            choices: list of `Choice`, all with as many options.
            batch_size: int. Questions a batch.
        """
        return choice_metrics(choices, self.probabilities(choices, batch_size))

    def predicted(self, texts: Sequence[tuple[str, ...]], batch_size: int = 32) -> Iterator[dict]:
        """Yields what is written of the choice for each text: dicts of JSON values.

        Args:
            texts: list of tuples of str: a passage, a question and its options.
            batch_size: int. Questions a batch.
        """
        choices = [
            Choice("", passage, question, tuple(options), 0)
            for passage, question, *options in texts
        ]
        rows = [
            row
            for _, alike in itertools.groupby(choices, lambda choice: len(choice.options))
            for row in self.probabilities(list(alike), batch_size)
        ]
        for choice, row in zip(choices, rows, strict=True):
            best = int(row.argmax())
            yield {
                "question": choice.question,
                "answer": choice.options[best],
                "probability": round(float(row[best]), 6),
            }

    def evaluate(
        self, data: StrPath, bad_rows: BadRows, batch_size: int = 32, with_submission: bool = False
    ) -> Evaluation:
        """Returns the scores on RACE's folder, whose `dev` is scored, or on a folder of its files.

        Args:
            data: str or path.
            bad_rows: `BadRows`. Told of every question that is left out.
            batch_size: int. Questions a batch.
            with_submission: bool. Of no use: RACE takes no submission.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: a file of another form.
        """
        dev = Path(data, FOLDERS[1])
        choices = read_race(dev if dev.is_dir() else data, bad_rows)
        probabilities = self.probabilities(choices, batch_size)

        def write(folder: Path) -> None:
            pairs = zip(choices, probabilities, strict=True)
            write_predictions(
                folder,
                (
                    {
                        "id": one.id,
                        "answer": LETTERS[row.argmax()],
                        "probability": round(float(row.max()), 6),
                        "expected": LETTERS[one.label],
                    }
                    for one, row in pairs
                ),
            )

        return Evaluation(choice_metrics(choices, probabilities), write)


def choice_metrics(choices: Sequence[Choice], probabilities: np.ndarray) -> dict[str, Any]:
    """Returns the scores of a multiple-choice model.

    Args:
        choices: list of `Choice`.
        probabilities: float array `(questions, options)`.
    """
    labels = np.array([choice.label for choice in choices])
    hits = int((probabilities.argmax(axis=1) == labels).sum())
    return accuracy_metrics(hits, len(choices)) | {"num_examples": len(choices)}
