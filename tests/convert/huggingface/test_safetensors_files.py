"""Weights in a Hugging Face folder: in shards, in half precision, or in a pickle."""

import re
import subprocess
import sys

import numpy as np
import pytest

from tests.convert.huggingface.live_transformers import save_random
from tests.convert.shapes import CONFIG, refuses
from tests.helpers import randomize
from tf_albert import AlbertEncoder, AlbertPretrainer
from tf_albert.convert import formats
from tf_albert.convert.huggingface import safetensors_files

pytestmark = pytest.mark.usefixtures("transformers")


def test_shards_and_half_precision(tmp_path, transformers):
    import torch

    save_random("AlbertForPreTraining", CONFIG, tmp_path / "whole")
    expected = AlbertEncoder.from_pretrained(tmp_path / "whole").get_weights()
    model = transformers.AlbertForPreTraining.from_pretrained(tmp_path / "whole")
    model.save_pretrained(tmp_path / "shards", max_shard_size="9KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 2
    for ours, theirs in zip(
        AlbertEncoder.from_pretrained(tmp_path / "shards").get_weights(), expected, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    for dtype in (torch.bfloat16, torch.float16):
        model.to(dtype).save_pretrained(tmp_path / "half")
        half = AlbertEncoder.from_pretrained(tmp_path / "half").get_weights()[0]
        word_embeddings = model.albert.embeddings.word_embeddings.weight
        np.testing.assert_array_equal(half, word_embeddings.detach().float().numpy())


def test_large_weights_are_written_in_shards(tmp_path, transformers, monkeypatch):
    pretrainer = randomize(AlbertPretrainer(CONFIG))
    pretrainer.save_pretrained(tmp_path / "ours")
    monkeypatch.setattr(safetensors_files, "MAX_SHARD_BYTES", 9_000)
    formats.convert(tmp_path / "ours", tmp_path / "theirs", "huggingface")
    names = sorted(path.name for path in (tmp_path / "theirs").glob("*.safetensors"))
    count = len(names)
    assert count > 2
    assert names == [f"model-{n + 1:05d}-of-{count:05d}.safetensors" for n in range(count)]
    _, loaded = transformers.AlbertForPreTraining.from_pretrained(
        tmp_path / "theirs", output_loading_info=True
    )
    assert not loaded["missing_keys"]
    assert not loaded["unexpected_keys"]
    for ours, again in zip(
        pretrainer.get_weights(),
        AlbertPretrainer.from_pretrained(tmp_path / "theirs").get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, again)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model.bin.index.json"])
def test_pickle_is_refused_with_the_way_out(theirs, name):
    (theirs / "model.safetensors").unlink()
    (theirs / name).write_bytes(b"never opened")
    refuses(theirs, r"holds a pickle, which is code .* python -c .*save_pretrained.*theirs")


def test_command_against_pickles_works(theirs):
    import torch
    from safetensors.torch import load_file

    before = AlbertEncoder.from_pretrained(theirs).get_weights()
    state = load_file(theirs / "model.safetensors")
    torch.save(state, theirs / "pytorch_model.bin")
    (theirs / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="holds a pickle") as refusal:
        AlbertEncoder.from_pretrained(theirs)
    command = re.search(r"python -c .*", str(refusal.value))[0]
    subprocess.run(command.replace("python", sys.executable, 1), shell=True, check=True)
    for ours, expected in zip(
        AlbertEncoder.from_pretrained(theirs).get_weights(), before, strict=True
    ):
        np.testing.assert_array_equal(ours, expected)


def test_missing_library_names_its_extra(theirs, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    refuses(theirs, "pip install safetensors", ModuleNotFoundError)
