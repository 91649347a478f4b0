"""The guides' scripts, run as they stand on files of a few rows."""

import json
import re
import shutil

import pytest

from export import publish
from tests.helpers import REPOSITORY
from tests.processes import run_python
from tests.training.recipes import small_model
from tf_albert import AlbertEncoder

GUIDES = sorted(path for path in (REPOSITORY / "docs/guides").glob("*.md") if path.stem != "README")
CODE = {
    guide.stem: re.findall(r"```python\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    for guide in GUIDES
}
# Guides of two scripts, for tf_keras and for Keras 3, and what holds at the end of both.
SAVED_IS_THE_MODEL = """
import numpy as np
for saved in (logits, served):
    np.testing.assert_allclose(saved, model({inputs}), atol=1e-5)
"""
ANSWERS_ARE_MARKED = """
rows = [tf.constant(part) for part in (questions, contexts, first_bytes, last_bytes)]
_, spans = example_of(*rows)
_, (begins, ends), _ = rows_of(*rows[:2])
for row, (first, last) in enumerate(spans):
    assert contexts[row].encode()[begins[row, first] : ends[row, last]] == b"object"
assert answer and answer in context
"""
OUTCOMES = {
    "hub_classify_text": SAVED_IS_THE_MODEL.format(inputs="texts"),
    "hub_glue": SAVED_IS_THE_MODEL.format(inputs="list(pairs.values())"),
    "hub_questions": ANSWERS_ARE_MARKED,
}
STRANGER = "import sys\nassert 'tf_albert' not in sys.modules\n"
SENTENCES = (("a fine object", 1), ("it is an error", 0), ("never of a list", 0), ("nice", 1)) * 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tokenizer, corpus):
    """A folder with a model, a release of it, and data in the form of each task."""
    folder = tmp_path_factory.mktemp("guides")
    config = small_model(tokenizer.vocab_size).replace(max_position_embeddings=128)
    AlbertEncoder(config).save_pretrained(folder / "runs/tiny", tokenizer)
    publish.publish(folder / "runs/tiny", folder / "release", sequence_length=32)
    rows = [f"{text}\t{label}" for text, label in SENTENCES]
    pairs = [
        f"{number}\t{text}\tit is\t{'not_' * label}entailment"
        for number, (text, label) in enumerate(SENTENCES)
    ]
    for name in ("train", "dev"):
        write(folder / f"SST-2/{name}.tsv", "\n".join(["sentence\tlabel", *rows]))
        table = ["index\tsentence1\tsentence2\tlabel", *pairs]
        write(folder / f"RTE/{name}.tsv", "\n".join(table))
    entry = {"question": "What?", "answers": [{"text": "object", "answer_start": 7}]}
    paragraph = {"context": "a fine object " * 60}
    paragraphs = [paragraph | {"qas": [entry | {"id": str(number)}]} for number in (0, 1)]
    write(folder / "squad/train-v1.1.json", json.dumps({"data": [{"paragraphs": paragraphs}]}))
    race = {"article": "It is a list.", "question": "What is it?", "answer": "C"}
    race["options"] = ["an object", "a number", "a list", "an error"]
    write(folder / "RACE/train.jsonl", "\n".join([json.dumps(race)] * 3))
    documents = ["\n".join(corpus[first : first + 6]) for first in range(0, 120, 6)]
    write(folder / "corpus.txt", "\n\n".join(documents))
    (folder / "spiece.model").write_bytes(tokenizer.model_proto)
    write(folder / "conll/train.txt", "Ada B-PER\nruns O\n\nParis B-LOC\nis O\nfine O\n")
    return folder


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def run(code, folder):
    """Runs a script in a process of its own and returns what it prints."""
    finished = run_python("-c", code, folder=folder)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return finished.stdout


@pytest.mark.parametrize("guide", [name for name in CODE if name not in (*OUTCOMES, "depth")])
def test_the_guides_script_runs(guide, folder):
    (code,) = CODE[guide]
    assert run(code, folder).strip()


def test_script_on_depth_runs_where_there_are_layers(folder, tmp_path, tokenizer):
    config = small_model(tokenizer.vocab_size).replace(
        num_hidden_layers=2, max_position_embeddings=128
    )
    AlbertEncoder(config).save_pretrained(tmp_path / "runs/tiny", tokenizer)
    shutil.copytree(folder / "SST-2", tmp_path / "SST-2")
    (code,) = CODE["depth"]
    assert run(code, tmp_path).strip()


@pytest.mark.parametrize("guide", OUTCOMES)
def test_script_of_tf_keras_needs_no_tf_albert(guide, folder):
    code, _ = CODE[guide]
    assert "tf_albert" not in code
    run(code + OUTCOMES[guide] + STRANGER, folder)


@pytest.mark.parametrize("guide", OUTCOMES)
def test_script_of_keras_3_needs_the_layer_alone(guide, folder):
    _, code = CODE[guide]
    lines = [line for line in code.splitlines() if "tf_albert" in line or "tf_keras" in line]
    assert lines == ["from tf_albert.hub import HubLayer"]
    run(code + OUTCOMES[guide], folder)


def test_every_guide_is_in_the_table():
    table = (REPOSITORY / "docs/guides/README.md").read_text(encoding="utf-8")
    assert {guide.name for guide in GUIDES} == set(re.findall(r"\((\w+\.md)\)", table))
