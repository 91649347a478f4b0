"""A fine-tuned token classifier applied to sentences."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tf_albert.modeling.token_classifier import AlbertTokenClassifier
from tf_albert.tasks.batches import shortened
from tf_albert.tasks.conll import TaggedSentence
from tf_albert.tasks.fine_tuned import read_fine_tuned
from tf_albert.tasks.problems import Problems
from tf_albert.tasks.tagging_metrics import OUTSIDE, tagging_metrics
from tf_albert.tasks.token_classification.word_tokens import rows_of_words
from tf_albert.types import Tensor


@dataclasses.dataclass(frozen=True)
class TagDescription:
    """What a token classifier was trained for; kept in its `provenance.json`.

    Args:
        labels: list of str, in the order of the logits.
        sequence_length: int. Longest row, in tokens.
        task: str. `conll`.
    """

    labels: list
    sequence_length: int
    task: str = "conll"

    @property
    def metric(self):
        """The metric that the best checkpoint and the best seed are chosen by."""
        return "f1"


class Tagger:
    """A token classifier with what it needs to read sentences.

    Args:
        model: `AlbertTokenClassifier`, or None where it is set before the first sentence.
        tokenizer: `AlbertTokenizer`.
        description: `TagDescription`.
    """

    num_segments = 1

    def __init__(self, model, tokenizer, description):
        self.model = model
        self.tokenizer = tokenizer
        self.description = description
        self._logits = tf.function(
            lambda inputs: self.model(inputs, training=False), reduce_retracing=True
        )
        self._rows = tf.function(
            lambda words: rows_of_words(words, tokenizer, description.sequence_length),
            input_signature=[tf.RaggedTensorSpec((None, None), tf.string)],
        )

    @classmethod
    def from_pretrained(cls, where):
        """Returns the tagger of a fine-tuned model's folder or run.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: the model was not fine-tuned on tagged sentences.
        """
        otherwise = "labels no words. `tf-albert finetune --task conll` makes a model that does."
        folder, task, tokenizer = read_fine_tuned(where, ("conll",), otherwise)
        return cls(AlbertTokenClassifier.from_pretrained(folder), tokenizer, TagDescription(**task))

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

    def tell_lost(self, sentences: Sequence[TaggedSentence], problems: Problems) -> None:
        """Tells `problems` of each of some `TaggedSentence`s with a word that no token stands for.

        Such a word gets the label `O`.
        """
        _, places = self.rows([sentence.words for sentence in sentences])
        tell_lost(sentences, places, problems)

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
            best = np.argmax(self._logits(shortened(batch)), axis=-1)
            for classes, of_words in zip(best, places[here], strict=True):
                labels.append([self._label(place, classes) for place in of_words])
        return labels

    def _label(self, place: int, classes: np.ndarray) -> str:
        return self.description.labels[classes[place]] if place else OUTSIDE

    def score(self, sentences, batch_size=32):
        """Returns the metrics on `TaggedSentence`s."""
        predicted = self.labels_of([sentence.words for sentence in sentences], batch_size)
        return tagging_metrics([list(sentence.labels) for sentence in sentences], predicted)

    def predicted(self, texts, batch_size=32):
        """Yields what is written of each text, whose words white space divides."""
        sentences = [tuple(text.split()) for (text,) in texts]
        labels = self.labels_of(sentences, batch_size)
        for (text,), words, found in zip(texts, sentences, labels, strict=True):
            yield {"text": text, "words": list(words), "labels": found}


def tell_lost(
    sentences: Sequence[TaggedSentence], places: Sequence[np.ndarray], problems: Problems
) -> None:
    """Tells `problems` of the first word of each sentence that has no place in its row.

    Args:
        sentences: list of `TaggedSentence`.
        places: list of int arrays `(words,)`, as `Tagger.rows` gives them.
        problems: `Problems`.
    """
    for sentence, of_words in zip(sentences, places, strict=True):
        if not of_words.all():
            lost = sentence.words[of_words.argmin()]
            problems.add(sentence.place, "a word that has no token in its row", lost)
