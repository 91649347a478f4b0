"""What several tests need: what they may skip, models of known weights, and inputs."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
GOOGLE = REPOSITORY / "tests" / "data" / "google"


def require(name, available, reason):
    """Skips the test that asks where something is not there, or fails where it must be there.

    Args:
        name: str. The requirement: "data", "parity" and the like. The environment variable
            `TF_ALBERT_REQUIRE`, a comma list, names those without which a run has failed.
        available: bool.
        reason: str. What is missing, and how to get it.
    """
    if available:
        return
    required = os.environ.get("TF_ALBERT_REQUIRE", "").split(",")
    if name in (part.strip() for part in required):
        pytest.fail(f"TF_ALBERT_REQUIRE names {name!r}: {reason}", pytrace=False)
    pytest.skip(reason)


def randomize(model, seed=0, scale=0.2):
    """Gives every weight of a model a random value: fresh biases are 0 and hide errors."""
    random = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        value = random.normal(scale=scale, size=variable.shape)
        if variable.path.endswith("layer_norm/gamma"):
            value += 1
        variable.assign(value)
    return model


def random_inputs(config, batch=5, length=17, predictions=8, seed=0):
    """Returns the inputs of the encoder and of the pretrainer: rows of different lengths."""
    random = np.random.default_rng(seed)
    lengths = random.integers(length // 2, length + 1, size=(batch, 1))
    lengths[0] = length
    columns = np.arange(length)
    mask = (columns < lengths).astype("int32")
    positions = np.stack([random.permutation(n)[np.arange(predictions) % n] for n in lengths[:, 0]])
    return {
        "input_word_ids": random.integers(1, config.vocab_size, (batch, length), "int32") * mask,
        "input_mask": mask,
        "input_type_ids": (columns * config.type_vocab_size // lengths).astype("int32") * mask,
        "masked_lm_positions": positions.astype("int32"),
    }


def random_choices(config, batch=5, choices=6, length=17, seed=0):
    """Returns the inputs of a multiple-choice model, `(batch, choices, length)`."""
    rows = random_inputs(config, batch * choices, length, seed=seed)
    names = ("input_word_ids", "input_mask", "input_type_ids")
    return {name: rows[name].reshape(batch, choices, length) for name in names}


def reference_weights(model):
    """Returns a model's weights as `tests.reference` takes them, float64."""
    encoder = getattr(model, "encoder", model)
    embedding = encoder.embedding
    weights = {
        "word_embeddings": _array(embedding.word_embeddings),
        "position_embeddings": _array(embedding.position_embeddings),
        "type_embeddings": _array(embedding.type_embeddings),
        "embedding_norm": _norm(embedding.normalization),
        "attentions": [
            {
                "query": _dense(part.query),
                "key": _dense(part.key),
                "value": _dense(part.value),
                "output": _dense(part.output_projection),
                "norm": _norm(part.normalization),
            }
            for part in encoder.attentions
        ],
        "feed_forwards": [
            {
                "intermediate": _dense(part.intermediate),
                "output": _dense(part.output_projection),
                "norm": _norm(part.normalization),
            }
            for part in encoder.feed_forwards
        ],
        "pooler": _dense(encoder.pooler),
    }
    if embedding.projection is not None:
        weights["projection"] = _dense(embedding.projection)
    if hasattr(model, "masked_lm_head"):
        weights["mlm_transform"] = _dense(model.masked_lm_head.transform)
        weights["mlm_norm"] = _norm(model.masked_lm_head.normalization)
        weights["mlm_bias"] = _array(model.masked_lm_head.output_bias)
        weights["sop"] = _dense(model.sentence_order_head)
    if hasattr(model, "head"):
        weights["head"] = _dense(model.head)
    if hasattr(model, "end_head"):
        weights |= _answer_weights(model.end_head, model.no_answer_head)
    return weights


def _answer_weights(end_head, no_answer_head):
    """Returns the heads of SQuAD 2.0, the dense layer on a token and a start as the one it is."""
    kernels = [_array(part.kernel) for part in (end_head.of_token, end_head.of_start)]
    return {
        "end_joined": (np.concatenate(kernels), _array(end_head.of_token.bias)),
        "end_norm": _norm(end_head.normalization),
        "end_output": _dense(end_head.output_layer),
        "no_answer": _dense(no_answer_head.transform),
        "no_answer_output": (_array(no_answer_head.output_layer.kernel), 0.0),
    }


def _array(variable):
    return np.asarray(variable, np.float64)


def _dense(layer):
    return _array(layer.kernel), _array(layer.bias)


def _norm(layer):
    return _array(layer.gamma), _array(layer.beta)


def write_vocabulary(path, pieces, special=("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]")):
    """Writes a SentencePiece unigram model of given pieces.

    Args:
        path: path. The file to write.
        pieces: dict of piece to score; among the ways to divide a text, the highest sum wins.
        special: pieces that take the first ids.
    """
    from sentencepiece import sentencepiece_model_pb2 as protos

    types = protos.ModelProto.SentencePiece
    proto = protos.ModelProto()
    for piece in special:
        kind = types.UNKNOWN if piece == "<unk>" else types.CONTROL
        proto.pieces.add(piece=piece, score=0.0, type=kind)
    for piece, score in pieces.items():
        proto.pieces.add(piece=piece, score=score)
    spec = proto.trainer_spec
    spec.unk_id, spec.bos_id, spec.eos_id, spec.pad_id = special.index("<unk>"), -1, -1, 0
    path.write_bytes(proto.SerializeToString())
    return path


def assert_tells_no_path(output, *folders):
    """Checks that no file below a folder names other folders, nor where Python and this code lie.

    Args:
        output: path. The folder.
        folders: paths.
    """
    paths = [path for path in output.rglob("*") if path.is_file()]
    assert paths
    for path in paths:
        content = path.read_bytes()
        for folder in (*folders, REPOSITORY, Path(sys.prefix)):
            assert os.fsencode(folder) not in content, f"{path} names {folder}"
