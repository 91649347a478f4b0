"""The names of Google's original implementation for what is in an ALBERT, and what it can express.

Source: modeling.py, run_pretraining.py, classifier_utils.py, race_utils.py and squad_utils.py of
https://github.com/google-research/albert.
"""

from tf_albert.config import AlbertConfig
from tf_albert.convert.names import Place


def places(config: AlbertConfig, model_class: str) -> dict[str, Place]:
    """Returns where Google's code keeps each weight.

    Args:
        config: `AlbertConfig`.
        model_class: str. The class that the heads belong to.

    Returns:
        dict of this package's name to `Place`.

    Raises:
        ValueError: the layers share less than Google's code can share, groups that it rounds away,
            an activation that it has not, or a head that it has not.
    """
    _check_expressible(config, model_class)
    found = {
        "embedding/word_embeddings": Place("bert/embeddings/word_embeddings"),
        "embedding/position_embeddings": Place("bert/embeddings/position_embeddings"),
        "embedding/type_embeddings": Place("bert/embeddings/token_type_embeddings"),
        **_norm("embedding/layer_norm", "bert/embeddings/LayerNorm"),
        **_dense("pooler", "bert/pooler/dense"),
        **_dense("masked_lm_head/transform", "cls/predictions/transform/dense"),
        **_norm("masked_lm_head/layer_norm", "cls/predictions/transform/LayerNorm"),
        "masked_lm_head/output_bias": Place("cls/predictions/output_bias"),
        **_output("sentence_order_head", "cls/seq_relationship/"),
        **_output("head", "cls/squad/" if model_class == "AlbertSpanLabeler" else ""),
    }
    if config.has_embedding_projection:
        found |= _dense("embedding/projection", "bert/encoder/embedding_hidden_mapping_in")
    for index in range(config.num_hidden_groups * config.inner_group_num):
        group, inner = divmod(index, config.inner_group_num)
        found |= _block(index, f"bert/encoder/transformer/group_{group}/inner_group_{inner}")
    return found


def _check_expressible(config: AlbertConfig, model_class: str) -> None:
    _check_groups(config.num_hidden_layers, config.num_hidden_groups)
    if config.parameter_sharing != "all":
        raise ValueError(
            "Google's code shares all of a block. Received: "
            f"parameter_sharing={config.parameter_sharing!r}."
        )
    if config.hidden_act == "gelu_erf":
        raise ValueError(
            "Google's code has the tanh form of gelu only. Received: hidden_act='gelu_erf'."
        )
    if config.layer_norm_epsilon != 1e-12:
        raise ValueError(
            "Google's code has a layer-normalization epsilon of 1e-12. Received: "
            f"layer_norm_epsilon={config.layer_norm_epsilon}."
        )
    if model_class == "AlbertTokenClassifier":
        raise ValueError(
            "Google's code has no head for tokens. Convert the encoder alone, or write "
            "`huggingface`."
        )
    if model_class == "AlbertAnswerableSpanLabeler":
        raise ValueError(
            f"The heads of {model_class} are not converted. Convert the encoder alone (model_class "
            "AlbertEncoder)."
        )


def _check_groups(layers: int, groups: int) -> None:
    """Raises a `ValueError` where Google's rule gives a layer another group than it should have.

    `transformer_model` takes `int(layer / layers * groups)`, in floats: of 22 layers and 22 groups,
    layer 15 falls into group 14, and group 15 has no layer.
    """
    other = [i for i in range(layers) if int(i / layers * groups) != i * groups // layers]
    if other:
        raise ValueError(
            f"Of num_hidden_layers={layers} and num_hidden_groups={groups}, Google's code rounds "
            f"layer {other[0]} into another group, so it computes another function than every "
            "other format. Keep such a model in another format, or train one of other groups."
        )


def _block(index: int, scope: str) -> dict[str, Place]:
    attention, feed_forward = f"attention_{index}", f"feed_forward_{index}"
    return {
        **_dense(f"{attention}/query", f"{scope}/attention_1/self/query"),
        **_dense(f"{attention}/key", f"{scope}/attention_1/self/key"),
        **_dense(f"{attention}/value", f"{scope}/attention_1/self/value"),
        **_dense(f"{attention}/output", f"{scope}/attention_1/output/dense"),
        **_norm(f"{attention}/layer_norm", f"{scope}/LayerNorm"),
        **_dense(f"{feed_forward}/intermediate", f"{scope}/ffn_1/intermediate/dense"),
        **_dense(f"{feed_forward}/output", f"{scope}/ffn_1/intermediate/output/dense"),
        **_norm(f"{feed_forward}/layer_norm", f"{scope}/LayerNorm_1"),
    }


def _dense(ours: str, theirs: str) -> dict[str, Place]:
    return {f"{ours}/{part}": Place(f"{theirs}/{part}") for part in ("kernel", "bias")}


def _norm(ours: str, theirs: str) -> dict[str, Place]:
    return {f"{ours}/{part}": Place(f"{theirs}/{part}") for part in ("gamma", "beta")}


def _output(ours: str, scope: str) -> dict[str, Place]:
    """A head's matrix is stored as (outputs, inputs), the other way round than every other one."""
    return {
        f"{ours}/kernel": Place(f"{scope}output_weights", transposed=True),
        f"{ours}/bias": Place(f"{scope}output_bias"),
    }
