"""LiteRT files, in the hands of a process that has neither TensorFlow nor tf_albert."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import tf_albert
from tests.helpers import randomize
from tests.hub.conftest import LABELS, SEQUENCE_LENGTH
from tf_albert.cli.main import main
from tf_albert.convert import formats
from tf_albert.hub.litert import FORMS

# About twice what was seen (1e-6, 0.002, 0.015, 0.073), of logits that span 1.2.
CLOSE = {"float32": 1e-5, "float16": 0.005, "int8": 0.03, "full_int8": 0.15}
# Beside the weights: the graph, and in int8 a scale for each row of a matrix and for each bias.
GRAPH_BYTES = 160_000
BYTES_A_WEIGHT = {"float32": 4, "float16": 2, "int8": 1, "full_int8": 1}


@pytest.fixture(scope="module")
def classifier(dropout_config):
    """One whose logits are moderate: bytes for wide ranges are coarse."""
    config = dropout_config.replace(num_hidden_layers=3, type_vocab_size=2)
    return randomize(tf_albert.AlbertClassifier(config, num_classes=len(LABELS)), seed=1)


@pytest.fixture(scope="module")
def inputs(preprocessor, corpus):
    """Rows of text, of [CLS] and [SEP] alone, and, last, of nothing at all."""
    rows = preprocessor([*[line[:40] for line in corpus[3:90:3]], *corpus[5:9], ""])
    return {name: np.pad(np.asarray(values), ((0, 1), (0, 0))) for name, values in rows.items()}


@pytest.fixture(scope="module")
def expected(classifier, inputs):
    return np.asarray(classifier(inputs))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, classifier, preprocessor, corpus, inputs):
    """A folder with the inputs and a file of each form, calibrated on texts that fill every row."""
    folder = tmp_path_factory.mktemp("litert")
    full = [" ".join(corpus[row : row + 3]) for row in range(100, 130)]
    assert np.all(preprocessor(full)["input_mask"])
    for form in FORMS:
        texts = full if form == "full_int8" else None
        tf_albert.hub.save_litert(
            classifier, preprocessor, folder / f"{form}.tflite", form, texts=texts
        )
    np.savez(folder / "inputs.npz", **inputs)
    return folder


def run_by_stranger(folder):
    """Returns the logits of each file in a folder, and what the process had imported."""
    script = Path(__file__).with_name("litert_stranger.py")
    subprocess.run([sys.executable, script, folder], check=True)
    with np.load(folder / "logits.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def logits(folder):
    return run_by_stranger(folder)


@pytest.mark.parametrize("form", FORMS)
def test_logits_are_those_of_the_model(logits, expected, inputs, form):
    assert logits[form].dtype == np.float32
    assert logits[form].shape == (len(inputs["input_mask"]), len(LABELS))
    assert len(set(inputs["input_mask"].sum(axis=1))) > 5
    assert np.ptp(expected) > 1
    # Where no place is a token, padded rows and flat tokens attend to different places.
    np.testing.assert_allclose(logits[form][:-1], expected[:-1], atol=CLOSE[form], rtol=0)


@pytest.mark.parametrize("form", FORMS)
def test_predictions_are_those_of_the_model(logits, expected, form):
    predictions = expected.argmax(axis=1)
    assert len(set(predictions)) > 1
    assert np.mean(logits[form].argmax(axis=1) == predictions) > 0.9


@pytest.mark.parametrize("form", FORMS)
def test_no_number_is_lost_on_rows_of_nothing(logits, inputs, form):
    assert inputs["input_mask"][-2:].sum(axis=1).tolist() == [2, 0]
    assert np.all(np.isfinite(logits[form][-2:]))


def test_consumer_needs_no_tensorflow(logits):
    assert logits["imports"].size == 0


def test_pairs_calibrate_a_regression(regressor, preprocessor, texts, tmp_path):
    pairs = list(zip(*texts, strict=True))
    path = tmp_path / "pairs.tflite"
    tf_albert.hub.save_litert(regressor, preprocessor, path, "full_int8", pairs)
    inputs = {name: np.asarray(rows) for name, rows in preprocessor(tuple(texts)).items()}
    assert inputs["input_type_ids"].max() == 1
    np.savez(tmp_path / "inputs.npz", **inputs)
    logits = run_by_stranger(tmp_path)["pairs"]
    np.testing.assert_allclose(logits, regressor(inputs), atol=CLOSE["full_int8"], rtol=0)


@pytest.mark.parametrize("form", FORMS)
def test_weights_that_layers_share_are_stored_once(tmp_path, preprocessor, small_config, form):
    texts = ["a fine film"] if form == "full_int8" else None
    sizes = {}
    for num_layers in (2, 4):
        # Wide enough that a second copy of the block is larger than the graph of two layers.
        config = small_config.replace(
            hidden_size=120, intermediate_size=490, num_hidden_layers=num_layers
        )
        classifier = randomize(tf_albert.AlbertClassifier(config, num_classes=2))
        path = tmp_path / f"{num_layers}.tflite"
        tf_albert.hub.save_litert(classifier, preprocessor, path, form, texts)
        sizes[num_layers] = path.stat().st_size
    weights = BYTES_A_WEIGHT[form] * classifier.count_params()
    block = BYTES_A_WEIGHT[form] * (4 * 120 * 120 + 2 * 120 * 490)
    assert 0.9 * weights < sizes[2] < sizes[4] < weights + GRAPH_BYTES
    assert sizes[4] - sizes[2] < block / 2


def test_the_callers_model_stays_as_it_is(classifier, preprocessor, tmp_path):
    before = [np.array(weight) for weight in classifier.get_weights()]
    tf_albert.hub.save_litert(classifier, preprocessor, tmp_path / "model.tflite")
    assert classifier.encoder.skip_padding
    for weight, value in zip(classifier.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)


@pytest.mark.parametrize(
    ("form", "texts", "message"),
    [
        ("int4", None, "'int4'.*Known forms: float32, float16, int8, full_int8"),
        ("full_int8", None, "'full_int8' needs texts.*--calibration"),
        ("full_int8", [], "'full_int8' needs texts"),
        ("int8", ["a fine film"], "'int8' measures nothing on texts"),
    ],
)
def test_a_wrong_form_or_its_texts_are_refused(
    classifier, preprocessor, tmp_path, form, texts, message
):
    with pytest.raises(ValueError, match=message):
        tf_albert.hub.save_litert(classifier, preprocessor, tmp_path / "model.tflite", form, texts)
    assert not list(tmp_path.iterdir())


def test_other_models_longer_rows_and_folders_are_refused(
    classifier, preprocessor, tokenizer, tmp_path
):
    path = tmp_path / "model.tflite"
    with pytest.raises(ValueError, match="Received: AlbertMultipleChoice"):
        chooser = tf_albert.AlbertMultipleChoice(classifier.encoder)
        tf_albert.hub.save_litert(chooser, preprocessor, path)
    with pytest.raises(ValueError, match="`max_position_embeddings`=41"):
        longer = tf_albert.AlbertPreprocessor(tokenizer, 42)
        tf_albert.hub.save_litert(classifier, longer, path)
    with pytest.raises(ValueError, match="is a folder"):
        tf_albert.hub.save_litert(classifier, preprocessor, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory, classifier, tokenizer):
    folder = tmp_path_factory.mktemp("run") / "model"
    classifier.save_pretrained(folder, tokenizer)
    return folder


def export(model, *options):
    return main(["export", "litert", "--model", str(model), *map(str, options)])


def test_command_writes_a_file(model_folder, tmp_path, inputs, expected, corpus, capfd):
    output, calibration = tmp_path / "new" / "full.tflite", tmp_path / "texts.txt"
    calibration.write_text("\n".join(corpus[30:50]), encoding="utf-8")
    options = ("--form", "full_int8", "--sequence-length", SEQUENCE_LENGTH)
    assert export(model_folder, "--output", output, *options, "--calibration", calibration) == 0
    captured = capfd.readouterr()
    assert captured.out == f"Wrote {output}: full_int8, 0.1 MB, rows of {SEQUENCE_LENGTH} tokens.\n"
    assert captured.err == ""
    assert list(output.parent.iterdir()) == [output]
    np.savez(output.parent / "inputs.npz", **inputs)
    logits = run_by_stranger(output.parent)["full"]
    np.testing.assert_allclose(logits[:-1], expected[:-1], atol=CLOSE["full_int8"], rtol=0)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--form", "int4"), "Known forms: float32"),
        (("--form", "full_int8"), "--calibration"),
        (("--form", "full_int8", "--calibration", "nowhere.txt"), "nowhere.txt"),
        (("--from", "int8"), "Known options: --model, --output, --form"),
        (("--sequence-length", "42"), "Use 41 or less"),
        (("--sequence-length", "0"), "must be at least 3"),
    ],
)
def test_command_says_what_is_wrong(model_folder, tmp_path, monkeypatch, capsys, options, part):
    monkeypatch.chdir(tmp_path)
    assert export(model_folder, "--output", "model.tflite", *options) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert part in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["float32", "int8"])
def test_encoder_gives_what_it_gives_in_keras(classifier, preprocessor, tmp_path, inputs, form):
    """By the model and its rows, by the model alone, and by where the model of a run lies."""
    encoder = classifier.encoder
    pretrainer = tf_albert.AlbertPretrainer(encoder)
    pretrainer.save_pretrained(tmp_path / "run" / "model")
    path, rows = tmp_path / "encoder.tflite", {"sequence_length": SEQUENCE_LENGTH}
    contents = []
    for arguments, more in (
        ((encoder, preprocessor, path, form), {}),
        ((encoder, path, form), rows),
        ((tmp_path / "run", path, form), rows),
    ):
        assert tf_albert.hub.save_litert(*arguments, **more) == SEQUENCE_LENGTH
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] == contents[2]
    assert len(contents[0]) > BYTES_A_WEIGHT[form] * encoder.count_params()
    expected = encoder({name: values[:-1] for name, values in inputs.items()})
    run = Interpreter(str(path)).get_signature_runner("serving_default")
    for row, mask in enumerate(inputs["input_mask"][:-1]):
        outputs = run(**{name: values[row : row + 1] for name, values in inputs.items()})
        assert outputs.keys() == {"pooled_output", "sequence_output"}
        for name, part in (("pooled_output", ...), ("sequence_output", mask == 1)):
            found, known = outputs[name][0][part], np.asarray(expected[name])[row][part]
            np.testing.assert_allclose(found, known, atol=30 * CLOSE[form], rtol=0)


def test_command_writes_an_encoder(classifier, tokenizer, tmp_path, corpus, capsys):
    classifier.encoder.save_pretrained(tmp_path / "model", tokenizer)
    (tmp_path / "texts.txt").write_text("\n".join(corpus[30:40]), encoding="utf-8")
    options = ("--form", "full_int8", "--calibration", tmp_path / "texts.txt")
    assert export(tmp_path / "model", "--output", tmp_path / "model.tflite", *options) == 0
    assert "full_int8, 0.1 MB, rows of 41 tokens." in capsys.readouterr().out


def test_module_and_model_of_another_library_are_taken(classifier, tmp_path):
    tf_albert.hub.save_encoder(classifier.encoder, tmp_path / "module")
    formats.convert(tmp_path / "module", tmp_path / "theirs", "huggingface")
    for name in ("module", "theirs"):
        tf_albert.hub.save_litert(tmp_path / name, tmp_path / f"{name}.tflite", sequence_length=9)
    contents = {(tmp_path / f"{name}.tflite").read_bytes() for name in ("module", "theirs")}
    assert len(contents) == 1


def test_calibration_without_a_tokenizer_is_refused(classifier, tmp_path):
    with pytest.raises(ValueError, match="'full_int8' needs the preprocessor"):
        tf_albert.hub.save_litert(classifier, tmp_path / "a.tflite", "full_int8", texts=["a film"])
    assert not list(tmp_path.iterdir())


def test_command_of_a_task_without_a_litert_form_is_refused(tmp_path, dropout_config, capsys):
    tf_albert.AlbertSpanLabeler(dropout_config).save_pretrained(tmp_path / "model")
    assert export(tmp_path / "model", "--output", tmp_path / "model.tflite") == 2
    assert "Received: AlbertSpanLabeler" in capsys.readouterr().err
    assert not (tmp_path / "model.tflite").exists()
