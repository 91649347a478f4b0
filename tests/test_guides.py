"""The guides' scripts, run as they stand on files of a few rows."""

import json
import re
import subprocess
import sys

import pytest

from tests.helpers import REPOSITORY
from tests.training.recipes import small_model
from tf_albert import AlbertEncoder, AlbertPreprocessor, hub

GUIDES = sorted(path for path in (REPOSITORY / "docs/guides").glob("*.md") if path.stem != "README")
SENTENCES = (("a fine object", 1), ("it is an error", 0), ("never of a list", 0), ("nice", 1)) * 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tokenizer):
    """A folder with a model, its modules, and data in the form of each task."""
    folder = tmp_path_factory.mktemp("guides")
    config = small_model(tokenizer.vocab_size).replace(max_position_embeddings=128)
    encoder = AlbertEncoder(config)
    encoder.save_pretrained(folder / "runs/tiny", tokenizer)
    hub.save_encoder(encoder, folder / "modules/encoder")
    hub.save_preprocessor(AlbertPreprocessor(tokenizer, 32), folder / "modules/preprocessor")
    rows = [f"{text}\t{label}" for text, label in SENTENCES]
    write(folder / "SST-2/train.tsv", "\n".join(["sentence\tlabel", *rows]))
    pairs = [
        f"{number}\t{text}\tit is\t{'not_' * label}entailment"
        for number, (text, label) in enumerate(SENTENCES)
    ]
    write(folder / "RTE/train.tsv", "\n".join(["index\tsentence1\tsentence2\tlabel", *pairs]))
    entry = {"question": "What?", "answers": [{"text": "object", "answer_start": 7}]}
    paragraph = {"context": "a fine object " * 60}
    paragraphs = [paragraph | {"qas": [entry | {"id": str(number)}]} for number in (0, 1)]
    write(folder / "squad/train-v1.1.json", json.dumps({"data": [{"paragraphs": paragraphs}]}))
    race = {"article": "It is a list.", "question": "What is it?", "answer": "C"}
    race["options"] = ["an object", "a number", "a list", "an error"]
    write(folder / "RACE/train.jsonl", "\n".join([json.dumps(race)] * 3))
    write(folder / "conll/train.txt", "Ada B-PER\nruns O\n\nParis B-LOC\nis O\nfine O\n")
    return folder


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_guides_script_runs(guide, folder):
    (code,) = re.findall(r"```python\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert finished.stdout.strip()
    if guide.stem == "hub":
        assert "tf_albert" not in code


def test_every_guide_is_in_the_table():
    table = (REPOSITORY / "docs/guides/README.md").read_text(encoding="utf-8")
    assert {guide.name for guide in GUIDES} == set(re.findall(r"\((\w+\.md)\)", table))
