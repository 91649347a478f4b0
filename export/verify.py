"""Tries a release as a stranger would, with nothing of tf_albert.

    python export/verify.py RELEASE

RELEASE is a folder that `export/publish.py` wrote. One line is printed for each check. Exit code 0:
all hold; 1: a check failed; 2: the folder is no release.
"""

import argparse
import contextlib
import hashlib
import html
import io
import os
import re
import sys
import tarfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401  (registers the tokenizer's operations)
import tf_keras

with warnings.catch_warnings():
    # It imports pkg_resources, which announces its own end.
    warnings.simplefilter("ignore", UserWarning)
    import tensorflow_hub as hub

SUMS_FILE = "SHA256SUMS"
INPUTS = ("input_mask", "input_type_ids", "input_word_ids")
TEXTS = ("A fine film, all in all.", "", "Überraschend: 1,234 people came.")
# Softmax does not see it: its gradient is zero but for rounding.
WITHOUT_GRADIENT = "key/bias"


def main(arguments: Sequence[str] | None = None) -> int:
    """Verifies as the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("release", type=Path, help="folder that `publish.py` wrote")
    release = parser.parse_args(arguments).release
    needed = (SUMS_FILE, "preprocessor/saved_model.pb", "encoder/saved_model.pb")
    missing = [name for name in needed if not (release / name).is_file()]
    if missing:
        print(
            f"verify: {release} is no release: it lacks {', '.join(missing)}. Name a folder that "
            "`export/publish.py` wrote.",
            file=sys.stderr,
        )
        return 2
    results = [run_check(check, release) for check in checks_of(release)]
    return 0 if all(results) else 1


def checks_of(release: Path) -> list[Callable[[Path], str]]:
    """Returns the checks for a release; each is a function of its folder that raises or returns."""
    checks = [check_sums, check_archives, check_preprocessor, check_encoder]
    of_tasks = {
        "classifier": check_classifier,
        "answerer": check_answerer,
        "chooser": check_chooser,
        "tagger": check_tagger,
    }
    of_modules = [check for name, check in of_tasks.items() if (release / name).exists()]
    return [*checks, check_fine_tuning, check_pages, *of_modules]


def run_check(check: Callable[[Path], str], release: Path) -> bool:
    """Runs one check and prints its line; returns whether it holds."""
    title = str(check.__doc__).splitlines()[0].rstrip(".")
    try:
        details = check(release)
    except Exception as error:  # a damaged module may fail in any way; the others are still tried
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        print(f"FAIL  {title}: {reason}")
        return False
    print(f"ok    {title}: {details}")
    return True


def require(condition: object, sentence: str) -> None:
    """Raises an `AssertionError` that says what does not hold."""
    if not condition:
        raise AssertionError(sentence)


def check_sums(release: Path) -> str:
    """Every file has the sum that SHA256SUMS gives."""
    lines = (release / SUMS_FILE).read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = _sums_of(release)
    strays = sorted(set(sums) ^ (set(found) - {SUMS_FILE}))
    require(not strays, f"not in both the list and the folder: {', '.join(strays)}")
    wrong = [name for name, digest in sums.items() if found[name] != digest]
    require(not wrong, f"other sums: {', '.join(wrong)}")
    return f"{len(sums)} files"


def _sums_of(folder: Path) -> dict[str, str]:
    """Returns the sums of the files below a folder, by their names in it."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _sum(path.read_bytes()) for path in paths}


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_archives(release: Path) -> str:
    """Each archive holds the files of its folder at its root."""
    names = [path.parent.name for path in sorted(release.glob("*/saved_model.pb"))]
    for name in names:
        with tarfile.open(release / f"{name}.tar.gz") as archive:
            # A folder in it is no file, and gives None.
            inside = {member.name: archive.extractfile(member) for member in archive}
            packed = {path: _sum(file.read()) for path, file in inside.items() if file}
        require(packed == _sums_of(release / name), f"{name}.tar.gz and {name}/ differ")
    return ", ".join(names)


def check_pages(release: Path) -> str:
    """The code of each page runs, and its numbers are those of the module."""
    pages = [path.parent.with_suffix(".md") for path in sorted(release.glob("*/saved_model.pb"))]
    for path in pages:
        page = path.read_text(encoding="utf-8")
        (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        with contextlib.chdir(release), contextlib.redirect_stdout(io.StringIO()) as shown:
            exec(code, {})
        require(shown.getvalue().strip(), f"the code of {path.name} shows nothing")
        _check_numbers(path.with_suffix(""), dict(re.findall(r"^\| (.+) \| (.+) \|$", page, re.M)))
    return ", ".join(path.name for path in pages)


def _check_numbers(module: Path, facts: dict[str, str]) -> None:
    """Raises where a page tells other numbers than a module has."""
    loaded = hub.load(str(module))
    if "Parameters" in facts:
        parts = filter(None, (loaded, *(getattr(loaded, name, None) for name in ("mlm", "sop"))))
        sizes = {v.name: v.shape.num_elements() for part in parts for v in part.variables}
        count = sum(size for name, size in sizes.items() if "seed_generator" not in name)
        require(f"{count:,}" == facts["Parameters"], f"{module.name} has {count:,} parameters")
    if "Labels" in facts:
        labels = (module / "assets" / "labels.txt").read_text(encoding="utf-8").splitlines()
        named = [html.unescape(label) for label in facts["Labels"].split(", ")]
        require(labels == named, f"{module.name} has the labels {labels}")
    if module.name == "preprocessor":
        length = hub.KerasLayer(str(module))(tf.constant(TEXTS))["input_word_ids"].shape[1]
        require(str(length) == facts["Sequence length"], f"rows have {length} tokens")


def check_preprocessor(release: Path) -> str:
    """The preprocessor makes the encoder's inputs of strings."""
    inputs = _inputs(release)
    shape = inputs["input_word_ids"].shape
    require(sorted(inputs) == sorted(INPUTS), f"its outputs are {sorted(inputs)}")
    for name, value in inputs.items():
        require(value.dtype == tf.int32, f"{name} is {value.dtype.name}")
        require(value.shape == (len(TEXTS), shape[1]), f"{name} has the shape {value.shape}")
    return f"int32, {tuple(shape)}"


def _inputs(release: Path) -> dict[str, tf.Tensor]:
    return hub.KerasLayer(str(release / "preprocessor"))(tf.constant(TEXTS))


def check_encoder(release: Path) -> str:
    """The encoder gives finite float32 outputs, the same each time without training."""
    encoder, inputs = hub.KerasLayer(str(release / "encoder"), trainable=True), _inputs(release)
    outputs, again = (tf.nest.flatten(encoder(inputs, training=False)) for _ in range(2))
    named = encoder(inputs)
    batch, length = inputs["input_word_ids"].shape
    hidden = named["pooled_output"].shape[-1]
    require(named["sequence_output"].shape == (batch, length, hidden), "sequence_output's shape")
    require(named["pooled_output"].shape == (batch, hidden), "pooled_output's shape")
    for output, repeated in zip(outputs, again, strict=True):
        require(output.dtype == tf.float32, f"an output is {output.dtype.name}")
        require(np.isfinite(output).all(), "an output is not finite")
        require(np.array_equal(output, repeated), "two calls without training differ")
    return f"{len(named['encoder_outputs'])} layers of width {hidden}"


def check_fine_tuning(release: Path) -> str:
    """One fit step in tf_keras changes every trainable weight of the encoder."""
    encoder, inputs = hub.KerasLayer(str(release / "encoder"), trainable=True), _inputs(release)
    model = _regression(encoder)
    before = [weight.numpy() for weight in encoder.trainable_weights]
    model.fit(inputs, tf.random.stateless_normal((len(TEXTS), 1), seed=(1, 2)), verbose=0)
    unchanged = [
        weight.name
        for weight, value in zip(encoder.trainable_weights, before, strict=True)
        if WITHOUT_GRADIENT not in weight.name and np.array_equal(weight, value)
    ]
    require(before, "the encoder has no trainable weights")
    require(not unchanged, f"unchanged: {', '.join(unchanged)}")
    return f"{len(before)} weights, {sum(value.size for value in before):,} parameters"


def _regression(encoder: hub.KerasLayer) -> tf_keras.Model:
    """Returns a compiled tf_keras model that uses both kinds of outputs of the encoder."""
    inputs = {name: tf_keras.Input((None,), dtype=tf.int32, name=name) for name in INPUTS}
    outputs = encoder(inputs)
    both = tf.concat([outputs["pooled_output"], outputs["sequence_output"][:, 0]], axis=-1)
    model = tf_keras.Model(inputs, tf_keras.layers.Dense(1)(both))
    model.compile(tf_keras.optimizers.Adam(1e-3), "mse")
    return model


def check_classifier(release: Path) -> str:
    """The classifier answers strings, as a layer and through its signature."""
    path = release / "classifier"
    signature = hub.load(str(path)).signatures["serving_default"]
    names = sorted(signature.structured_input_signature[1])
    texts = dict.fromkeys(names, tf.constant(TEXTS))
    outputs = hub.KerasLayer(str(path))(texts if len(names) == 2 else texts["text"])
    if "score" in outputs:
        require(outputs["score"].shape == (len(TEXTS),), "score's shape")
    else:
        labels = (path / "assets" / "labels.txt").read_text(encoding="utf-8").splitlines()
        require(outputs["probabilities"].shape == (len(TEXTS), len(labels)), "the shape")
        _check_labels(outputs, labels)
    _check_served(outputs, signature(**texts))
    return f"{' and '.join(names)} to {', '.join(sorted(outputs))}"


def _check_labels(outputs: dict[str, tf.Tensor], labels: list[str]) -> None:
    """Raises where what a classifier says does not follow from its probabilities."""
    probabilities = outputs["probabilities"]
    if "holds" in outputs:
        require(np.array_equal(outputs["holds"], probabilities >= 0.5), "holds is not from 0.5 on")
        return
    require(np.allclose(tf.reduce_sum(probabilities, -1), 1), "sums are not 1")
    likeliest = [labels[index].encode() for index in tf.argmax(probabilities, axis=-1)]
    require(outputs["label"].numpy().tolist() == likeliest, "label is not the likeliest")


def _check_served(outputs: dict[str, tf.Tensor], served: dict[str, tf.Tensor]) -> None:
    """Raises where a signature gives something else than the call, or numbers are not finite."""
    for name, value in outputs.items():
        is_text = value.dtype == tf.string
        require(is_text or np.isfinite(value).all(), f"{name} is not finite")
        equal = np.array_equal if is_text else np.allclose
        require(equal(value, served[name]), f"the signature gives another {name}")


def check_answerer(release: Path) -> str:
    """The answerer finds answers in their contexts, as a layer and through its signature."""
    path = release / "answerer"
    contexts = [text * 50 for text in TEXTS]
    texts = {"question": tf.constant(["Who came?"] * 3), "context": tf.constant(contexts)}
    outputs = hub.KerasLayer(str(path))(texts)
    _check_served(outputs, hub.load(str(path)).signatures["serving_default"](**texts))
    for name, value in outputs.items():
        require(value.shape == (len(TEXTS),), f"{name} has the shape {value.shape}")
    spans = (outputs[name].numpy() for name in ("answer", "start", "end"))
    for context, answer, start, end in zip(contexts, *spans, strict=True):
        require(context[start:end] == answer.decode(), f"{answer} is not at {start} to {end}")
    return f"{' and '.join(texts)} to {', '.join(sorted(outputs))}"


def check_chooser(release: Path) -> str:
    """The chooser finds a choice for each question, as a layer and through its signature."""
    path = release / "chooser"
    texts = {
        "context": tf.constant([text * 50 for text in TEXTS]),
        "question": tf.constant(["Who came?", "", "In all _ came."]),
        "choices": tf.constant([["People.", "Films.", "", "None of these."]] * len(TEXTS)),
    }
    outputs = hub.KerasLayer(str(path))(texts)
    _check_served(outputs, hub.load(str(path)).signatures["serving_default"](**texts))
    require(outputs["probabilities"].shape == texts["choices"].shape, "the probabilities' shape")
    best = tf.argmax(outputs["probabilities"], axis=-1)
    require(np.array_equal(outputs["index"], best), "index is not the likeliest choice")
    chosen = tf.gather(texts["choices"], outputs["index"], batch_dims=1)
    require(np.array_equal(outputs["choice"], chosen), "choice is not the text at index")
    return f"{', '.join(texts)} to {', '.join(sorted(outputs))}"


def check_tagger(release: Path) -> str:
    """The tagger labels each word, as a layer and through its signature."""
    path = release / "tagger"
    outputs = hub.KerasLayer(str(path))(tf.constant(TEXTS))
    words = [[word.encode() for word in text.split()] for text in TEXTS]
    require(outputs["word"].to_list() == words, "other words than those between white space")
    labels = (path / "assets" / "labels.txt").read_text(encoding="utf-8").splitlines()
    given = {label.decode() for label in outputs["label"].flat_values.numpy()}
    require(given <= {"O", *labels}, f"{given} are not all in labels.txt")
    served = hub.load(str(path)).signatures["serving_default"](text=tf.constant(TEXTS))
    for name, rows in outputs.items():
        require(np.array_equal(rows.to_tensor(), served[name]), f"the signature gives other {name}")
    return f"text to {', '.join(sorted(outputs))}"


if __name__ == "__main__":
    sys.exit(main())
