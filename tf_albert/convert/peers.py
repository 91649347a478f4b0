"""Other people's libraries, run on the files in their own format: an independent second opinion."""

import dataclasses
import importlib.util
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_albert import files
from tf_albert.convert import keras_hub

NUM_CHOICES = 2
ENCODER_INPUTS = ("input_word_ids", "input_mask", "input_type_ids")


@dataclasses.dataclass(frozen=True)
class Peer:
    """What runs the files of a format, other than this package.

    Args:
        name: str.
        modules: tuple of str. What is to be installed for it.
        run: function of a folder, a class of this package and inputs that returns the outputs.
        tokenize: function of a folder and texts that returns lists of ids, or None.
    """

    name: str
    modules: tuple[str, ...]
    run: Callable
    tokenize: Callable | None = None


def peer_of(format_name):
    """Returns the `Peer` of a format that has one, and which of its modules are not installed.

    Args:
        format_name: str. One of `formats.FORMATS`.

    Returns:
        tuple of a `Peer` or None, and a list of str.
    """
    peer = PEERS.get(format_name)
    modules = peer.modules if peer else ()
    return peer, [module for module in modules if not importlib.util.find_spec(module)]


def choices_of(inputs):
    """Returns a batch's rows as pairs of choices, `(rows / 2, 2, length)`; an odd row is left out.

    Args:
        inputs: dict of the encoder's inputs, `(rows, length)`.
    """
    rows = len(inputs["input_word_ids"]) // NUM_CHOICES * NUM_CHOICES
    return {
        name: inputs[name][:rows].reshape(-1, NUM_CHOICES, inputs[name].shape[1])
        for name in ENCODER_INPUTS
    }


def run_transformers(folder, model_class, inputs):
    """Returns the outputs of a Hugging Face folder as `transformers` computes them.

    Args:
        folder: path.
        model_class: str. The class of this package whose weights these are.
        inputs: dict of the inputs of the encoder and of the pretrainer.
    """
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    (architecture,) = files.read_json(folder / "config.json")["architectures"]
    model = getattr(transformers, architecture).from_pretrained(folder).eval()
    with torch.no_grad():
        encoded = getattr(model, "albert", model)(**_for_transformers(inputs))
        outputs = {
            "sequence_output": encoded.last_hidden_state,
            "pooled_output": encoded.pooler_output,
        }
        if hasattr(model, "albert"):
            chooses = model_class == "AlbertMultipleChoice"
            head = model(**_for_transformers(choices_of(inputs) if chooses else inputs))
            outputs |= {
                "mlm_logits": head.get("prediction_logits"),
                "sop_logits": head.get("sop_logits"),
                "start_logits": head.get("start_logits"),
                "end_logits": head.get("end_logits"),
                _LOGITS_NAMES.get(architecture, "logits"): head.get("logits"),
            }
    outputs = {name: value.numpy() for name, value in outputs.items() if value is not None}
    if "mlm_logits" in outputs:
        positions = inputs["masked_lm_positions"][..., None]
        outputs["mlm_logits"] = np.take_along_axis(outputs["mlm_logits"], positions, axis=1)
    return outputs


_LOGITS_NAMES = {"AlbertForMaskedLM": "mlm_logits"}


def _for_transformers(inputs):
    import torch

    names = ("input_ids", "attention_mask", "token_type_ids")
    return {
        theirs: torch.from_numpy(inputs[ours]).long()
        for theirs, ours in zip(names, ENCODER_INPUTS, strict=True)
    }


def tokenize_by_transformers(folder, texts):
    """Returns the ids that the tokenizer of `transformers` gives texts, without special ones.

    Args:
        folder: path. A Hugging Face folder with a tokenizer.
        texts: list of str.

    Returns:
        list of lists of int.

    Raises:
        ValueError: `transformers` cannot open the tokenizer.
    """
    import transformers

    transformers.logging.set_verbosity_error()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # its own, and those of tokenizers and of sentencepiece
        raise _unopened("transformers", folder, error) from error
    return tokenizer(texts, add_special_tokens=False)["input_ids"]


def tokenize_by_keras_hub(folder, texts):
    """Returns the ids that a preset's tokenizer gives texts in keras-hub; as above."""
    import keras_hub as library

    try:
        tokenizer = library.models.AlbertTokenizer.from_preset(str(folder))
    except Exception as error:  # its own, and those of Keras and of TensorFlow
        raise _unopened("keras-hub", folder, error) from error
    return [[int(index) for index in tokenizer(text)] for text in texts]


def _unopened(library, folder, error):
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ValueError(
        f"{library} cannot open the tokenizer in {folder}: {first_line} Convert the model once "
        "more, or copy the folder again."
    )


def run_keras_hub(folder, model_class, inputs):
    """Returns the outputs of a preset as keras-hub computes them; arguments as above."""
    live, _ = keras_hub.load(folder)
    names = ("token_ids", "padding_mask", "segment_ids")
    theirs = {name: inputs[ours] for name, ours in zip(names, ENCODER_INPUTS, strict=True)}
    outputs = dict(getattr(live, "backbone", live)(theirs))
    if model_class == "AlbertPretrainer":
        outputs["mlm_logits"] = live(theirs | {"mask_positions": inputs["masked_lm_positions"]})
    elif model_class == "AlbertClassifier":
        outputs["logits"] = live(theirs)
    return {name: np.asarray(value) for name, value in outputs.items()}


def run_module(folder, model_class, inputs):
    """Returns the outputs of a TF Hub encoder module as it computes them; arguments as above."""
    del model_class  # what is read from modules are encoders
    module = tf.saved_model.load(str(folder))
    outputs = module({name: tf.constant(inputs[name]) for name in ENCODER_INPUTS})
    return {name: outputs[name].numpy() for name in ("sequence_output", "pooled_output")}


PEERS = {
    "huggingface": Peer(
        "transformers",
        ("transformers", "torch", "safetensors"),
        run_transformers,
        tokenize_by_transformers,
    ),
    "keras_hub": Peer("keras_hub", ("keras_hub",), run_keras_hub, tokenize_by_keras_hub),
    "hub": Peer("the module itself", ("tensorflow",), run_module),
}
