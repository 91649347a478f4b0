"""A release: made of a run, loaded over the network, tried as a stranger, and damaged."""

import functools
import html
import http.server
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import tf_albert
from export import publish, verify
from tests.convert.sources import hosts
from tests.helpers import REPOSITORY, assert_tells_no_path, randomize
from tests.processes import run_python
from tf_albert import files
from tf_albert.convert.native.write import save_pretrained

PUBLISH = REPOSITORY / "export" / "publish.py"
# What Markdown and HTML would take for something else, and what ends a string or a block of code.
LABELS = ["no | yes", "`</td>\\n\"'{}*_*&amp;```python"]
CELL = "no &#124; yes, &#96;&#60;/td&#62;&#92;n\"'&#123;&#125;&#42;&#95;&#42;&#38;amp;"
CELL += "&#96;&#96;&#96;python"
TASK = {"labels": LABELS, "num_segments": 2, "sequence_length": 21}


@pytest.fixture(scope="module")
def classifier_run(small_config, tokenizer, tmp_path_factory):
    config = small_config.replace(num_hidden_layers=1, hidden_dropout_prob=0.2)
    model = randomize(tf_albert.AlbertClassifier(config, num_classes=2))
    folder = tmp_path_factory.mktemp("runs") / "classifier"
    recipe = {"train": "texts/train.tsv", "steps": 120, "learning_rate": 2e-5, "patience": None}
    recipe |= {"output": str(folder), "init": "hf://albert/albert-base-v2"}
    earlier = {"source": str(folder), "earlier": {"source": str(folder / "first")}}
    facts = {"task": TASK, "recipe": recipe, "conversion": earlier}
    save_pretrained(model, folder, tokenizer, facts)
    scores = {"accuracy": 0.87654321, "seeds": {"3": {"loss": 1.25}}}
    (folder / "results.json").write_text(json.dumps(scores))
    return folder


@pytest.fixture(scope="module")
def release(classifier_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("releases") / "release"
    result = run_python(PUBLISH, classifier_run, "--output", folder)
    assert result.returncode == 0, result.stderr
    assert "preprocessor, encoder, classifier" in result.stdout
    return folder


def test_release_has_modules_archives_pages_and_sums(release):
    names = ("classifier", "encoder", "preprocessor")
    expected = {f"{name}{suffix}" for name in names for suffix in ("", ".tar.gz", ".md")}
    assert {path.name for path in release.iterdir()} == {*expected, "SHA256SUMS"}
    page = (release / "classifier.md").read_text(encoding="utf-8")
    assert f"| Labels | {CELL} |" in page
    assert "| Sequence length | 21 |" in page
    assert 'tf.constant(["another"])})["label"]' in page
    for row in ("train | train.tsv", "steps | 120", "learning_rate | 2e-05"):
        assert f"| {row} |" in page
    for row in ("accuracy | 0.8765", "seeds / 3 / loss | 1.25"):
        assert f"| {row} |" in page
    assert "patience" not in page
    assert "It was tried on the data and by the scores below" in page
    assert "Of texts longer than 21 tokens the end is not read." in page
    page = (release / "encoder.md").read_text(encoding="utf-8")
    assert 'preprocessor = hub.KerasLayer("preprocessor")' in page


def test_no_file_of_a_release_tells_a_path(classifier_run, release):
    assert_tells_no_path(release, classifier_run.parent, release.parent)
    facts = json.loads((release / "classifier" / "provenance.json").read_text())["run"]
    assert facts["task"] == TASK
    named = {name: facts["recipe"][name] for name in ("train", "output", "init")}
    address = "hf://albert/albert-base-v2"
    assert named == {"train": "train.tsv", "output": "classifier", "init": address}


def test_stranger_finds_nothing_wrong(release):
    result = run_python(REPOSITORY / "export" / "verify.py", release)
    assert result.returncode == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 7
    assert all(line.startswith("ok ") for line in lines)


def test_the_same_run_gives_the_same_release(classifier_run, release, tmp_path):
    # Not forked where the other was: the order of sets is another.
    command = [sys.executable, PUBLISH, classifier_run, "--output", tmp_path / "again"]
    subprocess.run(command, check=True, capture_output=True)
    sums = sums_of(release)
    assert {"SHA256SUMS", "encoder.tar.gz", "classifier/saved_model.pb"} < set(sums)
    assert sums_of(tmp_path / "again") == sums


def sums_of(folder):
    """Returns the SHA-256 sum of each file of a folder by its path there."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): files.sha256(path) for path in paths}


def test_archive_loads_over_https(release, tmp_path):
    handler = functools.partial(QuietHandler, directory=str(release))
    certificate = hosts.make_certificate(tmp_path)
    with hosts.serving(handler, certificate) as address:
        code = (
            "import tensorflow as tf, tensorflow_text, tensorflow_hub as hub;"
            "from tf_albert.hub import HubLayer;"
            "print(*(layer(tf.constant(['a film']))['input_mask'].shape for layer in"
            f" [module('{address}/preprocessor.tar.gz') for module in (hub.KerasLayer, HubLayer)]))"
        )
        trusted = {"SSL_CERT_FILE": str(certificate), "TFHUB_CACHE_DIR": str(tmp_path)}
        environment = os.environ | trusted | {"no_proxy": "127.0.0.1"}
        # Not forked from one that has imported TF Hub, which reads whom it trusts then.
        command = [sys.executable, "-c", code]
        loaded = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    assert loaded.stdout.decode().strip() == "(1, 21) (1, 21)"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *arguments):
        pass


@pytest.fixture
def damaged(release, tmp_path):
    """A copy of the release, one byte of which is another."""
    folder = shutil.copytree(release, tmp_path / "damaged")
    path = folder / "encoder" / "provenance.json"
    path.write_bytes(path.read_bytes().replace(b"A", b"B", 1))
    return folder


def test_damage_is_found(damaged, monkeypatch, capsys):
    checks = [verify.check_sums, verify.check_archives]
    monkeypatch.setattr(verify, "checks_of", lambda release: checks)
    assert verify.main([str(damaged)]) == 1
    sums, archives = capsys.readouterr().out.splitlines()
    assert sums.startswith("FAIL") and sums.endswith("other sums: encoder/provenance.json")
    assert archives.startswith("FAIL") and "encoder.tar.gz and encoder/ differ" in archives


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("encoder", '"preprocessor"', '"nowhere"', "nowhere"),
        ("classifier", f"| {CELL} |", "| no, yes |", "has the labels"),
        ("preprocessor", "| Sequence length | 21 |", "| Sequence length | 22 |", "have 21 tokens"),
    ],
)
def test_page_that_tells_something_else_is_found(damaged, name, old, new, message):
    path = damaged / f"{name}.md"
    page = path.read_text(encoding="utf-8")
    assert old in page
    path.write_text(page.replace(old, new), encoding="utf-8")
    with pytest.raises((AssertionError, OSError), match=message):
        verify.check_pages(damaged)


@given(labels=st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, unique=True))
@example(labels=[*LABELS, "a\r\n| b |\n```python\nraise\n```", "x, y", "_a_b_", "</script>"])
def test_no_label_leaves_its_place_on_the_page(tmp_path_factory, labels):
    module = tmp_path_factory.getbasetemp() / "classifier"
    module.mkdir(exist_ok=True)

    def page(labels, recipe, scores):
        facts = TASK | {"labels": labels, "multi_label": False, "tf_albert_version": "1"}
        files.write_json(module / "provenance.json", facts | {"run": {"recipe": recipe}})
        config = tf_albert.AlbertConfig.from_name("albert_tiny")
        return publish.page_of(module, config, scores)

    plain = page(["a", "b"], {"label_column": "c"}, {"d": {"e": 0.5}})
    found = page(labels, {"label_column": labels[0]}, {labels[-1]: {"e": 0.5}})
    # A page has as many lines, whatever stands in them, and its tables have two columns.
    assert found.count("\n") == plain.count("\n")
    for row, other in zip(found.split("\n"), plain.split("\n"), strict=True):
        assert row.count("|") == other.count("|") or "| Labels |" in other
        assert not set("`<>{}*[]") & set(row) or row == other
    cells = re.findall(r"^\| Labels \| (.*) \|$", found, re.MULTILINE)
    assert [html.unescape(label) for label in cells[0].split(", ")] == labels
    assert re.findall(r"```python\n.*?```", found, re.DOTALL) == re.findall(
        r"```python\n.*?```", plain, re.DOTALL
    )


def test_missing_and_stray_files_are_found(damaged):
    (damaged / "encoder.md").unlink()
    (damaged / "stray").write_text("")
    with pytest.raises(AssertionError, match=r"encoder\.md, stray"):
        verify.check_sums(damaged)


def test_what_is_no_release_is_told(tmp_path, capsys):
    assert verify.main([str(tmp_path)]) == 2
    assert "is no release: it lacks SHA256SUMS" in capsys.readouterr().err


def without(name):
    def change(run):
        (run / name).unlink()

    return change


def with_provenance(**values):
    def change(run):
        path = run / "provenance.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("provenance.json"), "is no model folder: it lacks provenance.json"),
        (without("tokenizer_config.json"), "lacks tokenizer_config.json, which"),
        (without("spiece.model"), "lacks spiece.model, which provenance.json names"),
        (without("model.weights.h5"), "lacks model.weights.h5"),
        (with_provenance(model_class="Bert"), "names the model class 'Bert'"),
    ],
)
def test_run_that_cannot_be_published(classifier_run, tmp_path, capsys, change, message):
    run = shutil.copytree(classifier_run, tmp_path / "run")
    change(run)
    assert publish.main([str(run), "--output", str(tmp_path / "release")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_other_files_are_not_replaced(classifier_run, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert publish.main([str(classifier_run), "--output", str(tmp_path)]) == 2
    assert "holds files but no SHA256SUMS" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_too_long_rows_are_refused(classifier_run, tmp_path, capsys):
    arguments = [str(classifier_run), "--output", str(tmp_path / "r"), "--sequence-length", "42"]
    assert publish.main(arguments) == 2
    assert "above the model's 41 positions" in capsys.readouterr().err
