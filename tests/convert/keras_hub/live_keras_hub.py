"""Presets that keras-hub makes and runs by itself, without any code of this package."""

import keras_hub
import numpy as np

CLASSES = {
    "AlbertBackbone": "AlbertEncoder",
    "AlbertMaskedLM": "AlbertPretrainer",
    "AlbertTextClassifier": "AlbertClassifier",
}
SIZES = {
    "vocabulary_size": "vocab_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "embedding_dim": "embedding_size",
    "hidden_dim": "hidden_size",
    "intermediate_dim": "intermediate_size",
    "num_groups": "num_hidden_groups",
    "num_inner_repetitions": "inner_group_num",
    "max_sequence_length": "max_position_embeddings",
    "num_segments": "type_vocab_size",
    "dropout": "hidden_dropout_prob",
}
INPUTS = {
    "token_ids": "input_word_ids",
    "padding_mask": "input_mask",
    "segment_ids": "input_type_ids",
}


def save_random(name, config, folder, **arguments):
    """Saves a preset of a class of keras-hub, every weight of it random."""
    live = keras_hub.models.AlbertBackbone(
        **{theirs: getattr(config, ours) for theirs, ours in SIZES.items()}
    )
    if name == "AlbertTextClassifier":
        arguments = {"num_classes": 10, "dropout": 0.25} | arguments
    if name != "AlbertBackbone":
        live = getattr(keras_hub.models, name)(backbone=live, **arguments)
    random = np.random.default_rng(3)
    for weight in live.weights:
        weight.assign(random.normal(scale=0.2, size=weight.shape))
    if not config.has_embedding_projection:
        projection = getattr(live, "backbone", live).embeddings_projection
        projection.kernel.assign(np.eye(config.hidden_size))
        projection.bias.assign(np.zeros(config.hidden_size))
    live.save_to_preset(str(folder))


def open_preset(name, folder):
    """Returns the live model of a preset."""
    settings = {} if name == "AlbertBackbone" else {"preprocessor": None}
    return getattr(keras_hub.models, name).from_preset(str(folder), **settings)


def outputs(name, folder, inputs):
    """Returns the outputs of a preset by their names here, its head at this package's epsilon."""
    live = open_preset(name, folder)
    theirs = {theirs: inputs[ours] for theirs, ours in INPUTS.items()}
    found = dict(getattr(live, "backbone", live)(theirs))
    if name == "AlbertMaskedLM":
        # The one number in which the two differ, which a report of a conversion names.
        assert live.masked_lm_head._intermediate_layer_norm.epsilon == 1e-5
        live.masked_lm_head._intermediate_layer_norm.epsilon = 1e-12
        found["mlm_logits"] = live(theirs | {"mask_positions": inputs["masked_lm_positions"]})
    elif name == "AlbertTextClassifier":
        found["logits"] = live(theirs)
    return found
