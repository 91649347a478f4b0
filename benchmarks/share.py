"""How much of a training step's time its matrix products alone would take."""

import statistics
import time

import tensorflow as tf

from tf_albert import AlbertConfig
from tf_albert.data.masking import num_predictions


def share_of_products(dtype, length, batch, ours, rounds):
    """Returns the time of a step's products alone over the time of the step.

    Every product of the forward and the backward pass of the base model, in its own shape: of the
    block (twelve times), the masked-word head and the embedding's projection.

    Args:
        dtype: str. `float32` or `bfloat16`.
        length, batch: int. Tokens a row, all of them real, and rows.
        ours: `benchmarks.measure.Timing` of the step, of `work` tokens.
        rounds: int.
    """
    config = AlbertConfig.from_name("albert_base_v2")
    seconds = []
    products = _products(config, dtype, length, batch)
    for _ in range(rounds + 1):
        seconds.append(sum(times * _seconds(*product) for times, product in products))
    return statistics.median(seconds[1:]) * ours.rate / (batch * length)


def _products(config, dtype, length, batch):
    """Returns pairs of how often, and (left, right) matrices."""
    tokens, hidden, inner = batch * length, config.hidden_size, config.intermediate_size
    masked, vocabulary, width = batch * num_predictions(length), config.vocab_size, 128
    heads = config.num_attention_heads
    layers = config.num_hidden_layers
    dense = [
        (4 * layers, tokens, hidden, hidden),
        (layers, tokens, hidden, inner),
        (layers, tokens, inner, hidden),
        (1, tokens, width, hidden),
        (1, masked, hidden, width),
        (1, masked, width, vocabulary),
    ]
    head = (batch, heads, length, hidden // heads)
    products = []
    for times, rows, inputs, outputs in dense:
        x, weight, y = (rows, inputs), (inputs, outputs), (rows, outputs)
        products += [
            (times, (x, weight, {})),
            (times, (y, weight, {"transpose_b": True})),
            (times, (x, y, {"transpose_a": True})),
        ]
    scores = (batch, heads, length, length)
    products += [
        # Scores and the gradient of the probabilities; the context and the gradients of the three.
        (2 * layers, (head, head, {"transpose_b": True})),
        (2 * layers, (scores, head, {})),
        (2 * layers, (scores, head, {"transpose_a": True})),
    ]
    return [
        (times, (*(tf.cast(tf.random.normal(shape), dtype) for shape in (left, right)), options))
        for times, (left, right, options) in products
    ]


def _seconds(left, right, options):
    start = time.perf_counter()
    tf.matmul(left, right, **options)[..., :1].numpy()
    return time.perf_counter() - start
