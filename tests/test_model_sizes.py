import keras
import pytest

from tf_albert import AlbertConfig, AlbertPretrainer
from tf_albert.model_sizes import forward_flops_per_token, parameter_counts, sizes_table

# Encoder, and with both heads: counted in the released checkpoints of v2.
REFERENCE = {
    "base": (11_683_584, 11_813_810),
    "large": (17_683_968, 17_847_474),
    "xlarge": (58_724_864, 59_021_490),
    "xxlarge": (222_595_584, 223_158_450),
}


def totals(config):
    counts = parameter_counts(config)
    return sum(counts.values()) - counts["heads"], sum(counts.values())


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("size", REFERENCE)
def test_formula_gives_the_released_counts(size, version):
    assert totals(AlbertConfig.from_name(f"albert_{size}_{version}")) == REFERENCE[size]


@pytest.mark.parametrize("size", REFERENCE)
def test_built_models_have_the_released_counts(size):
    # Their variables get no values, which for a giant take seconds and a gigabyte.
    with keras.StatelessScope(initialize_variables=False):
        pretrainer = AlbertPretrainer(AlbertConfig.from_name(f"albert_{size}_v2"))
    assert (pretrainer.encoder.count_params(), pretrainer.count_params()) == REFERENCE[size]


@pytest.mark.parametrize(
    "changes",
    [
        {"parameter_sharing": "none"},
        {"parameter_sharing": "attention"},
        {"parameter_sharing": "ffn"},
        {"num_hidden_groups": 2, "inner_group_num": 3},
        {"embedding_size": 20},
    ],
)
def test_formula_counts_every_way_of_sharing(changes):
    config = AlbertConfig(
        vocab_size=37,
        embedding_size=6,
        hidden_size=20,
        num_hidden_layers=4,
        num_attention_heads=5,
        intermediate_size=28,
        max_position_embeddings=13,
    ).replace(**changes)
    model = AlbertPretrainer(config)
    assert totals(config) == (model.encoder.count_params(), model.count_params())


def test_operations_of_a_hand_computed_model():
    config = AlbertConfig(
        vocab_size=7,
        embedding_size=2,
        hidden_size=3,
        num_hidden_layers=5,
        num_attention_heads=1,
        intermediate_size=11,
    )
    # Projection 2 x 3; 5 blocks of 4 x 3 x 3 + 2 x 3 x 11 + 2 x 9 x 3; pooler 3 x 3 for 9 tokens.
    assert forward_flops_per_token(config, 9) == 2 * (6 + 5 * (36 + 66 + 54) + 1)


def test_bert_base_costs_as_much_as_albert_base_and_has_nine_times_the_parameters():
    rows = {row["name"]: row for row in sizes_table()}
    albert, bert = rows["albert_base_v2"], rows["bert_base"]
    assert bert["total"] == 109_705_010
    assert bert["float32_bytes"] == 2 * bert["bfloat16_bytes"] == 4 * bert["total"]
    assert bert["gflops_per_token_512"] == pytest.approx(albert["gflops_per_token_512"], rel=0.01)
