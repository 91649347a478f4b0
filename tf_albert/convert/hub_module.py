"""TF Hub text encoder modules of ALBERT: this package's own and those of TensorFlow's Model Garden.

Source of the names: official/nlp/modeling/networks/albert_encoder.py and
official/nlp/tools/export_tfhub_lib.py of https://github.com/tensorflow/models.
"""

import numpy as np
import tensorflow as tf

from tf_albert.config import AlbertConfig
from tf_albert.convert.checkpoint import Checkpoint, build_model, collect
from tf_albert.convert.google import read_config
from tf_albert.convert.names import Place, weights_by_name
from tf_albert.modeling.encoder import INPUTS, AlbertEncoder
from tf_albert.modeling.saving import CONFIG_FILE
from tf_albert.text.pieces import PieceTokenizer

MODULE_FILE, HUB1_FILE = "saved_model.pb", "tfhub_module.pb"
OUR_MARK = "embedding/word_embeddings"
ATTENTION = "transformer/self_attention"
# BERT's module of the Model Garden has the same names outside of its `transformer/layer_0` and so
# on; these, of which each tells a size, are all there in ALBERT's alone.
GARDEN_SIZES = {
    "words": "word_embeddings/embeddings",
    "positions": "position_embedding/embeddings",
    "types": "type_embeddings/embeddings",
    "heads": f"{ATTENTION}/query/kernel",
    "intermediate": "transformer/intermediate/bias",
}
# Of the largest output. Sums in another order stay below; the two forms of gelu alone differ
# by 1e-4 in a small model.
TOLERANCE = 2e-5
NUM_ROWS, LENGTH = 3, 16
OUTPUTS = ("sequence_output", "pooled_output")


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
    garden = _is_garden(stored)
    config_file = _config_file(where)
    if config_file is not None:
        config = read_config(config_file)
    elif garden:
        config = _garden_config(module, stored, where)
        dropped["dropout"] = "no module tells it; 0.0 is that of the v2 releases"
    else:
        raise ValueError(f"{where} has no assets/{CONFIG_FILE}. Export the module again.")
    if garden:
        stored = {name: _without_head_axes(name, array, config) for name, array in stored.items()}
    places = _garden_places(config) if garden else _own_places(config)
    arrays, names, unplaced = collect(places, stored)
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
        unplaced=unplaced,
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
        # A plain SavedModel has no list of its variables.
        variables = getattr(module, "variables", ())
        stored = {variable.name.removesuffix(":0"): variable.numpy() for variable in variables}
    except Exception as error:  # protobuf's, TensorFlow's and Python's share no base class
        raise ValueError(
            f"{where} cannot be loaded as a TF Hub module: {_first_line(error)} Copy it again, or "
            "name an encoder module."
        ) from error
    is_encoder = OUR_MARK in stored or _is_garden(stored)
    # What Keras's `model.export` writes has the list and no call.
    if not is_encoder or not callable(module) or _takes_strings(module):
        found = ", ".join(sorted(stored)[:3]) or "none"
        raise ValueError(
            f"{where} is no encoder module of ALBERT; its first variables: {found}. Name the "
            "encoder's module, not that of a preprocessor, a classifier or another model."
        )
    return module, stored


def _is_garden(stored):
    return stored.keys() >= set(GARDEN_SIZES.values())


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


def _garden_config(module, stored, where):
    """Returns the config that the weights' shapes and the number of outputs show."""
    shapes = {size: stored[name].shape for size, name in GARDEN_SIZES.items()}
    hidden_size, num_heads, _ = shapes["heads"]
    outputs = _outputs(module, {name: np.ones((1, 1), "int32") for name in INPUTS}, where)
    if "encoder_outputs" not in outputs:
        raise ValueError(
            f"{where} has no output `encoder_outputs`, whose number is that of the layers. Put the "
            f"{CONFIG_FILE} of the model beside {MODULE_FILE}."
        )
    return AlbertConfig(
        vocab_size=shapes["words"][0],
        embedding_size=shapes["words"][1],
        hidden_size=hidden_size,
        num_hidden_layers=len(outputs["encoder_outputs"]),
        num_attention_heads=num_heads,
        intermediate_size=shapes["intermediate"][0],
        hidden_act="gelu",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        max_position_embeddings=shapes["positions"][0],
        type_vocab_size=shapes["types"][0],
        layer_norm_epsilon=1e-12,
    )


def _outputs(module, inputs, where):
    """Returns what a module gives for the encoder's inputs, both of ALBERT's outputs among it."""
    try:
        outputs = module({name: tf.constant(value) for name, value in inputs.items()})
    except (ValueError, TypeError, KeyError, tf.errors.OpError) as error:
        raise ValueError(
            f"{where} cannot be called with {', '.join(INPUTS)}: {_first_line(error)} Name an "
            "encoder module."
        ) from error
    missing = [name for name in OUTPUTS if not isinstance(outputs, dict) or name not in outputs]
    if missing:
        raise ValueError(
            f"{where} does not give {', '.join(missing)}, as an encoder of ALBERT does. Name an "
            "encoder module."
        )
    return outputs


def _without_head_axes(name, array, config):
    """Returns an array of attention without the axes of heads and of their width."""
    if "/self_attention/" not in name:
        return array
    if name.endswith("bias"):
        return array.reshape(config.hidden_size)
    return array.reshape(config.hidden_size, config.hidden_size)


def _own_places(config):
    return {name: Place(name) for name in weights_by_name(AlbertEncoder(config))}


def _garden_places(config):
    """Returns where the Model Garden's encoder keeps each weight."""
    found = {
        "embedding/word_embeddings": Place(GARDEN_SIZES["words"]),
        "embedding/position_embeddings": Place(GARDEN_SIZES["positions"]),
        "embedding/type_embeddings": Place(GARDEN_SIZES["types"]),
        **_parts("embedding/layer_norm", "embeddings/layer_norm", ("gamma", "beta")),
        **_parts("attention_0/query", f"{ATTENTION}/query"),
        **_parts("attention_0/key", f"{ATTENTION}/key"),
        **_parts("attention_0/value", f"{ATTENTION}/value"),
        **_parts("attention_0/output", f"{ATTENTION}/attention_output"),
        **_parts("attention_0/layer_norm", f"{ATTENTION}_layer_norm", ("gamma", "beta")),
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
    theirs = _outputs(module, inputs, checkpoint.source)
    # Whether an array may go without a place is for the caller to say.
    encoder, _ = build_model(checkpoint, AlbertEncoder, checkpoint.unplaced, dtype="float32")
    ours = encoder(inputs)
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
