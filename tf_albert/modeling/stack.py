"""How an encoder calls its blocks: one after another or in a loop, kept or computed twice."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tf_albert.layers.feed_forward import FeedForward
from tf_albert.layers.self_attention import SelfAttention
from tf_albert.layers.tokens import Tokens
from tf_albert.types import Tensor


class BlockStack:
    """The calls of the blocks in one pass through an encoder.

    Args:
        attentions: list of `SelfAttention`.
        feed_forwards: list of `FeedForward`.
        schedule: tuple of layers, each a tuple of (attention, feed-forward) indices, as
            `AlbertConfig.layer_schedule`.
        tokens: `PaddedTokens` or `FlatTokens`.
        training: bool. Whether dropout acts.
        remat: bool. Whether the backward pass computes a block's activations anew.
    """

    def __init__(
        self,
        attentions: Sequence[SelfAttention],
        feed_forwards: Sequence[FeedForward],
        schedule: Sequence[Sequence[tuple[int, int]]],
        tokens: Tokens,
        training: bool,
        remat: bool,
    ) -> None:
        self.attentions = attentions
        self.feed_forwards = feed_forwards
        self.schedule = schedule
        self.calls = [pair for layer in schedule for pair in layer]
        self.tokens = tokens
        self.training = training
        self.remat = remat
        # Drawn before any call: a loop could not draw, and a second computation must not.
        parts = (*attentions, *feed_forwards) if training else ()
        self.seeds = {part: part.draw_seeds(len(self.calls)) for part in parts}

    def outputs(self, hidden: Tensor) -> list[Tensor]:
        """Returns the output of every layer, a list."""
        outputs, number = [], 0
        for layer in self.schedule:
            for _ in layer:
                hidden = self._call(hidden, number)
                number += 1
            outputs.append(hidden)
        return outputs

    def last(self, hidden: Tensor, first_only: bool = False) -> Tensor:
        """Returns the output of the last layer; with `first_only`, of the first tokens alone."""
        for number in range(len(self.calls) - 1):
            hidden = self._call(hidden, number)
        return self._call(hidden, len(self.calls) - 1, first_only)

    def last_of_loop(self, hidden: Tensor, first_only: bool = False) -> Tensor:
        """Returns the same from a graph that holds the block once, or twice with `first_only`."""
        # While every call is of the same block, its number chooses nothing but its seeds.
        times = len(self.calls) - bool(first_only)
        if keras.backend.backend() == "tensorflow":
            _, hidden = ops.while_loop(
                lambda number, _: number < times,
                lambda number, hidden: (number + 1, self._block(hidden, 0, number)),
                (ops.convert_to_tensor(0, "int32"), hidden),
                maximum_iterations=times,  # without which XLA has no gradient of a loop
            )
        else:  # JAX has a gradient of this loop alone
            hidden = ops.fori_loop(
                0, times, lambda number, hidden: self._block(hidden, 0, number), hidden
            )
        return self._block(hidden, 0, times, first_only) if first_only else hidden

    def _call(self, hidden: Tensor, number: int, first_only: bool = False) -> Tensor:
        if self.remat and not first_only:
            return keras.remat(lambda hidden: self._block(hidden, number, number))(hidden)
        return self._block(hidden, number, number, first_only)

    def _block(
        self, hidden: Tensor, call: int, number: Tensor | int, first_only: bool = False
    ) -> Tensor:
        attention, feed_forward = self.calls[call]
        attention, feed_forward = self.attentions[attention], self.feed_forwards[feed_forward]
        hidden = attention(
            hidden,
            tokens=self.tokens,
            first_only=first_only,
            training=self.training,
            **self._seeds_of(attention, number),
        )
        return feed_forward(hidden, training=self.training, **self._seeds_of(feed_forward, number))

    def _seeds_of(self, part: SelfAttention | FeedForward, number: Tensor | int) -> dict[str, Any]:
        if not self.training:
            return {}
        drawn = self.seeds[part]
        return {"seeds": [None if s is None else ops.take(s, number, axis=0) for s in drawn]}
