"""A fine-tuned token classifier applied to sentences."""

import dataclasses

import numpy as np
import tensorflow as tf

from tf_albert.modeling.token_classifier import AlbertTokenClassifier
from tf_albert.tasks.batches import padded_rows, shortened
from tf_albert.tasks.predictor import read_fine_tuned
from tf_albert.tasks.token_classification.metrics import OUTSIDE, tagging_metrics


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


def row_of_words(tokenizer, words, sequence_length):
    """Returns the row of a sentence, and where in it each word begins.

    A word's label stands at the token that its first character came from, which offsets tell. What
    is beyond the row's length is cut off.

    Args:
        tokenizer: `PieceTokenizer`.
        words: tuple of str.
        sequence_length: int. Longest row, special tokens counted in.

    Returns:
        tuple: the row (ids, types), lists of int; and a list of int or None, a place for each word,
        None for a word that is cut off or has no token.
    """
    encoding = tokenizer.encode(" ".join(words))
    kept = encoding.ids[: sequence_length - 2]
    first_token = {}
    for number, (begin, end) in enumerate(encoding.offsets[: len(kept)]):
        for character in range(begin, end):
            first_token.setdefault(character, number + 1)
    places, start = [], 0
    for word in words:
        inside = (first_token.get(start + letter) for letter in range(len(word)))
        places.append(next((place for place in inside if place is not None), None))
        start += len(word) + 1
    ids = [tokenizer.special_ids["cls"], *kept, tokenizer.special_ids["sep"]]
    return (ids, [0] * len(ids)), places


def tell_lost(sentence, places, problems):
    """Tells `problems` of the first word of a `TaggedSentence` that has no place in its row."""
    if None in places:
        lost = sentence.words[places.index(None)]
        problems.add(sentence.place, "a word that has no token in its row", lost)


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

    def tell_lost(self, sentences, problems):
        """Tells `problems` of each of some `TaggedSentence`s with a word that no token stands for.

        Such a word gets the label `O`.
        """
        for sentence in sentences:
            _, places = row_of_words(
                self.tokenizer, sentence.words, self.description.sequence_length
            )
            tell_lost(sentence, places, problems)

    def labels_of(self, sentences, batch_size=32):
        """Returns the label of each word: a list of lists of str.

        A word that is cut off has the label `O`.

        Args:
            sentences: list of tuples of str. The words of each sentence.
            batch_size: int. Rows a batch.
        """
        length = self.description.sequence_length
        rows = [row_of_words(self.tokenizer, words, length) for words in sentences]
        inputs = padded_rows([row for row, _ in rows], length, self.tokenizer.special_ids["pad"])
        labels = []
        for first in range(0, len(rows), batch_size):
            here = slice(first, first + batch_size)
            batch = {name: tf.constant(value[here]) for name, value in inputs.items()}
            best = np.argmax(self._logits(shortened(batch)), axis=-1)
            for (_, places), classes in zip(rows[here], best, strict=True):
                labels.append([self._label(place, classes) for place in places])
        return labels

    def _label(self, place, classes):
        return OUTSIDE if place is None else self.description.labels[classes[place]]

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
