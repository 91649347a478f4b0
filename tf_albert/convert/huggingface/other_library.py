"""Hugging Face's folders as `transformers` itself computes by them."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tf_albert import files
from tf_albert.convert.huggingface.config import CONFIG_FILE
from tf_albert.convert.other_library import OtherLibrary, choices_of, unopened_tokenizer
from tf_albert.modeling.encoder import INPUTS

if TYPE_CHECKING:
    import torch
    import transformers

TRANSFORMERS_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
# Of a head that gives them under the name `logits`, what they are called here.
LOGITS_NAMES = {"AlbertForMaskedLM": "mlm_logits"}


def compute_outputs(
    folder: Path, model_class: str, inputs: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Returns the outputs of a Hugging Face folder as `transformers` computes them.

    Args:
        folder: path.
        model_class: str. The class of this package whose weights these are.
        inputs: dict of the inputs of the encoder, `(rows, length)`, and of the pretrainer.

    Returns:
        dict of output name to array; of `mlm_logits`, those at `masked_lm_positions` alone.
    """
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    (architecture,) = files.read_json(folder / CONFIG_FILE)["architectures"]
    model = getattr(transformers, architecture).from_pretrained(folder).eval()
    with torch.no_grad():
        encoded = getattr(model, "albert", model)(**_tensors(inputs))
        outputs = {
            "sequence_output": encoded.last_hidden_state,
            "pooled_output": encoded.pooler_output,
        }
        if hasattr(model, "albert"):
            chooses = model_class == "AlbertMultipleChoice"
            outputs |= _head_outputs(model, choices_of(inputs) if chooses else inputs)
    outputs = {name: value.numpy() for name, value in outputs.items() if value is not None}
    if "mlm_logits" in outputs:
        positions = inputs["masked_lm_positions"][..., None]
        outputs["mlm_logits"] = np.take_along_axis(outputs["mlm_logits"], positions, axis=1)
    return outputs


def _head_outputs(
    model: "transformers.PreTrainedModel", inputs: dict[str, np.ndarray]
) -> dict[str, "torch.Tensor | None"]:
    head = model(**_tensors(inputs))
    return {
        "mlm_logits": head.get("prediction_logits"),
        "sop_logits": head.get("sop_logits"),
        "start_logits": head.get("start_logits"),
        "end_logits": head.get("end_logits"),
        LOGITS_NAMES.get(type(model).__name__, "logits"): head.get("logits"),
    }


def _tensors(inputs: dict[str, np.ndarray]) -> dict[str, "torch.Tensor"]:
    import torch

    names = zip(TRANSFORMERS_INPUTS, INPUTS, strict=True)
    return {theirs: torch.from_numpy(inputs[ours]).long() for theirs, ours in names}


def tokenize(folder: Path, texts: list[str]) -> list[list[int]]:
    """Returns the ids that the tokenizer of `transformers` gives texts, without special ones.

    Args:
        folder: path. A Hugging Face folder with a tokenizer.
        texts: list of str.

    Raises:
        ValueError: `transformers` cannot open the tokenizer.
    """
    import transformers

    transformers.logging.set_verbosity_error()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # its own, and those of tokenizers and of sentencepiece
        raise unopened_tokenizer("transformers", folder, error) from error
    return tokenizer(texts, add_special_tokens=False)["input_ids"]


TRANSFORMERS = OtherLibrary(
    "transformers", ("transformers", "torch", "safetensors"), compute_outputs, tokenize
)
