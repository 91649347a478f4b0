"""Pretraining batches as a pure function of seed, step and replica."""

import bisect
import threading

import numpy as np
import tensorflow as tf

from tf_albert.data import segments
from tf_albert.data.masking import MaskingVocabulary, mask_tokens
from tf_albert.data.pipeline import computed_ahead, rows_of_replica
from tf_albert.data.shards import Corpus
from tf_albert.types import Tensor

SHORT_PROBABILITY = 0.1


class PretrainingBatches:
    """Masked segment pairs of a corpus, drawn anew in every epoch.

    The batch of a step depends on nothing but the seed and the step, and a replica's part of it on
    its number besides. So a run goes on where it was without a saved iterator, and the same seed
    gives the same batches however many replicas or threads share the work.

    Args:
        corpus: `Corpus`.
        batch_size: int. Rows a step, over all replicas.
        sequence_length: int. Tokens a row.
        seed: int. What the order, the pairs and the masks are drawn from.
        shuffle: bool. Whether an epoch goes through the corpus in random order.

    Raises:
        ValueError: the corpus has too few chunks for a batch, or `sequence_length` is below 5.

    Example::

        from tf_albert.data.shards import Corpus

        batches = PretrainingBatches(Corpus.open("shards"), 16, sequence_length=64, seed=0)
        for batch in batches.dataset(first_step=0, num_steps=2):
            batch["masked_lm_ids"]                         # (16, 16)
    """

    def __init__(
        self,
        corpus: Corpus,
        batch_size: int,
        sequence_length: int,
        seed: int,
        shuffle: bool = True,
    ) -> None:
        if sequence_length < segments.SPECIAL_TOKENS + 2:
            raise ValueError(
                "`sequence_length` must be at least 5, to hold [CLS], two [SEP] and a token in "
                f"each segment. Received: {sequence_length}."
            )
        self.corpus = corpus
        self.batch_size = batch_size
        self.sequence_length = sequence_length
        self.seed = seed
        self.shuffle = shuffle
        tokenizer = corpus.tokenizer_files()
        self._special_ids = tokenizer.special_ids
        self._vocabulary = MaskingVocabulary.of(tokenizer)
        self._token_starts = np.concatenate([[0], corpus.sentence_ends])
        self._shard_starts = corpus.shard_starts
        self._epoch_ends = [0]
        self._epochs: dict[int, np.ndarray] = {}
        self._lock = threading.Lock()
        if len(self._epoch(0)) < batch_size:
            raise ValueError(
                f"The corpus in {corpus.folder} gives {len(self._epoch(0))} examples of "
                f"{sequence_length} tokens, fewer than one batch of {batch_size}. Use more text, "
                "shorter sequences or a smaller batch."
            )

    @property
    def mask_id(self) -> int:
        """The id of `[MASK]`."""
        return self._vocabulary.mask_id

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in the first epoch; later ones differ a little: chunks are drawn anew."""
        return len(self._epoch(0)) // self.batch_size

    def dataset(
        self, first_step: int, num_steps: int, replica: int = 0, num_replicas: int = 1
    ) -> tf.data.Dataset:
        """Returns the batches of some steps.

        Args:
            first_step: int. The step to start with.
            num_steps: int. How many steps.
            replica: int. Whose rows.
            num_replicas: int. How many replicas share each batch.

        Returns:
            `tf.data.Dataset` of dicts: `input_word_ids`, `input_mask`, `input_type_ids` (int32,
            `(rows, length)`), `masked_lm_positions`, `masked_lm_ids` (int32) and
            `masked_lm_weights` (float32), `(rows, predictions)`, `sentence_order_labels` (int32,
            `(rows,)`) and `ngram_lengths`; `rows` is the batch size divided by the replicas.

        Raises:
            ValueError: the batch cannot be divided among the replicas.
        """
        rows = rows_of_replica(self.batch_size, num_replicas)
        steps = tf.data.Dataset.range(first_step, first_step + num_steps)
        return computed_ahead(steps, lambda step: self._masked(step, replica * rows, rows))

    def _masked(self, step: Tensor, first_row: int, rows: int) -> dict[str, Tensor]:
        shape = (rows, self.sequence_length)
        ids, type_ids, labels = tf.numpy_function(
            lambda step: self.pairs(int(step), first_row, rows),
            [step],
            [tf.int32, tf.int32, tf.int32],
            stateful=False,
        )
        ids, type_ids = tf.ensure_shape(ids, shape), tf.ensure_shape(type_ids, shape)
        seed = tf.stack([tf.constant(self.seed, tf.int64), step])
        masked = mask_tokens(ids, type_ids, seed, self._vocabulary, (first_row, self.batch_size))
        return masked | {
            "input_mask": tf.cast(ids != self._special_ids["pad"], tf.int32),
            "input_type_ids": type_ids,
            "sentence_order_labels": tf.ensure_shape(labels, (rows,)),
        }

    def pairs(
        self, step: int, first_row: int, rows: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns the segment pairs of a step, before masking.

        Args:
            step: int. The step.
            first_row: int. The first row of the step's batch to return.
            rows: int. How many rows to return.

        Returns:
            int32 arrays: ids and type ids, `(rows, length)`, and labels, `(rows,)`, 1 = swapped.
        """
        chunks = self._chunks(step)
        generator = np.random.default_rng([self.seed, step, 1])
        cuts, swapped, trims = segments.draw_pairs(chunks, generator)
        here = slice(first_row, first_row + rows)
        ids = np.full((rows, self.sequence_length), self._special_ids["pad"], np.int32)
        type_ids = np.zeros_like(ids)
        for row, (chunk, cut, swap, trim) in enumerate(
            zip(chunks[here], cuts[here], swapped[here], trims[here], strict=True)
        ):
            pair = self._segments(chunk, cut, trim)
            segments.write_pair(
                ids[row], type_ids[row], pair[::-1] if swap else pair, self._special_ids
            )
        return ids, type_ids, swapped[here].astype(np.int32)

    def _segments(self, chunk: np.ndarray, cut: int, trims: np.ndarray) -> list[np.ndarray]:
        first, last, target = chunk
        bounds = self._token_starts[[first, cut, last]]
        lengths = np.diff(bounds)
        kept = segments.kept_lengths(lengths[0], lengths[1], target)
        return [
            self._tokens(start + round(trim * (length - keep)), keep)
            for start, length, keep, trim in zip(bounds, lengths, kept, trims, strict=False)
        ]

    def _tokens(self, start: int, count: int) -> np.ndarray:
        shard = bisect.bisect_right(self._shard_starts, start) - 1
        begin = start - self._shard_starts[shard]
        return self.corpus.tokens[shard][begin : begin + count]

    def _chunks(self, step: int) -> np.ndarray:
        """Returns the chunks of a step's batch; one that spans two epochs takes from both."""
        parts, position, missing = [], step * self.batch_size, self.batch_size
        while missing:
            while position >= self._epoch_ends[-1]:
                self._epoch(len(self._epoch_ends) - 1)
            number = bisect.bisect_right(self._epoch_ends, position) - 1
            start = position - self._epoch_ends[number]
            part = self._epoch(number)[start : start + missing]
            parts.append(part)
            position, missing = position + len(part), missing - len(part)
        return np.concatenate(parts)

    def _epoch(self, number: int) -> np.ndarray:
        """Returns the chunks of an epoch in the order in which they are trained on."""
        # Steps are drawn by several threads at once.
        with self._lock:
            chunks = self._epochs.get(number)
            if chunks is None:
                chunks = self._draw_epoch(number)
                # Steps under way may be one epoch apart, so two are kept.
                self._epochs = {key: old for key, old in self._epochs.items() if key == number - 1}
                self._epochs[number] = chunks
            if len(self._epoch_ends) == number + 1:
                self._epoch_ends.append(self._epoch_ends[-1] + len(chunks))
            return chunks

    def _draw_epoch(self, number: int) -> np.ndarray:
        generator = np.random.default_rng([self.seed, number, 0])
        chunks = segments.chunk_sentences(
            self.corpus.sentence_ends,
            self.corpus.document_ends,
            self.sequence_length,
            SHORT_PROBABILITY,
            generator,
        )
        return generator.permutation(chunks) if self.shuffle else chunks
