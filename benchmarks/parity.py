"""Prints how far other libraries' outputs are from ours at the same weights: the README's table.

    pip install -e '.[parity]'
    python benchmarks/parity.py

Each row is the largest difference over models with random weights in three shapes (E < H; E = H;
three groups). "Written": made here, converted, and run by the other library. "Read": opened and
saved again by the other library, and run by it and here. The inputs are those of
`tf-albert verify-conversion`: padded rows with both type ids.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import keras_hub
import numpy as np
import tensorflow as tf
import transformers

import tf_albert
from tests.helpers import GOOGLE, randomize
from tf_albert.convert import formats
from tf_albert.convert.verify.verification import compare

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
CONFIG = tf_albert.AlbertConfig(
    vocab_size=397,
    embedding_size=20,
    hidden_size=36,
    num_hidden_layers=6,
    num_attention_heads=4,
    intermediate_size=52,
    max_position_embeddings=70,
)
SHAPES = (
    CONFIG,
    CONFIG.replace(embedding_size=36),
    CONFIG.replace(num_hidden_groups=3, num_attention_heads=9),
)
# Our class and its arguments, and the classes of the other libraries that hold the same head.
HUGGINGFACE = (
    ("AlbertEncoder", {}, "AlbertModel"),
    ("AlbertPretrainer", {}, "AlbertForPreTraining"),
    ("AlbertPretrainer", {}, "AlbertForMaskedLM"),
    ("AlbertClassifier", {"num_classes": 3}, "AlbertForSequenceClassification"),
    ("AlbertSpanLabeler", {}, "AlbertForQuestionAnswering"),
    ("AlbertMultipleChoice", {}, "AlbertForMultipleChoice"),
    ("AlbertTokenClassifier", {"num_classes": 3}, "AlbertForTokenClassification"),
)
KERAS_HUB = (
    ("AlbertEncoder", {}, "AlbertBackbone"),
    ("AlbertPretrainer", {}, "AlbertMaskedLM"),
    ("AlbertClassifier", {"num_classes": 3}, "AlbertTextClassifier"),
)
# What our class has besides: it is fresh here, and not written there.
MISSING = {
    "AlbertForMaskedLM": ["pooler", "sentence_order_head"],
    "AlbertMaskedLM": ["sentence_order_head"],
}


def resave_huggingface(architecture, source, target):
    """Has transformers open a folder and save it again."""
    getattr(transformers, architecture).from_pretrained(source).save_pretrained(target)


def resave_keras_hub(name, source, target):
    """Has keras-hub open a preset and save it again."""
    extra = {} if name == "AlbertBackbone" else {"preprocessor": None}
    getattr(keras_hub.models, name).from_preset(str(source), **extra).save_to_preset(str(target))


def differences(target_format, model_class, arguments, theirs, resave):
    """Returns a head's largest differences by output, over all shapes: written, and read."""
    written, read = {}, {}
    for number, config in enumerate(SHAPES):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            model = randomize(getattr(tf_albert, model_class)(config, **arguments), number)
            if theirs == "AlbertForMaskedLM":
                for layer in (model.encoder.pooler, model.sentence_order_head):
                    layer.bias.assign(np.zeros(layer.bias.shape))
            model.save_pretrained(folder / "ours")
            formats.convert(folder / "ours", folder / "theirs", target_format)
            _add(written, compare(folder / "ours", folder / "theirs").differences)
            resave(theirs, folder / "theirs", folder / "resaved")
            formats.convert(
                *(folder / "resaved", folder / "back", "tf_albert"),
                allow_missing=MISSING.get(theirs, []),
            )
            _add(read, compare(folder / "resaved", folder / "back").differences)
    return written, read


def _add(largest, found):
    for name, difference in found.items():
        largest[name] = max(difference, largest.get(name, 0.0))


def google_row():
    """Prints the original implementation's recorded outputs, and its variables after both ways."""
    recorded = dict(np.load(GOOGLE / "encoder" / "expected.npz"))
    model = tf_albert.AlbertPretrainer.from_pretrained(GOOGLE / "encoder")
    inputs = {name: value for name, value in recorded.items() if value.dtype == np.int32}
    outputs = model.encoder(inputs) | model(inputs)
    read = {name: outputs[name] - recorded[name] for name in ("sequence_output", "pooled_output")}
    for name, ours in (("mlm_log_probs", "mlm_logits"), ("sop_log_probs", "sop_logits")):
        values = keras.ops.log_softmax(outputs[ours])
        read[name] = np.reshape(values, recorded[name].shape) - recorded[name]
    with tempfile.TemporaryDirectory() as folder:
        formats.convert(GOOGLE / "encoder", Path(folder) / "back", "google")
        (back,) = (Path(folder) / "back").glob("*.index")
        first, second = (
            tf.train.load_checkpoint(str(prefix))
            for prefix in (GOOGLE / "encoder" / "model.ckpt-best", back.with_suffix(""))
        )
        written = {
            name: first.get_tensor(name) - second.get_tensor(name)
            for name in first.get_variable_to_shape_map()
        }
    largest = (max(float(np.abs(v).max()) for v in part.values()) for part in (written, read))
    _print("google", "all of pretraining's", *largest)


def hub_row():
    """Prints an exported encoder, run by TensorFlow alone, against what is read out of it."""
    read = {}
    for number, config in enumerate(SHAPES):
        with tempfile.TemporaryDirectory() as name:
            module, back = Path(name) / "module", Path(name) / "back"
            tf_albert.hub.save_encoder(randomize(tf_albert.AlbertEncoder(config), number), module)
            formats.convert(module, back, "tf_albert")
            _add(read, compare(module, back).differences)
    _print("hub", "encoder module", None, max(read.values()))


def _print(name, head, written, read):
    cells = ("" if value is None else f"{value:.1e}" for value in (written, read))
    print(f"| {name} | {head} | {' | '.join(cells)} |", flush=True)


def main():
    """Prints the table in Markdown."""
    print("| format | head | written | read |\n|---|---|---|---|")
    google_row()
    for name, heads, resave in (
        ("huggingface", HUGGINGFACE, resave_huggingface),
        ("keras_hub", KERAS_HUB, resave_keras_hub),
    ):
        for model_class, arguments, theirs in heads:
            parts = differences(name, model_class, arguments, theirs, resave)
            if theirs == "AlbertMaskedLM":
                # Its head has an epsilon of its own, so these stand alone.
                logits = (part.pop("mlm_logits") for part in parts)
                _print(name, f"`{theirs}`, the logits", *logits)
            _print(name, f"`{theirs}`", *(max(part.values()) for part in parts))
    hub_row()


if __name__ == "__main__":
    main()
