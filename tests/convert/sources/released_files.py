"""A folder with the files, keys and names of a model of https://huggingface.co/albert, but tiny."""

import json

import numpy as np

# What lies in such a repository besides, of which nothing may be opened.
OTHERS = (
    *("pytorch_model.bin", "tf_model.h5", "with-prefix-tf_model.h5", "rust_model.ot"),
    *("flax_model.msgpack", "README.md", ".gitattributes"),
)
CONFIG = {
    "architectures": ["AlbertForMaskedLM"],
    "attention_probs_dropout_prob": 0,
    "bos_token_id": 2,
    "classifier_dropout_prob": 0.1,
    "down_scale_factor": 1,
    "embedding_size": 10,
    "eos_token_id": 3,
    "gap_size": 0,
    "hidden_act": "gelu_new",
    "hidden_dropout_prob": 0,
    "hidden_size": 28,
    "initializer_range": 0.02,
    "inner_group_num": 1,
    "intermediate_size": 36,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 41,
    "model_type": "albert",
    "net_structure_type": 0,
    "num_attention_heads": 4,
    "num_hidden_groups": 1,
    "num_hidden_layers": 2,
    "num_memory_blocks": 0,
    "pad_token_id": 0,
    "type_vocab_size": 2,
}


def write_released(folder, tokenizer, has_copies=False):
    """Writes the folder, every weight of it random; there is no head for sentence order.

    Args:
        folder: path. Made here.
        tokenizer: `AlbertTokenizer`.
        has_copies: bool. Whether what is tied is stored twice, as in the pickles.

    Returns:
        dict of array by its name there.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    arrays = _arrays(CONFIG | {"vocab_size": tokenizer.vocab_size})
    stored = dict(arrays)
    if has_copies:
        stored["predictions.decoder.weight"] = arrays["albert.embeddings.word_embeddings.weight"]
        stored["predictions.decoder.bias"] = arrays["predictions.bias"]
        stored["albert.embeddings.position_ids"] = np.arange(41)[None]
    save_file({name: value.copy() for name, value in stored.items()}, folder / "model.safetensors")
    tokenizer.write_vocabulary(folder / "spiece.model")
    config = CONFIG | {"vocab_size": tokenizer.vocab_size}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "model": {}}))
    for name in OTHERS:
        (folder / name).write_bytes(b"cos\nsystem\n")
    return arrays


def _arrays(config):
    random = np.random.default_rng(3)
    hidden, embedding, inner = (
        config[name] for name in ("hidden_size", "embedding_size", "intermediate_size")
    )
    layer = "albert.encoder.albert_layer_groups.0.albert_layers.0"
    shapes = {
        "albert.embeddings.word_embeddings.weight": (config["vocab_size"], embedding),
        "albert.embeddings.position_embeddings.weight": (41, embedding),
        "albert.embeddings.token_type_embeddings.weight": (2, embedding),
        "predictions.bias": (config["vocab_size"],),
    }
    attention = (f"{layer}.attention.{name}" for name in ("query", "key", "value", "dense"))
    dense = {
        "albert.encoder.embedding_hidden_mapping_in": (hidden, embedding),
        **dict.fromkeys(attention, (hidden, hidden)),
        f"{layer}.ffn": (inner, hidden),
        f"{layer}.ffn_output": (hidden, inner),
        "albert.pooler": (hidden, hidden),
        "predictions.dense": (embedding, hidden),
    }
    norms = {
        "albert.embeddings.LayerNorm": embedding,
        f"{layer}.attention.LayerNorm": hidden,
        f"{layer}.full_layer_layer_norm": hidden,
        "predictions.LayerNorm": embedding,
    }
    for name, shape in dense.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name, size in norms.items():
        shapes |= {f"{name}.weight": (size,), f"{name}.bias": (size,)}
    return {
        name: random.normal(scale=0.2, size=shape).astype("float32")
        for name, shape in shapes.items()
    }
