"""The names and words of Hugging Face's `transformers` for what is in an ALBERT.

Source: models/albert/modeling_albert.py and activations.py of
https://github.com/huggingface/transformers.
"""

from tf_albert.config import AlbertConfig
from tf_albert.convert.names import Place

CLASSES = {
    "AlbertModel": "AlbertEncoder",
    "AlbertForPreTraining": "AlbertPretrainer",
    "AlbertForMaskedLM": "AlbertPretrainer",
    "AlbertForSequenceClassification": "AlbertClassifier",
    "AlbertForQuestionAnswering": "AlbertSpanLabeler",
    "AlbertForMultipleChoice": "AlbertMultipleChoice",
    "AlbertForTokenClassification": "AlbertTokenClassifier",
}
ARCHITECTURES = {ours: theirs for theirs, ours in CLASSES.items() if theirs != "AlbertForMaskedLM"}
# transformers/activations.py: "gelu" is the erf form there, the others are one tanh form.
ACTIVATIONS = {
    "gelu": "gelu_erf",
    "gelu_python": "gelu_erf",
    "gelu_new": "gelu_new",
    "gelu_pytorch_tanh": "gelu_new",
    "gelu_python_tanh": "gelu_new",
    "gelu_accurate": "gelu_new",
    "gelu_fast": "gelu_new",
    "relu": "relu",
    "tanh": "tanh",
}
WRITTEN_ACTIVATIONS = {"gelu": "gelu_new", "gelu_erf": "gelu"}


def prefix_of(architecture: str) -> str:
    """Returns what stands before the names of the encoder's weights.

    Args:
        architecture: str. A class of transformers.
    """
    return "" if architecture == "AlbertModel" else "albert."


def places(config: AlbertConfig, model_class: str, prefix: str) -> dict[str, Place]:
    """Returns where transformers keeps each weight.

    Args:
        config: `AlbertConfig`.
        model_class: str. The class of this package that the heads belong to.
        prefix: str. What `prefix_of` gives for the class of transformers.

    Returns:
        dict of this package's name to `Place`.
    """
    embeddings = f"{prefix}embeddings"
    found = {
        "embedding/word_embeddings": Place(f"{embeddings}.word_embeddings.weight"),
        "embedding/position_embeddings": Place(f"{embeddings}.position_embeddings.weight"),
        "embedding/type_embeddings": Place(f"{embeddings}.token_type_embeddings.weight"),
        **_norm("embedding/layer_norm", f"{embeddings}.LayerNorm"),
        **_linear("pooler", f"{prefix}pooler"),
        **_linear("masked_lm_head/transform", "predictions.dense"),
        **_norm("masked_lm_head/layer_norm", "predictions.LayerNorm"),
        "masked_lm_head/output_bias": Place("predictions.bias"),
        **_linear("sentence_order_head", "sop_classifier.classifier"),
        **_linear("head", "qa_outputs" if model_class == "AlbertSpanLabeler" else "classifier"),
    }
    if config.has_embedding_projection:
        found |= _linear("embedding/projection", f"{prefix}encoder.embedding_hidden_mapping_in")
    for index in range(num_groups(config) * config.inner_group_num):
        group, inner = divmod(index, config.inner_group_num)
        scope = f"{prefix}encoder.albert_layer_groups.{group}.albert_layers.{inner}"
        found |= _block(index, scope)
    return found


def num_groups(config: AlbertConfig) -> int:
    """Returns the number of groups of layers: one that shares nothing is a group of its own.

    Args:
        config: `AlbertConfig`.
    """
    no_sharing = config.parameter_sharing == "none"
    return config.num_hidden_layers if no_sharing else config.num_hidden_groups


def _block(index: int, scope: str) -> dict[str, Place]:
    attention, feed_forward = f"attention_{index}", f"feed_forward_{index}"
    return {
        **_linear(f"{attention}/query", f"{scope}.attention.query"),
        **_linear(f"{attention}/key", f"{scope}.attention.key"),
        **_linear(f"{attention}/value", f"{scope}.attention.value"),
        **_linear(f"{attention}/output", f"{scope}.attention.dense"),
        **_norm(f"{attention}/layer_norm", f"{scope}.attention.LayerNorm"),
        **_linear(f"{feed_forward}/intermediate", f"{scope}.ffn"),
        **_linear(f"{feed_forward}/output", f"{scope}.ffn_output"),
        **_norm(f"{feed_forward}/layer_norm", f"{scope}.full_layer_layer_norm"),
    }


def _linear(ours: str, theirs: str) -> dict[str, Place]:
    """A torch Linear keeps its matrix as (outputs, inputs)."""
    return {
        f"{ours}/kernel": Place(f"{theirs}.weight", transposed=True),
        f"{ours}/bias": Place(f"{theirs}.bias"),
    }


def _norm(ours: str, theirs: str) -> dict[str, Place]:
    return {f"{ours}/gamma": Place(f"{theirs}.weight"), f"{ours}/beta": Place(f"{theirs}.bias")}
