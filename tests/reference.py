"""ALBERT once more, in plain NumPy and float64: what the tests compare the package with.

Written from the paper (https://arxiv.org/abs/1909.11942) and from Google's description of the
model, not from the package. Slow and short on purpose: one loop per loop of the description.

Weights are a nested dict, so that a reader sees which numbers a step uses:

- `word_embeddings` (V, E), `position_embeddings`, `type_embeddings`; `embedding_norm`, as every
  norm, is (scale, shift)
- `projection` (kernel, bias), absent where E equals H
- `attentions`: a list of dicts of `query`, `key`, `value`, `output` (kernel, bias) and `norm`
- `feed_forwards`: a list of dicts of `intermediate`, `output` and `norm`
- `pooler`; for pretraining `mlm_transform`, `mlm_norm`, `mlm_bias` (V,) and `sop` too; `head` for
  the tasks, with `end_joined`, `end_norm`, `end_output`, `no_answer` and `no_answer_output` for
  answers that may lack
"""

import math

import numpy as np

LAYER_NORM_EPSILON = 1e-12
NEVER_ADAPTED = ("LayerNorm", "layer_norm", "bias")


def dense(x, kernel_and_bias):
    kernel, bias = kernel_and_bias
    return x @ np.asarray(kernel, np.float64) + np.asarray(bias, np.float64)


def layer_norm(x, scale_and_shift):
    scale, shift = (np.asarray(part, np.float64) for part in scale_and_shift)
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return centred / np.sqrt(variance + LAYER_NORM_EPSILON) * scale + shift


def softmax(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def log_softmax(x):
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def tanh_gelu(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def erf_gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


ACTIVATIONS = {
    "gelu": tanh_gelu,
    "gelu_new": tanh_gelu,
    "gelu_erf": erf_gelu,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
}


def blocks_of_layer(config, layer):
    """Returns the (attention, feed-forward) indices that a layer applies, one after another."""
    if config.parameter_sharing == "attention":
        return [(0, layer)]
    if config.parameter_sharing == "ffn":
        return [(layer, 0)]
    if config.parameter_sharing == "none":
        return [(layer, layer)]
    layers_of_a_group = config.num_hidden_layers // config.num_hidden_groups
    group = layer // layers_of_a_group
    inner = config.inner_group_num
    return [(group * inner + index, group * inner + index) for index in range(inner)]


def self_attention(weights, x, input_mask, num_heads):
    query, key, value = (dense(x, weights[name]) for name in ("query", "key", "value"))
    width = x.shape[-1] // num_heads
    context = np.zeros_like(x)
    for head in range(num_heads):
        part = slice(head * width, (head + 1) * width)
        scores = np.einsum("bfd,btd->bft", query[..., part], key[..., part]) / math.sqrt(width)
        scores = scores + (1 - input_mask[:, None, :]) * -10000.0
        context[..., part] = softmax(scores) @ value[..., part]
    return layer_norm(x + dense(context, weights["output"]), weights["norm"])


def feed_forward(weights, x, activation):
    y = ACTIVATIONS[activation](dense(x, weights["intermediate"]))
    return layer_norm(x + dense(y, weights["output"]), weights["norm"])


def encode(weights, config, inputs):
    """Returns `embedding_output`, `encoder_outputs`, `sequence_output` and `pooled_output`."""
    ids, mask, types = (
        np.asarray(inputs[name]) for name in ("input_word_ids", "input_mask", "input_type_ids")
    )
    tables = [
        np.asarray(weights[name], np.float64)
        for name in ("word_embeddings", "type_embeddings", "position_embeddings")
    ]
    embedded = tables[0][ids] + tables[1][types] + tables[2][: ids.shape[1]]
    embedded = layer_norm(embedded, weights["embedding_norm"])
    x = dense(embedded, weights["projection"]) if "projection" in weights else embedded
    encoder_outputs = []
    for layer in range(config.num_hidden_layers):
        for attention, ffn in blocks_of_layer(config, layer):
            x = self_attention(
                weights["attentions"][attention], x, mask, config.num_attention_heads
            )
            x = feed_forward(weights["feed_forwards"][ffn], x, config.hidden_act)
        encoder_outputs.append(x)
    return {
        "embedding_output": embedded,
        "encoder_outputs": encoder_outputs,
        "sequence_output": x,
        "pooled_output": np.tanh(dense(x[:, 0], weights["pooler"])),
    }


def pretrain_logits(weights, config, inputs):
    """Returns what `encode` does, and `mlm_logits` and `sop_logits`."""
    outputs = encode(weights, config, inputs)
    positions = np.asarray(inputs["masked_lm_positions"])
    rows = zip(outputs["sequence_output"], positions, strict=True)
    masked = np.stack([row[at] for row, at in rows])
    masked = ACTIVATIONS[config.hidden_act](dense(masked, weights["mlm_transform"]))
    masked = layer_norm(masked, weights["mlm_norm"])
    table = np.asarray(weights["word_embeddings"], np.float64)
    return outputs | {
        "mlm_logits": masked @ table.T + np.asarray(weights["mlm_bias"], np.float64),
        "sop_logits": dense(outputs["pooled_output"], weights["sop"]),
    }


def pooled_logits(weights, config, inputs):
    """Returns a classifier's logits, `(batch, classes)`."""
    return dense(encode(weights, config, inputs)["pooled_output"], weights["head"])


def token_logits(weights, config, inputs, fill):
    """Returns the logits of every token, `(batch, length, classes)`; for a span, start and end.

    Padding, of which the first token of a row is never a part, has the logit `fill`.
    """
    logits = dense(encode(weights, config, inputs)["sequence_output"], weights["head"])
    is_token = np.array(inputs["input_mask"], bool)
    is_token[:, 0] = True
    return np.where(is_token[..., None], logits, np.float32(fill))


def answer_logits(weights, config, inputs, starts):
    """Returns the start, end and no-answer logits of SQuAD 2.0, the end for one start a row.

    Where no answer may stand, `p_mask` of Google's squad_utils.py, the logit is -1e30.
    """
    hidden = encode(weights, config, inputs)["sequence_output"]
    start_logits = dense(hidden, weights["head"])[..., 0]
    end_logits, no_answer = np.zeros_like(start_logits), np.zeros(len(hidden))
    for row, mask, types in zip(
        range(len(hidden)), inputs["input_mask"], inputs["input_type_ids"], strict=True
    ):
        tokens = hidden[row]
        last = int(np.sum(mask)) - 1
        excluded = [at for at in range(len(tokens)) if at and (not types[at] or at >= last)]
        start_logits[row, excluded] = -1e30
        joined = np.concatenate([tokens, np.tile(tokens[starts[row]], (len(tokens), 1))], axis=1)
        end = layer_norm(np.tanh(dense(joined, weights["end_joined"])), weights["end_norm"])
        end_logits[row] = dense(end, weights["end_output"])[:, 0]
        end_logits[row, excluded] = -1e30
        likely = softmax(start_logits[row]) @ tokens
        features = np.tanh(dense(np.concatenate([likely, tokens[0]]), weights["no_answer"]))
        no_answer[row] = dense(features, weights["no_answer_output"])[0]
    return start_logits, end_logits, no_answer


def choice_logits(weights, config, inputs):
    """Returns a logit for each choice, `(batch, choices)`, of inputs `(batch, choices, length)`."""
    choices = range(inputs["input_word_ids"].shape[1])
    alone = [{name: value[:, choice] for name, value in inputs.items()} for choice in choices]
    return np.concatenate([pooled_logits(weights, config, choice) for choice in alone], axis=1)


def masked_lm_loss(mlm_logits, masked_lm_ids, masked_lm_weights):
    """Returns Google's loss of a batch: the sum over the sum of the weights, plus 1e-5."""
    log_probs = np.take_along_axis(
        log_softmax(np.asarray(mlm_logits, np.float64)), np.asarray(masked_lm_ids)[..., None], -1
    )[..., 0]
    return -(log_probs * masked_lm_weights).sum() / (np.sum(masked_lm_weights) + 1e-5)


def sentence_order_loss(sop_logits, sentence_order_labels):
    """Returns the mean cross entropy of a batch."""
    labels = np.asarray(sentence_order_labels).reshape(-1)
    log_probs = log_softmax(np.asarray(sop_logits, np.float64))
    return -log_probs[np.arange(len(labels)), labels].mean()


def warmup_linear_decay(step, peak, warmup_steps, total_steps):
    """Returns Google's learning rate: up to `peak` in a line, then as if it had always decayed."""
    if step < warmup_steps:
        return peak * step / warmup_steps
    return peak * (1 - min(step, total_steps) / total_steps)


def clip_by_global_norm(gradients, clip_norm):
    """Returns the gradients, all scaled alike where their common norm is above `clip_norm`."""
    norm = math.sqrt(sum(float((np.asarray(g, np.float64) ** 2).sum()) for g in gradients.values()))
    scale = clip_norm / max(norm, clip_norm)
    return {name: np.asarray(g, np.float64) * scale for name, g in gradients.items()}


class AdamW:
    """Google's AdamWeightDecayOptimizer on a dict of arrays: no bias correction.

    Names decide: a variable of whose name a part is in `NEVER_ADAPTED` is not decayed.
    """

    def __init__(self, weight_decay=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-6, clip_norm=1.0):
        self.weight_decay, self.clip_norm = weight_decay, clip_norm
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.first, self.second = {}, {}

    def step(self, parameters, gradients, learning_rate):
        """Returns the parameters after one step: a new dict."""
        gradients = clip_by_global_norm(gradients, self.clip_norm)
        moved = {}
        for name, parameter in parameters.items():
            value = np.asarray(parameter, np.float64)
            update = self._direction(name, gradients[name])
            if self._is_adapted(name):
                update = update + self.weight_decay * value
            moved[name] = value - learning_rate * self._ratio(name, value, update) * update
        return moved

    def _direction(self, name, gradient):
        first, second = self.first.get(name, 0.0), self.second.get(name, 0.0)
        self.first[name] = self.beta_1 * first + (1 - self.beta_1) * gradient
        self.second[name] = self.beta_2 * second + (1 - self.beta_2) * gradient**2
        return self.first[name] / (np.sqrt(self.second[name]) + self.epsilon)

    def _is_adapted(self, name):
        return not any(part in name for part in NEVER_ADAPTED)

    def _ratio(self, name, value, update):
        return 1.0


class Lamb(AdamW):
    """Google's LAMBOptimizer: AdamW with each variable's update scaled to the variable's norm."""

    def _ratio(self, name, value, update):
        value_norm, update_norm = np.linalg.norm(value), np.linalg.norm(update)
        if not self._is_adapted(name) or value_norm == 0 or update_norm == 0:
            return 1.0
        return value_norm / update_norm
