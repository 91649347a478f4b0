"""Models of odd shapes to compare with other libraries, and what they give here."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import strategies as st

import tf_albert
from tests.helpers import random_inputs, randomize
from tf_albert import AlbertConfig
from tf_albert.convert import formats

# No two of these are equal, nor equal to one below: groups and inner groups could be swapped.
CONFIG = AlbertConfig(
    vocab_size=43,
    embedding_size=11,
    hidden_size=45,
    num_hidden_layers=6,
    num_hidden_groups=3,
    inner_group_num=2,
    num_attention_heads=5,
    intermediate_size=29,
    max_position_embeddings=23,
    type_vocab_size=4,
)
BATCH, LENGTH, PREDICTIONS, CHOICES = 7, 17, 8, 14
ARGUMENTS = {
    "AlbertClassifier": {"num_classes": 10, "dropout": 0.25},
    "AlbertTokenClassifier": {"num_classes": 13},
}


@st.composite
def configs(draw):
    """ALBERT configs of many shapes, which every library can express."""
    heads, groups = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    hidden = heads * draw(st.integers(2, 9))
    return AlbertConfig(
        vocab_size=draw(st.integers(30, 60)),
        embedding_size=draw(st.sampled_from([5, 13, hidden])),
        hidden_size=hidden,
        num_hidden_layers=groups * draw(st.integers(1, 2)),
        num_hidden_groups=groups,
        inner_group_num=draw(st.integers(1, 2)),
        num_attention_heads=heads,
        intermediate_size=draw(st.integers(3, 40)),
        max_position_embeddings=draw(st.integers(LENGTH, 23)),
        type_vocab_size=draw(st.integers(1, 3)),
    )


def sharing_nothing(config):
    """Returns a config of which every layer has weights of its own."""
    return config.replace(parameter_sharing="none", num_hidden_groups=1, inner_group_num=1)


def model_of(model_class, config):
    """Returns a model of a class, every weight of it random."""
    model = getattr(tf_albert, model_class)(config, **ARGUMENTS.get(model_class, {}))
    return randomize(model)


def inputs_of(config, model_class="AlbertPretrainer"):
    """Returns padded rows with every type id, for multiple choice `(batch, choices, length)`."""
    chooses = model_class == "AlbertMultipleChoice"
    rows = random_inputs(config, BATCH * CHOICES if chooses else BATCH, LENGTH, PREDICTIONS)
    types = np.arange(LENGTH) // 3 % config.type_vocab_size * rows["input_mask"]
    rows["input_type_ids"] = types.astype("int32")
    if chooses:
        del rows["masked_lm_positions"]
        rows = {name: row.reshape(BATCH, CHOICES, LENGTH) for name, row in rows.items()}
    return rows


def outputs_here(model, inputs):
    """Returns the outputs of a model of this package, a task's and its encoder's."""
    encoder = getattr(model, "encoder", model)
    rows = {name: row.reshape(-1, row.shape[-1]) for name, row in inputs.items()}
    outputs = {name: encoder(rows)[name] for name in ("sequence_output", "pooled_output")}
    if model is not encoder:
        head = model(inputs)
        outputs |= head if isinstance(head, dict) else {"logits": head}
    return outputs


def assert_close(ours, theirs, inputs):
    """All that the other library gives is given here too, and is the same but for padding."""
    assert theirs.keys() <= ours.keys()
    is_token = inputs["input_mask"] == 1
    for name in theirs:
        if np.shape(ours[name])[:2] == is_token.shape:
            ours[name], theirs[name] = (np.asarray(side[name])[is_token] for side in (ours, theirs))
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-5, err_msg=name)


def rewrite(path, **changes):
    """Changes values of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refuses(folder, message, error=ValueError):
    """Converting a folder raises an error with a message and writes nothing."""
    before = sorted(folder.parent.iterdir())
    with pytest.raises(error, match=message):
        formats.convert(folder, folder.parent / "out", "tf_albert")
    assert sorted(folder.parent.iterdir()) == before


def check_truncated(folder, name, message):
    """A file of a folder that is cut short, at several places and to nothing, is refused."""
    content = (folder / name).read_bytes()
    for size in (0, len(content) // 3, len(content) * 9 // 10):
        damaged = shutil.copytree(folder, folder.parent / f"{size}")
        (damaged / name).write_bytes(content[:size])
        refuses(damaged, message)
