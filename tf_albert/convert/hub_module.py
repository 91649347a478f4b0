"""TF Hub text encoder modules of ALBERT: this package's own and those of TensorFlow's Model Garden.

Source of the names: official/nlp/modeling/networks/albert_encoder.py and
official/nlp/tools/export_tfhub_lib.py of https://github.com/tensorflow/models.
"""

import numpy as np
import tensorflow as tf

from tf_albert.config import AlbertConfig
from tf_albert.convert.checkpoint import Checkpoint, build_model, collect
from tf_albert.convert.names import Place
from tf_albert.modeling.encoder import INPUTS, AlbertEncoder
from tf_albert.modeling.saving import CONFIG_FILE
from tf_albert.text.pieces import PieceTokenizer

MODULE_FILE, HUB1_FILE = "saved_model.pb", "tfhub_module.pb"
OUR_MARK, GARDEN_MARK = "embedding/word_embeddings", "word_embeddings/embeddings"
# Of the largest output. Sums in another order stay below; the two forms of gelu alone differ
# by 1e-4 in a small model.
TOLERANCE = 2e-5
NUM_ROWS, LENGTH = 3, 16


def finds(where):
    """Whether `where` is a folder with a SavedModel of TensorFlow 2."""
    return (where / MODULE_FILE).exists() and not (where / HUB1_FILE).exists()


def read(where):
    """Returns what an encoder module holds, once its outputs are those of this package's encoder.

    Args:
        where: path. The module's folder. What its weights do not tell is taken from
            `albert_config.json` in its `assets` or beside it; without one, it is the Model Garden's
            activation and epsilon, and the comparison of the outputs says whether that is right.

    Raises:
        ValueError: a damaged module, one that is no ALBERT encoder, or one whose outputs are not
            those of an ALBERT with these weights.
    """
    module, stored = _load(where)
    dropped = {
        name: "the state of dropout's random numbers"
        for name in list(stored)
        if name.endswith("seed_generator_state") and stored.pop(name) is not None
    }
    garden = GARDEN_MARK in stored
    config_file = _config_file(where)
    if config_file is not None:
        config = AlbertConfig.from_json(config_file)
    elif garden:
        config = _garden_config(module, stored)
        dropped["dropout"] = "no module tells it; 0.0 is that of the v2 releases"
    else:
        raise ValueError(f"{where} has no assets/{CONFIG_FILE}. Export the module again.")
    if garden:
        stored = {name: _without_head_axes(name, array, config) for name, array in stored.items()}
    places = _garden_places(config) if garden else {name: Place(name) for name in stored}
    arrays, names = collect(places, stored, where)
    if hasattr(module, "mlm"):
        dropped["mlm"] = "of a module, the encoder is read"
    vocabulary = next(iter(sorted((where / "assets").glob("*.model"))), None)
    checkpoint = Checkpoint(
        source=where,
        format="hub",
        config=config,
        arrays=arrays,
        names=names,
        model_class="AlbertEncoder",
        dropped=dropped,
        # The Model Garden's exporter implies lower-casing for every SentencePiece vocabulary.
        tokenizer=vocabulary and PieceTokenizer(vocabulary, lower_case=True),
        files=tuple(path for path in sorted(where.rglob("*")) if path.is_file()),
    )
    _check_outputs(module, checkpoint)
    return checkpoint


def _load(where):
    """Returns the loaded module, and its variables' values by name."""
    try:
        module = tf.saved_model.load(str(where))
        stored = {
            variable.name.removesuffix(":0"): variable.numpy() for variable in module.variables
        }
    except Exception as error:  # protobuf's, TensorFlow's and Python's share no base class
        raise ValueError(
            f"{where} cannot be loaded as a TF Hub module: {_first_line(error)} Copy it again, or "
            "name an encoder module."
        ) from error
    is_encoder = OUR_MARK in stored or GARDEN_MARK in stored
    if not is_encoder or _takes_strings(module):
        found = ", ".join(sorted(stored)[:3]) or "none"
        raise ValueError(
            f"{where} is no encoder module of ALBERT; its first variables: {found}. Name the "
            "encoder's module, not that of a preprocessor, a classifier or another model."
        )
    return module, stored


def _takes_strings(module):
    """Whether a module tokenizes by itself, as this package's classifiers do."""
    functions = getattr(module.__call__, "concrete_functions", ())
    specs = tf.nest.flatten([function.structured_input_signature for function in functions])
    return any(isinstance(spec, tf.TensorSpec) and spec.dtype == tf.string for spec in specs)


def _first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _config_file(where):
    found = (folder / CONFIG_FILE for folder in (where / "assets", where))
    return next((path for path in found if path.is_file()), None)


def _garden_config(module, stored):
    """Returns the config that the weights' shapes and the number of outputs show."""
    vocab_size, embedding_size = stored[GARDEN_MARK].shape
    hidden_size, num_heads, _ = stored["transformer/self_attention/query/kernel"].shape
    inputs = {name: tf.ones((1, 1), tf.int32) for name in INPUTS}
    return AlbertConfig(
        vocab_size=vocab_size,
        embedding_size=embedding_size,
        hidden_size=hidden_size,
        num_hidden_layers=len(module(inputs)["encoder_outputs"]),
        num_attention_heads=num_heads,
        intermediate_size=stored["transformer/intermediate/bias"].shape[0],
        hidden_act="gelu",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        max_position_embeddings=stored["position_embedding/embeddings"].shape[0],
        type_vocab_size=stored["type_embeddings/embeddings"].shape[0],
        layer_norm_epsilon=1e-12,
    )


def _without_head_axes(name, array, config):
    """Returns an array of attention without the axes of heads and of their width."""
    if "/self_attention/" not in name:
        return array
    if name.endswith("bias"):
        return array.reshape(config.hidden_size)
    return array.reshape(config.hidden_size, config.hidden_size)


def _garden_places(config):
    """Returns where the Model Garden's encoder keeps each weight."""
    attention = "transformer/self_attention"
    found = {
        "embedding/word_embeddings": Place(GARDEN_MARK),
        "embedding/position_embeddings": Place("position_embedding/embeddings"),
        "embedding/type_embeddings": Place("type_embeddings/embeddings"),
        **_parts("embedding/layer_norm", "embeddings/layer_norm", ("gamma", "beta")),
        **_parts("attention_0/query", f"{attention}/query"),
        **_parts("attention_0/key", f"{attention}/key"),
        **_parts("attention_0/value", f"{attention}/value"),
        **_parts("attention_0/output", f"{attention}/attention_output"),
        **_parts("attention_0/layer_norm", f"{attention}_layer_norm", ("gamma", "beta")),
        **_parts("feed_forward_0/intermediate", "transformer/intermediate"),
        **_parts("feed_forward_0/output", "transformer/output"),
        **_parts("feed_forward_0/layer_norm", "transformer/output_layer_norm", ("gamma", "beta")),
        **_parts("pooler", "pooler_transform"),
    }
    if config.has_embedding_projection:
        found |= _parts("embedding/projection", "embedding_projection")
    return found


def _parts(ours, theirs, parts=("kernel", "bias")):
    return {f"{ours}/{part}": Place(f"{theirs}/{part}") for part in parts}


def _check_outputs(module, checkpoint):
    """Raises a `ValueError` where the module computes something else than this package."""
    config = checkpoint.config
    length = min(LENGTH, config.max_position_embeddings)
    columns, rows = np.arange(length), np.arange(NUM_ROWS)[:, None]
    mask = (columns < np.maximum(length - 5 * rows, 1)).astype("int32")
    ids = np.random.default_rng(0).integers(0, config.vocab_size, mask.shape, "int32")
    types = (columns // 3 % config.type_vocab_size).astype("int32")
    inputs = dict(zip(INPUTS, (ids * mask, mask, types * mask), strict=True))
    theirs = module({name: tf.constant(value) for name, value in inputs.items()})
    ours = build_model(checkpoint, AlbertEncoder)[0](inputs)
    difference = max(
        _difference(ours["sequence_output"], theirs["sequence_output"], mask == 1),
        _difference(ours["pooled_output"], theirs["pooled_output"], slice(None)),
    )
    # Not below, rather than above: NaN is neither.
    if not difference <= TOLERANCE:
        raise ValueError(
            f"{checkpoint.source} computes something else than an ALBERT with its weights and "
            f"hidden_act={config.hidden_act!r}, layer_norm_epsilon={config.layer_norm_epsilon}, "
            f"num_attention_heads={config.num_attention_heads}: the outputs differ by "
            f"{difference:.1e}. Put the {CONFIG_FILE} of the model beside {MODULE_FILE}."
        )


def _difference(ours, theirs, which):
    """Returns the largest difference as a share of the largest output, of at least 1."""
    ours, theirs = np.asarray(ours)[which], np.asarray(theirs)[which]
    return float(np.max(np.abs(ours - theirs)) / max(1.0, np.max(np.abs(theirs))))
