"""Folders that transformers makes and runs by itself, without any code of this package."""

import numpy as np

ARCHITECTURES = {
    "AlbertModel": "AlbertEncoder",
    "AlbertForPreTraining": "AlbertPretrainer",
    "AlbertForMaskedLM": "AlbertPretrainer",
    "AlbertForSequenceClassification": "AlbertClassifier",
    "AlbertForQuestionAnswering": "AlbertSpanLabeler",
    "AlbertForMultipleChoice": "AlbertMultipleChoice",
    "AlbertForTokenClassification": "AlbertTokenClassifier",
}
# What our class has and theirs has not.
MISSING = {"AlbertForMaskedLM": ["pooler", "sentence_order_head"]}
NUM_LABELS = {"AlbertForSequenceClassification": 10, "AlbertForTokenClassification": 13}
ACTIVATIONS = {"gelu_erf": "gelu", "gelu": "gelu_new"}
OUTPUTS = {
    "prediction_logits": "mlm_logits",
    "sop_logits": "sop_logits",
    "start_logits": "start_logits",
    "end_logits": "end_logits",
    "logits": "logits",
}
INPUTS = {
    "input_ids": "input_word_ids",
    "attention_mask": "input_mask",
    "token_type_ids": "input_type_ids",
}


def save_random(architecture, config, folder, **arguments):
    """Saves a model of a class of transformers, every weight of it random."""
    import torch
    import transformers

    values = config.to_dict()
    del values["parameter_sharing"]
    values["layer_norm_eps"] = values.pop("layer_norm_epsilon")
    values["hidden_act"] = ACTIVATIONS.get(config.hidden_act, config.hidden_act)
    arguments = {"num_labels": NUM_LABELS.get(architecture, 2)} | arguments
    theirs = transformers.AlbertConfig(**values, **arguments)
    model = getattr(transformers, architecture)(theirs)
    generator = torch.Generator().manual_seed(5)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.2
    if not config.has_embedding_projection:
        projection = getattr(model, "albert", model).encoder.embedding_hidden_mapping_in
        torch.nn.init.eye_(projection.weight)
        torch.nn.init.zeros_(projection.bias)
    model.save_pretrained(folder)


def open_folder(architecture, folder):
    """Returns the live model of a folder, which must name each of its weights and no other."""
    import transformers

    model, info = getattr(transformers, architecture).from_pretrained(
        folder, output_loading_info=True
    )
    assert not any(info[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model.eval()


def outputs(architecture, folder, inputs):
    """Returns the outputs of a folder by their names here."""
    import torch

    model = open_folder(architecture, folder)
    theirs = {name: torch.from_numpy(inputs[ours]).long() for name, ours in INPUTS.items()}
    rows = {name: row.reshape(-1, row.shape[-1]) for name, row in theirs.items()}
    with torch.no_grad():
        encoded = getattr(model, "albert", model)(**rows)
        head = {} if architecture == "AlbertModel" else model(**theirs)
    found = {
        "sequence_output": encoded.last_hidden_state,
        "pooled_output": encoded.pooler_output,
    } | {ours: head.get(name) for name, ours in OUTPUTS.items()}
    if architecture == "AlbertForMaskedLM":
        found["mlm_logits"] = found.pop("logits")
    found = {name: value.numpy() for name, value in found.items() if value is not None}
    if "mlm_logits" in found:
        positions = inputs["masked_lm_positions"][..., None]
        found["mlm_logits"] = np.take_along_axis(found["mlm_logits"], positions, axis=1)
    return found
