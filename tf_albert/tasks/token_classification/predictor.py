"""A fine-tuned token classifier applied to sentences."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tf_albert.modeling.task_model import TaskModel
from tf_albert.modeling.token_classifier import AlbertTokenClassifier
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.batches import shortened
from tf_albert.tasks.predictor import (
    Description,
    Evaluation,
    Predictor,
    file_to_score,
    sequence_length_of,
    write_predictions,
)
from tf_albert.tasks.token_classification.data import (
    TEXT_FILES,
    Columns,
    TaggedSentence,
    read_conll,
)
from tf_albert.tasks.token_classification.metrics import OUTSIDE, tagging_metrics
from tf_albert.tasks.token_classification.word_tokens import rows_of_words
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import StrPath, Tensor


@dataclasses.dataclass(frozen=True)
class TokenClassificationDescription(Description):
    """What a token classifier was trained for; kept in its `provenance.json`.

    Args:
        labels: list of str, in the order of the logits.
        sequence_length: int. Longest row, in tokens.
        task: str. `conll`.
        word_column: int or None. The column of the words in the files it was trained on.
        label_column: int or None. That of the labels.
    """

    labels: list[str]
    sequence_length: int
    task: str = "conll"
    word_column: int | None = None
    label_column: int | None = None

    @property
    def columns(self) -> Columns:
        """Where words and labels stand in files."""
        return Columns(self.word_column, self.label_column)

    @property
    def metric(self) -> str:
        """The metric that the best checkpoint and the best seed are chosen by."""
        return "f1"

    @property
    def model_class(self) -> type[TaskModel]:
        """The class of the model."""
        return AlbertTokenClassifier


class TokenClassificationPredictor(Predictor):
    """A token classifier with what it needs to read sentences.

    Args:
        model: `AlbertTokenClassifier`, or None where it is set before the first sentence.
        tokenizer: `AlbertTokenizer` that the model was trained with.
        description: `TokenClassificationDescription`.
    """

    task_names = ("conll",)
    description_class = TokenClassificationDescription
    what_else = "labels no words. `tf-albert finetune --task conll` makes a model that does."
    num_segments = 1

    def __init__(
        self,
        model: TaskModel | None,
        tokenizer: AlbertTokenizer,
        description: TokenClassificationDescription,
    ) -> None:
        super().__init__(model, tokenizer, description)
        self._rows = tf.function(
            lambda words: rows_of_words(words, tokenizer, description.sequence_length),
            input_signature=[tf.RaggedTensorSpec((None, None), tf.string)],
            autograph=False,
        )

    @classmethod
    def told_by(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Returns what a token classifier is for by its labels, or by its classes' numbers."""
        if facts["model_class"] != AlbertTokenClassifier.__name__:
            return {}
        arguments = facts["head_arguments"]
        numbers = [str(label) for label in range(arguments["num_classes"])]
        return {
            "task": "conll",
            "labels": arguments.get("labels") or numbers,
            "sequence_length": sequence_length_of(facts),
        }

    def examples_of(self, inputs: Any) -> list[tuple[Any, ...]]:
        """Returns sentences as tuples of one string, or of one list of words.

        Args:
            inputs: a string, or a list of strings or of lists of words.
        """
        return [(one,) for one in ([inputs] if isinstance(inputs, str) else inputs)]

    def rows(
        self, sentences: Sequence[Sequence[str]]
    ) -> tuple[dict[str, Tensor], list[np.ndarray]]:
        """Returns the rows of sentences, and where in them each word begins.

        Args:
            sentences: list of tuples of str. The words of each sentence.

        Returns:
            tuple: the encoder's inputs, a dict of int32 tensors `(sentences, length)`; and for each
            sentence an int array `(words,)`, 0 for a word that is cut off or has no token.
        """
        words = tf.constant([word for words in sentences for word in words], tf.string)
        sizes = np.array([len(words) for words in sentences], np.int64)
        inputs, places = self._rows(tf.RaggedTensor.from_row_lengths(words, sizes))
        return inputs, np.split(places.numpy(), np.cumsum(sizes)[:-1]) if sentences else []

    def tell_lost(self, sentences: Sequence[TaggedSentence], bad_rows: BadRows) -> None:
        """Tells `bad_rows` of each of some `TaggedSentence`s with a word that no token stands for.

        Such a word gets the label `O`.
        """
        _, places = self.rows([sentence.words for sentence in sentences])
        tell_lost(sentences, places, bad_rows)

    def labels_of(
        self, sentences: Sequence[Sequence[str]], batch_size: int = 32
    ) -> list[list[str]]:
        """Returns the label of each word: a list of lists of str.

        A word that is cut off has the label `O`.

        Args:
            sentences: list of tuples of str. The words of each sentence.
            batch_size: int. Rows a batch.
        """
        inputs, places = self.rows(sentences)
        labels = []
        for first in range(0, len(sentences), batch_size):
            here = slice(first, first + batch_size)
            batch = {name: value[here] for name, value in inputs.items()}
            best = np.argmax(self._outputs_of(shortened(batch)), axis=-1)
            for classes, of_words in zip(best, places[here], strict=True):
                labels.append([self._label(place, classes) for place in of_words])
        return labels

    def _label(self, place: int, classes: np.ndarray) -> str:
        return self.description.labels[classes[place]] if place else OUTSIDE

    def score(self, sentences: Sequence[TaggedSentence], batch_size: int = 32) -> dict[str, Any]:
        """Returns the metrics on `TaggedSentence`s.

        Args:
            sentences: list of `TaggedSentence`.
            batch_size: int. Rows a batch.
        """
        predicted = self.labels_of([sentence.words for sentence in sentences], batch_size)
        return tagging_metrics([list(sentence.labels) for sentence in sentences], predicted)

    def predicted(self, texts: Sequence[tuple[Any, ...]], batch_size: int = 32) -> Iterator[dict]:
        """Yields what is written of each sentence: dicts of JSON values.

        Args:
            texts: list of tuples of one string, whose words white space divides, or of one list of
                words.
            batch_size: int. Rows a batch.
        """
        sentences = [tuple(one.split() if isinstance(one, str) else one) for (one,) in texts]
        labels = self.labels_of(sentences, batch_size)
        for (text,), words, found in zip(texts, sentences, labels, strict=True):
            yield {
                "text": text if isinstance(text, str) else " ".join(text),
                "words": list(words),
                "labels": found,
            }

    def evaluate(
        self, data: StrPath, bad_rows: BadRows, batch_size: int = 32, with_submission: bool = False
    ) -> Evaluation:
        """Returns the scores on a file of tagged sentences, or on the `valid.txt` of a folder.

        Args:
            data: str or path.
            bad_rows: `BadRows`. Told of every sentence that is left out or loses a word.
            batch_size: int. Rows a batch.
            with_submission: bool. Of no use: CoNLL takes no submission.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: a file of another form.
        """
        path = file_to_score(data, TEXT_FILES[1])
        sentences = read_conll(path, bad_rows, self.description.columns)
        self.tell_lost(sentences, bad_rows)
        predicted = self.labels_of([one.words for one in sentences], batch_size)

        def write(folder: Path) -> None:
            pairs = zip(sentences, predicted, strict=True)
            write_predictions(
                folder,
                (
                    {"words": list(one.words), "labels": found, "expected": list(one.labels)}
                    for one, found in pairs
                ),
            )

        labels = [list(one.labels) for one in sentences]
        return Evaluation(tagging_metrics(labels, predicted), write)


def tell_lost(
    sentences: Sequence[TaggedSentence], places: Sequence[np.ndarray], bad_rows: BadRows
) -> None:
    """Tells `bad_rows` of the first word of each sentence that has no place in its row.

    Args:
        sentences: list of `TaggedSentence`.
        places: list of int arrays `(words,)`, as `TokenClassificationPredictor.rows` gives them.
        bad_rows: `BadRows`.
    """
    for sentence, of_words in zip(sentences, places, strict=True):
        if not of_words.all():
            lost = sentence.words[of_words.argmin()]
            bad_rows.add(sentence.place, "a word that has no token in its row", lost)
