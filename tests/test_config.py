import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_albert import AlbertConfig


@st.composite
def configs(draw):
    size = st.integers(1, 64)
    heads, groups = draw(size), draw(st.integers(1, 4))
    sharing = draw(st.sampled_from(["all", "attention", "ffn", "none"]))
    return AlbertConfig(
        vocab_size=draw(size),
        embedding_size=draw(size),
        hidden_size=heads * draw(size),
        num_attention_heads=heads,
        num_hidden_layers=groups * draw(st.integers(1, 4)),
        num_hidden_groups=groups if sharing == "all" else 1,
        inner_group_num=draw(st.integers(1, 3)) if sharing == "all" else 1,
        parameter_sharing=sharing,
        hidden_act=draw(st.sampled_from(["gelu", "gelu_new", "gelu_erf", "relu", "tanh"])),
        hidden_dropout_prob=draw(st.floats(0, 0.99)),
        initializer_range=draw(st.floats(1e-9, 1)),
    )


@given(config=configs())
def test_json_keeps_every_field(config, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "albert_config.json"
    config.to_json(path)
    assert AlbertConfig.from_json(path) == config


@given(config=configs())
def test_each_layer_has_its_blocks(config):
    schedule = config.layer_schedule
    assert len(schedule) == config.num_hidden_layers
    assert {len(blocks) for blocks in schedule} == {config.inner_group_num}


def test_json_has_googles_keys(tmp_path):
    AlbertConfig(vocab_size=11).to_json(tmp_path / "albert_config.json")
    assert json.loads((tmp_path / "albert_config.json").read_text())["vocab_size"] == 11


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        AlbertConfig().hidden_size = 5


def test_unknown_key_names_the_known_ones():
    with pytest.raises(
        ValueError,
        match=r"Unknown keys in the ALBERT config: num_layers\. Known keys: vocab_size, .*num_hid",
    ):
        AlbertConfig.from_dict({"vocab_size": 5, "num_layers": 12})


def test_released_config_with_its_inert_keys_is_read():
    neutral = {
        "net_structure_type": 0,
        "gap_size": 0,
        "num_memory_blocks": 0,
        "down_scale_factor": 1,
        "layers_to_keep": [],
    }
    assert AlbertConfig.from_dict({"vocab_size": 5} | neutral) == AlbertConfig(vocab_size=5)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("net_structure_type", 1),
        ("gap_size", 2),
        ("num_memory_blocks", 1),
        ("down_scale_factor", 2),
        ("layers_to_keep", [0]),
    ],
)
def test_inert_key_with_a_meaning_is_refused(key, value):
    with pytest.raises(ValueError, match=f"`{key}` is known only at"):
        AlbertConfig.from_dict({"vocab_size": 5, key: value})


def test_missing_vocabulary_size_is_refused():
    with pytest.raises(ValueError, match="has no `vocab_size`"):
        AlbertConfig.from_dict({"hidden_size": 768})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"hidden_size": 770, "num_attention_heads": 12},
            "hidden_size=770 and num_attention_heads=12",
        ),
        (
            {"num_hidden_layers": 7, "num_hidden_groups": 2},
            "num_hidden_layers=7 and num_hidden_groups=2",
        ),
        (
            {"parameter_sharing": "none", "num_hidden_groups": 2},
            "Groups divide shared layers: .*'none', num_hidden_groups=2",
        ),
        ({"parameter_sharing": "ffn", "inner_group_num": 3}, "inner_group_num=3"),
        ({"hidden_size": 0}, "`hidden_size` must be at least 1. Received: 0"),
        ({"hidden_dropout_prob": 1.0}, r"`hidden_dropout_prob` must lie in \[0, 1\)"),
        ({"layer_norm_epsilon": 0.0}, "`layer_norm_epsilon` must be above 0"),
        ({"initializer_range": float("inf")}, "`initializer_range` must be above 0 and finite"),
        ({"hidden_act": []}, "`hidden_act` must be of type str"),
        ({"hidden_act": "swish"}, "`hidden_act` must be one of gelu, .*Received: 'swish'"),
        ({"parameter_sharing": "some"}, "`parameter_sharing` must be one of all, attention, ffn"),
        ({"hidden_size": "768"}, "`hidden_size` must be of type int. Received: '768'"),
        ({"num_hidden_layers": True}, "`num_hidden_layers` must be of type int"),
        ({"hidden_size": 768.0}, "`hidden_size` must be of type int. Received: 768.0"),
    ],
)
def test_sizes_that_do_not_fit_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        AlbertConfig(**changes)
    with pytest.raises(ValueError, match=message):
        AlbertConfig().replace(**changes)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("albert_base_v2", (128, 768, 12, 3072, 12)),
        ("albert_large_v2", (128, 1024, 24, 4096, 16)),
        ("albert_xlarge_v2", (128, 2048, 24, 8192, 32)),
        ("albert_xxlarge_v2", (128, 4096, 12, 16384, 64)),
    ],
)
def test_named_sizes_are_those_of_the_paper(name, sizes):
    config = AlbertConfig.from_name(name)
    assert sizes == (
        config.embedding_size,
        config.hidden_size,
        config.num_hidden_layers,
        config.intermediate_size,
        config.num_attention_heads,
    )
    assert (config.vocab_size, config.max_position_embeddings) == (30000, 512)


def test_only_v1_up_to_xlarge_has_dropout():
    with_dropout = {
        name
        for name in AlbertConfig.names()
        if AlbertConfig.from_name(name).hidden_dropout_prob == 0.1
        and AlbertConfig.from_name(name).attention_probs_dropout_prob == 0.1
    }
    assert with_dropout == {"albert_base_v1", "albert_large_v1", "albert_xlarge_v1"}


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"Unknown ALBERT size .base.\. Known sizes: .*base_v1"):
        AlbertConfig.from_name("base")


@pytest.mark.parametrize("content", ["[1, 2]", "12", '"text"'])
def test_json_without_an_object_is_refused(tmp_path, content):
    path = tmp_path / "albert_config.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="must hold one JSON object"):
        AlbertConfig.from_json(path)


def test_file_that_is_no_json_is_named(tmp_path):
    path = tmp_path / "albert_config.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"albert_config\.json is not a JSON file"):
        AlbertConfig.from_json(path)


@pytest.mark.parametrize(
    ("changes", "schedule"),
    [
        ({}, [((0, 0),)] * 4),
        ({"parameter_sharing": "attention"}, [((0, 0),), ((0, 1),), ((0, 2),), ((0, 3),)]),
        ({"parameter_sharing": "ffn"}, [((0, 0),), ((1, 0),), ((2, 0),), ((3, 0),)]),
        ({"parameter_sharing": "none"}, [((0, 0),), ((1, 1),), ((2, 2),), ((3, 3),)]),
        ({"num_hidden_groups": 4}, [((0, 0),), ((1, 1),), ((2, 2),), ((3, 3),)]),
        (
            {"num_hidden_groups": 2, "inner_group_num": 2},
            [((0, 0), (1, 1))] * 2 + [((2, 2), (3, 3))] * 2,
        ),
        ({"inner_group_num": 3}, [((0, 0), (1, 1), (2, 2))] * 4),
    ],
)
def test_layer_schedule(changes, schedule):
    assert AlbertConfig(num_hidden_layers=4, **changes).layer_schedule == schedule


def test_projection_is_left_out_where_the_widths_are_equal():
    assert AlbertConfig(embedding_size=96, hidden_size=768).has_embedding_projection
    assert not AlbertConfig(embedding_size=768, hidden_size=768).has_embedding_projection
