"""An encoder as a TF Hub module: ids in, a vector per token and one per sequence out.

API: https://www.tensorflow.org/hub/common_saved_model_apis/text, "Text embeddings with
preprocessed inputs"; `mlm` is that of the Model Garden's exporter.
"""

import functools
from collections.abc import Callable, Iterable, Sequence

import keras
import tensorflow as tf

from tf_albert.config import AlbertConfig
from tf_albert.hub.reusable import (
    ConcreteFunction,
    Function,
    describe,
    require,
    reusable,
    signature,
    trainable_function,
    write_module,
)
from tf_albert.layout import CONFIG_FILE
from tf_albert.modeling.depth import check_layers
from tf_albert.modeling.encoder import INPUTS, AlbertEncoder
from tf_albert.modeling.pretrainer import AlbertPretrainer
from tf_albert.types import JsonDict, StrPath, Tensor


def save_encoder(
    model: AlbertEncoder | AlbertPretrainer,
    path: StrPath,
    provenance: JsonDict | None = None,
    also_layers: Sequence[int] = (),
) -> None:
    """Writes an encoder as a reusable SavedModel for `hub.KerasLayer` and `hub.load`.

    The module takes a dict of int32 `input_word_ids`, `input_mask` and `input_type_ids` of shape
    `(batch, length)` and gives a dict of float32: `sequence_output` `(batch, length, hidden_size)`,
    `pooled_output` `(batch, hidden_size)`, also as `default`, and the list `encoder_outputs`.
    Of an `AlbertPretrainer` there are two modules besides. With `masked_lm_positions`
    `(batch, predictions)` among its inputs `mlm` adds `mlm_logits`
    `(batch, predictions, vocab_size)`, and `sop` adds `sop_logits` `(batch, 2)`, of which the
    second says that the segments were swapped. A head's weights are those of its module alone.
    For each number in `also_layers` there is a module `layers_NUMBER`, the encoder with so many of
    its layers, on the same weights: these are in the file once. For `keras.layers.TFSMLayer` there
    are the functions `serve`, and `train` with dropout.

    Args:
        model: `AlbertEncoder` or `AlbertPretrainer`.
        path: str or path. The folder to write; replaced as a whole.
        provenance: dict of JSON values, or None. Added to `provenance.json`.
        also_layers: sequence of different int, each from 1 to the encoder's layers, which must all
            be the same.

    Raises:
        ValueError: `model` is neither, `also_layers` are not such numbers, or `path` is a file.

    Example::

        tf_albert.hub.save_encoder(encoder, "albert", also_layers=(1,))
        layer = hub.KerasLayer("albert", trainable=True)   # in tf_keras, without tf_albert
        first = hub.KerasLayer(hub.load("albert").layers_1, trainable=True)
    """
    model = require(
        model,
        (AlbertEncoder, AlbertPretrainer),
        "Of a task model, give `model.encoder`; of a classifier, `save_classifier` makes a module "
        "from strings to labels.",
    )
    encoder = model if isinstance(model, AlbertEncoder) else model.encoder
    check_also_layers(encoder.config, also_layers)
    root = _encoder_module(encoder, encoder)
    root.serve = _endpoint(root.__call__, training=False)
    root.train = _endpoint(root.__call__, training=True)
    for number in also_layers:
        encode = functools.partial(encoder.first_layers, num_layers=number)
        setattr(root, f"layers_{number}", _encoder_module(encoder, encode))
    if encoder is not model:
        root.mlm = _mlm_module(model, root.__call__)
        root.sop = _sop_module(model, root.__call__)
    write_module(
        root,
        path,
        lambda folder: encoder.config.to_json(folder / CONFIG_FILE),
        {**describe(model), "also_layers": list(also_layers), **(provenance or {})},
        _signature(root),
    )


def check_also_layers(config: AlbertConfig, also_layers: Sequence[int]) -> None:
    """Checks that an encoder has modules of these numbers of layers.

    Args:
        config: `AlbertConfig` of the encoder.
        also_layers: sequence of int.

    Raises:
        ValueError: two numbers are equal, one is not from 1 to the encoder's layers, or these are
            not all the same.
    """
    if not also_layers:
        return
    check_layers(config, also_layers)
    if len(set(also_layers)) < len(also_layers):
        raise ValueError(
            "Each number of layers is a module of its own, so they must differ. Received: "
            f"{', '.join(map(str, also_layers))}."
        )


def _encoder_module(
    encoder: AlbertEncoder, encode: Callable[..., dict[str, Tensor]]
) -> tf.train.Checkpoint:
    """Returns the reusable object of an encoder, not yet saved.

    Args:
        encoder: `AlbertEncoder`, whose variables the object has.
        encode: function of `(inputs, training)`: the encoder, or what it does with fewer layers.
    """

    def call(inputs: dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        outputs = encode(checked(inputs, encoder.config), training=training)
        return _named(outputs, inputs)

    return reusable(trainable_function(call, specs_of(INPUTS)), [encoder])


def _endpoint(encode: Function, training: bool) -> Function:
    """Returns a function of the inputs alone, since `TFSMLayer` passes no `training` on.

    Args:
        encode: `tf.function`. The encoder's own, called here so that its graph is stored once.
        training: bool.
    """

    @tf.function(input_signature=[specs_of(INPUTS)], autograph=False)
    def endpoint(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return encode(inputs, training=training)

    return endpoint


def _mlm_module(pretrainer: AlbertPretrainer, encode: Function) -> tf.train.Checkpoint:
    """Returns the reusable object of the encoder with the masked-language-model head.

    Args:
        pretrainer: `AlbertPretrainer`.
        encode: `tf.function`. The encoder's own, called here so that its graph is stored once.
    """
    encoder, head = pretrainer.encoder, pretrainer.masked_lm_head

    def call(inputs: dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        inputs = dict(inputs)
        positions = inputs.pop("masked_lm_positions")
        outputs = encode(inputs, training=training)
        return {**outputs, "mlm_logits": head(outputs["sequence_output"], positions)}

    specs = specs_of((*INPUTS, "masked_lm_positions"))
    return reusable(trainable_function(call, specs), [encoder, head])


def _sop_module(pretrainer: AlbertPretrainer, encode: Function) -> tf.train.Checkpoint:
    """Returns the reusable object of the encoder with the sentence-order head.

    Args:
        pretrainer: `AlbertPretrainer`.
        encode: `tf.function`. The encoder's own, called here so that its graph is stored once.
    """
    head = pretrainer.sentence_order_head

    def call(inputs: dict[str, Tensor], training: bool) -> dict[str, Tensor]:
        outputs = encode(inputs, training=training)
        logits = tf.cast(head(outputs["pooled_output"]), tf.float32)
        return {**outputs, "sop_logits": logits}

    return reusable(trainable_function(call, specs_of(INPUTS)), [pretrainer.encoder, head])


def checked(inputs: dict[str, Tensor], config: AlbertConfig) -> dict[str, Tensor]:
    """Returns the inputs, bound to a check of their length that speaks when the graph runs.

    Args:
        inputs: dict of int32 tensors, whose last axis is the length.
        config: `AlbertConfig`.
    """
    longest = config.max_position_embeddings
    check = tf.debugging.assert_less_equal(
        tf.shape(inputs["input_word_ids"])[-1],
        longest,
        message=f"The sequence is longer than the model's {longest} positions "
        f"(max_position_embeddings). Preprocess with a seq_length of at most {longest}.",
        summarize=1,
    )
    with tf.control_dependencies([check]):
        # Hides the shape: else TensorFlow complains of a matrix inside the graph before it runs.
        return {
            name: tf.raw_ops.PlaceholderWithDefault(input=value, shape=value.shape)
            for name, value in inputs.items()
        }


def specs_of(names: Iterable[str]) -> dict[str, tf.TypeSpec]:
    """Returns the specs of inputs by name: int32 `(batch, length)`.

    Args:
        names: iterable of str.
    """
    return {name: tf.TensorSpec((None, None), tf.int32, name=name) for name in names}


def _named(outputs: dict[str, Tensor], inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns the outputs as float32 under the names of TF Hub's text API.

    Their shapes, which `checked` has hidden, are those of the inputs again.
    """
    shape = tf.shape(inputs["input_word_ids"])

    def shaped(output: Tensor) -> Tensor:
        leading = shape[: len(output.shape) - 1]
        return tf.reshape(
            tf.cast(output, tf.float32), tf.concat([leading, [output.shape[-1]]], axis=0)
        )

    outputs = keras.tree.map_structure(shaped, outputs)
    return {"default": outputs["pooled_output"], **outputs}


def _signature(root: tf.train.Checkpoint) -> ConcreteFunction:
    """Returns the function for TensorFlow Serving, which has no list among the outputs."""

    def serve(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        outputs = root.__call__(inputs, training=False)
        return {name: value for name, value in outputs.items() if name != "encoder_outputs"}

    return signature(serve, specs_of(INPUTS))
