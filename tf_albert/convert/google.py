"""Checkpoints of Google's original implementation (TensorFlow 1), read into our models.

Source of the names: modeling.py and run_pretraining.py of https://github.com/google-research/albert.
"""

from pathlib import Path

import tensorflow as tf

from tf_albert.config import AlbertConfig

CONFIG_FILE = "albert_config.json"
OPTIMIZER_VARIABLES = ("adam_m", "adam_v", "global_step")
# Stored as (classes, hidden_size), the other way round than every other matrix.
TRANSPOSED = ("cls/seq_relationship/output_weights", "output_weights")
PRETRAINING_HEADS = (
    "cls/predictions/output_bias",
    "cls/predictions/transform/LayerNorm/beta",
    "cls/predictions/transform/LayerNorm/gamma",
    "cls/predictions/transform/dense/bias",
    "cls/predictions/transform/dense/kernel",
    "cls/seq_relationship/output_bias",
    "cls/seq_relationship/output_weights",
)
CLASSIFIER_HEAD = ("output_bias", "output_weights")


def read_model(model_class, where, **arguments):
    """Returns a model with the weights of a checkpoint; see `AlbertModel.from_pretrained`.

    Heads that the checkpoint has and the model has not are left out. A classifier's head that the
    checkpoint has not stays fresh.

    Args:
        model_class: a class of `tf_albert.modeling`.
        where: str or path. The checkpoint's prefix (`.../model.ckpt-best`), or the folder that
            holds one checkpoint; `albert_config.json` lies beside it.
        **arguments: what the constructor takes besides the config.

    Raises:
        FileNotFoundError: there is no checkpoint, or no config beside it.
        ValueError: a damaged file, several checkpoints, or variables that do not fit the config.
    """
    prefix = _prefix(Path(where))
    config_file = prefix.parent / CONFIG_FILE
    if not config_file.exists():
        raise FileNotFoundError(
            f"{prefix} has no {CONFIG_FILE} beside it; the number of heads cannot be read off the "
            "weights. Put the file that was released with the checkpoint there."
        )
    model = model_class(AlbertConfig.from_json(config_file), **arguments)
    stored = _read(prefix)
    weights = variables_by_name(model)
    if not any(name in stored for name in CLASSIFIER_HEAD):
        weights = {name: weight for name, weight in weights.items() if name not in CLASSIFIER_HEAD}
    _check_names(stored, weights, prefix)
    for name, weight in weights.items():
        value = stored[name].T if name in TRANSPOSED else stored[name]
        if value.shape != tuple(weight.shape):
            raise ValueError(
                f"`{name}` in {prefix} has the shape {value.shape}; {CONFIG_FILE} and the model's "
                f"arguments ask for {tuple(weight.shape)}. Take the config that was released with "
                "the checkpoint."
            )
        weight.assign(value)
    return model


def _prefix(where):
    if not where.is_dir():
        return where
    found = sorted(where.glob("*.index"))
    if len(found) != 1:
        raise ValueError(
            f"{where} must hold one checkpoint. Found: {', '.join(path.stem for path in found)}. "
            "Name the prefix of one."
        )
    return found[0].with_suffix("")


def _read(prefix):
    """Returns the arrays of a checkpoint by name, without those of the optimizer."""
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        names = [
            name
            for name in reader.get_variable_to_shape_map()
            if name.rsplit("/", 1)[-1] not in OPTIMIZER_VARIABLES
        ]
        return {name: reader.get_tensor(name) for name in names}
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"The checkpoint {prefix} cannot be read: {error}. Copy its .index and .data files "
            "again."
        ) from error


def _check_names(stored, weights, prefix):
    known = {*weights, *PRETRAINING_HEADS, *CLASSIFIER_HEAD}
    for names, what in (
        (set(weights) - set(stored), "lacks"),
        (set(stored) - known, "has more than the model that the config describes:"),
    ):
        if names:
            raise ValueError(
                f"{prefix} {what} {', '.join(sorted(names))}. Take the {CONFIG_FILE} that was "
                "released with the checkpoint, and a model class whose weights are in it."
            )


def variables_by_name(model):
    """Returns a model's weights by the names that Google's code gives them.

    Args:
        model: `AlbertEncoder`, `AlbertPretrainer` or `AlbertClassifier`.

    Returns:
        dict of str to Keras variable.

    Raises:
        ValueError: the layers share less than Google's code can share.
    """
    encoder = getattr(model, "encoder", model)
    weights = _encoder_variables(encoder)
    if hasattr(model, "masked_lm_head"):
        head = model.masked_lm_head
        weights |= _dense("cls/predictions/transform/dense", head.transform)
        weights |= _norm("cls/predictions/transform/LayerNorm", head.normalization)
        weights["cls/predictions/output_bias"] = head.output_bias
        weights["cls/seq_relationship/output_weights"] = model.sentence_order_head.kernel
        weights["cls/seq_relationship/output_bias"] = model.sentence_order_head.bias
    if hasattr(model, "head"):
        weights["output_weights"], weights["output_bias"] = model.head.kernel, model.head.bias
    return weights


def _encoder_variables(encoder):
    config, embedding = encoder.config, encoder.embedding
    if config.parameter_sharing != "all":
        raise ValueError(
            "Google's code shares all of a block. Received: "
            f"parameter_sharing={config.parameter_sharing!r}."
        )
    weights = {
        "bert/embeddings/word_embeddings": embedding.word_embeddings,
        "bert/embeddings/position_embeddings": embedding.position_embeddings,
        "bert/embeddings/token_type_embeddings": embedding.type_embeddings,
        **_norm("bert/embeddings/LayerNorm", embedding.normalization),
        **_dense("bert/pooler/dense", encoder.pooler),
    }
    if embedding.projection is not None:
        weights |= _dense("bert/encoder/embedding_hidden_mapping_in", embedding.projection)
    for index in range(len(encoder.attentions)):
        group, inner = divmod(index, config.inner_group_num)
        block = f"bert/encoder/transformer/group_{group}/inner_group_{inner}"
        weights |= _attention(block, encoder.attentions[index])
        weights |= _feed_forward(block, encoder.feed_forwards[index])
    return weights


def _attention(block, layer):
    return {
        **_dense(f"{block}/attention_1/self/query", layer.query),
        **_dense(f"{block}/attention_1/self/key", layer.key),
        **_dense(f"{block}/attention_1/self/value", layer.value),
        **_dense(f"{block}/attention_1/output/dense", layer.output_projection),
        **_norm(f"{block}/LayerNorm", layer.normalization),
    }


def _feed_forward(block, layer):
    return {
        **_dense(f"{block}/ffn_1/intermediate/dense", layer.intermediate),
        **_dense(f"{block}/ffn_1/intermediate/output/dense", layer.output_projection),
        **_norm(f"{block}/LayerNorm_1", layer.normalization),
    }


def _dense(scope, layer):
    return {f"{scope}/kernel": layer.kernel, f"{scope}/bias": layer.bias}


def _norm(scope, layer):
    return {f"{scope}/gamma": layer.gamma, f"{scope}/beta": layer.beta}
