import pytest

from tf_albert.training import precision
from tf_albert.training.precision import policy_of


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_named_type_is_itself(dtype):
    assert policy_of(dtype) == dtype


@pytest.mark.parametrize(
    ("flags", "policy"),
    [
        ("flags\t\t: fpu avx2 avx512f avx512_bf16 clflush", "mixed_bfloat16"),
        ("flags\t\t: avx512f amx_bf16 amx_tile", "mixed_bfloat16"),
        ("Features\t: fp asimd i8mm bf16", "mixed_bfloat16"),
        ("flags\t\t: fpu avx2 avx512f", "float32"),
        ("", "float32"),
    ],
    ids=["AVX-512", "AMX", "Arm", "without", "nothing said"],
)
def test_auto_follows_the_processor(tmp_path, monkeypatch, flags, policy):
    monkeypatch.setattr(precision, "PROCESSOR", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{flags}\n", encoding="utf-8")
    assert policy_of("auto") == policy


def test_auto_is_float32_where_nothing_lists_the_instructions(tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "PROCESSOR", tmp_path / "none")
    assert policy_of("auto") == "float32"


def test_unknown_type():
    with pytest.raises(ValueError, match=r"'bfloat'\. Known ones: float32, mixed_bfloat16, auto"):
        policy_of("bfloat")
