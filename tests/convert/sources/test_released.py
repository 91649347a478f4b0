"""Released models by their names, from a stand-in for Hugging Face's hub on loopback."""

import json
from pathlib import Path

import numpy as np
import pytest

import tf_albert
from tests.convert.sources import hosts
from tests.convert.sources.released_files import write_released
from tests.processes import run_python
from tf_albert import AlbertEncoder, AlbertPretrainer, AlbertTokenizer
from tf_albert.addresses import address_of
from tf_albert.cli.main import main
from tf_albert.convert import formats
from tf_albert.convert.sources.released import RELEASED, find_released

ADDRESS = "hf://albert/albert-base-v2"

LOAD = """
import sys
import numpy as np
import tf_albert
*names, target = sys.argv[1:]
print(tf_albert.AlbertTokenizer.from_pretrained(names[0]).encode("The object is").ids)
arrays = []
for name in names:
    encoder = tf_albert.AlbertEncoder.from_pretrained(name)
    tokenizer = tf_albert.AlbertTokenizer.from_pretrained(name)
    print(tokenizer.encode("The object is").ids)
    arrays.append(encoder.embedding.word_embeddings.numpy())
np.savez(target, *arrays)
"""

FINETUNE = """
import sys
from tf_albert.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def environment_of(address, cache):
    return {"HF_ENDPOINT": address, "HF_HOME": str(cache), "no_proxy": "127.0.0.1"}


@pytest.fixture(scope="module")
def released(tmp_path_factory, tokenizer):
    """A folder like the released one, and its arrays."""
    folder = tmp_path_factory.mktemp("hub") / "albert-base-v2"
    return folder, write_released(folder, tokenizer)


def test_names_and_addresses_find_the_released_weights(released, tokenizer, tmp_path):
    folder, arrays = released
    names = ["albert-base-v2", "albert/albert-base-v2", "albert_base_v2", ADDRESS]
    with hosts.serve({"albert/albert-base-v2": folder}) as address:
        done = run_python(
            *("-c", LOAD, *names, tmp_path / "loaded.npz"),
            folder=tmp_path,
            **environment_of(address, tmp_path / "cache"),
        )
    assert done.returncode == 0, done.stderr
    ids = str(tokenizer.encode("The object is").ids)
    assert done.stdout.splitlines() == [ids] * (len(names) + 1)
    with np.load(tmp_path / "loaded.npz") as loaded:
        for name in loaded.files:
            expected = arrays["albert.embeddings.word_embeddings.weight"]
            np.testing.assert_array_equal(loaded[name], expected)
    fetched = {path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()}
    assert {"config.json", "model.safetensors", "spiece.model"} <= fetched
    assert not {"pytorch_model.bin", "tf_model.h5", "rust_model.ot"} & fetched


def test_tokenizer_alone_leaves_the_weights_where_they_are(released, tmp_path):
    code = "import sys, tf_albert; tf_albert.AlbertTokenizer.from_pretrained(sys.argv[1])"
    with hosts.serve({"albert/albert-base-v2": released[0]}) as address:
        done = run_python("-c", code, ADDRESS, **environment_of(address, tmp_path))
    assert done.returncode == 0, done.stderr
    assert any(path.name == "spiece.model" for path in tmp_path.rglob("*"))
    assert not any(path.name == "model.safetensors" for path in tmp_path.rglob("*"))


def test_recipe_begins_with_a_released_model(released, tmp_path):
    rows = [f"{word} object\t{label}" for word, label in (("good", "yes"), ("bad", "no")) * 4]
    (tmp_path / "t.tsv").write_text("\n".join(["text\tlabel", *rows]), encoding="utf-8")
    columns = ("--text-column", "text", "--label-column", "label")
    table = ("--train", "t.tsv", "--dev", "t.tsv", *columns)
    steps = ("--steps", 1, "--warmup-steps", 0, "--batch-size", 8, "--sequence-length", 9)
    places = ("--init", "albert-base-v2", "--output", "run")
    with hosts.serve({"albert/albert-base-v2": released[0]}) as address:
        done = run_python(
            *("-c", FINETUNE, "finetune", *table, *steps, *places),
            folder=tmp_path,
            **environment_of(address, tmp_path / "cache"),
        )
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "run/model/provenance.json").read_text())
    assert facts["recipe"]["init"] == "albert-base-v2"


def test_without_a_network_it_says_what_was_looked_for_and_what_fetches_it(tmp_path):
    code = FINETUNE.replace("sys.argv[1:]", "['inspect', sys.argv[1]]")
    nobody = environment_of("http://127.0.0.1:9", tmp_path)
    for name in ("albert-xxlarge-v1", "hf://albert/albert-xxlarge-v1"):
        done = run_python("-c", code, name, **nobody)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "hf://albert/albert-xxlarge-v1 could not be fetched: " in line
        command = "`tf-albert convert hf://albert/albert-xxlarge-v1 FOLDER` elsewhere makes"
        assert command in line
    assert (
        "albert-xxlarge-v1 is no file or folder here, so the released"
        in run_python("-c", code, "albert-xxlarge-v1", **nobody).stderr
    )


@pytest.mark.parametrize("has_copies", [True, False])
def test_encoder_loads_as_it_is_and_a_pretrainer_says_what_is_new(
    tmp_path, tokenizer, caplog, has_copies
):
    arrays = write_released(tmp_path / "theirs", tokenizer, has_copies)
    encoder = AlbertEncoder.from_pretrained(tmp_path / "theirs")
    assert caplog.text == ""
    np.testing.assert_array_equal(encoder.pooler.bias, arrays["albert.pooler.bias"])
    pretrainer = AlbertPretrainer.from_pretrained(tmp_path / "theirs")
    (record,) = caplog.records
    assert "sentence_order_head/kernel, sentence_order_head/bias" in record.message or (
        "sentence_order_head/bias, sentence_order_head/kernel" in record.message
    )
    assert "AlbertForMaskedLM has none" in record.message
    head = pretrainer.masked_lm_head
    np.testing.assert_array_equal(head.output_bias, arrays["predictions.bias"])


def test_folder_of_that_name_has_precedence(tmp_path, tokenizer, small_config, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("albert-base-v2", "albert/albert-base-v2"):
        AlbertEncoder(small_config).save_pretrained(name, tokenizer)
        assert AlbertEncoder.from_pretrained(name).config == small_config
        assert AlbertTokenizer.from_pretrained(name).vocabulary == Path(name) / "spiece.model"
        assert find_released(name) is None
    assert find_released("albert_base_v2").address == ADDRESS


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("albert-xxlarge-v1", "hf://albert/albert-xxlarge-v1"),
        ("ALBERT_Large_v2", "hf://albert/albert-large-v2"),
        ("albert/albert_xlarge_v1", "hf://albert/albert-xlarge-v1"),
        ("albert-base-zh", "https://storage.googleapis.com/albert_models/albert_base_zh.tar.gz"),
        ("albert-base-v3", None),
        ("google/albert-base-v2", None),
        ("./albert-base-v2", None),
    ],
)
def test_names(name, address):
    found = find_released(name)
    assert (found and found.address) == address


def test_table_lists_every_model_with_its_size(capsys):
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    assert len(RELEASED) == 12
    for model in RELEASED:
        assert model.name in printed
        assert model.address in printed
    # The paper's table 1 has 12M, 18M, 60M and 235M, which count the heads of pretraining in.
    assert "11,683,584    46.7" in printed
    assert "222,595,584" in printed


def test_chinese_vocabulary_is_told_to_be_none_of_ours():
    with pytest.raises(FileNotFoundError, match="no SentencePiece model but BERT's Chinese word"):
        AlbertTokenizer.from_pretrained("albert_base_zh")


def test_unknown_name_tells_where_the_known_ones_are():
    with pytest.raises(FileNotFoundError, match=r"v3 does not exist\..*`tf-albert models`"):
        AlbertEncoder.from_pretrained("albert-base-v3")
    with pytest.raises(FileNotFoundError, match=r"albert-base-v3 does not exist\."):
        AlbertTokenizer.from_pretrained("albert-base-v3")


def test_size_has_hyphens_too():
    config = tf_albert.AlbertConfig.from_name("albert-base-v2")
    assert config == tf_albert.AlbertConfig.from_name("albert_base_v2")


def test_path_that_was_an_address_is_one():
    assert address_of(Path("hf://albert/albert-base-v2")) == ADDRESS
    assert address_of(Path("runs/hf:/a")) is address_of("C:/models") is None


@pytest.mark.parametrize(
    "use",
    [
        lambda: tf_albert.load_predictor("hf://some/model"),
        lambda: tf_albert.hub.save_run("hf://some/model", "modules"),
        lambda: AlbertTokenizer("hf://some/model"),
        lambda: AlbertTokenizer(Path("hf://some/model")),
    ],
)
def test_address_where_a_folder_is_needed_is_told_to_be_one(use):
    message = r"hf://some/model is an address.*`tf-albert convert hf://some/model FOLDER`"
    with pytest.raises(ValueError, match=message):
        use()


def test_nothing_is_written_to_an_address(tmp_path, small_config, monkeypatch):
    monkeypatch.chdir(tmp_path)
    encoder = AlbertEncoder(small_config)
    with pytest.raises(ValueError, match="hf://me/mine is an address, and a folder is to be writt"):
        encoder.save_pretrained("hf://me/mine")
    encoder.save_pretrained("ours")
    with pytest.raises(ValueError, match="hf://me/mine is an address"):
        formats.convert("ours", "hf://me/mine", "google")
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]
