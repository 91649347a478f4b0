"""A fine-tuned classifier in each form of a LiteRT file: size, accuracy, time, beside Keras.

    pip install -e '.[litert]'
    python -m benchmarks.litert --model runs/sst2 --data ../shared/data/glue/SST-2

Sentences of the development set go through one by one, as on a phone, and are all tokenized before
the clock runs. `full_int8` is calibrated on the first sentences of the training set.
"""

import argparse
import csv
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from ai_edge_litert.interpreter import Interpreter

import tf_albert
from benchmarks.measure import describe_machine, take_turns
from benchmarks.report import RESULTS
from tf_albert import files, layout
from tf_albert.hub.litert import FORMS

CALIBRATION_SENTENCES = 200
KERAS = "Keras, all at once"


def main():
    """Times all forms in turn, prints a table and writes `results/litert.json`."""
    arguments = _arguments()
    folder = layout.model_folder(arguments.model)
    classifier = tf_albert.AlbertClassifier.from_pretrained(folder)
    tokenizer = tf_albert.AlbertTokenizer.from_pretrained(folder)
    preprocess = tf_albert.AlbertPreprocessor(tokenizer, arguments.sequence_length)
    texts, labels = _read(arguments.data / "dev.tsv", arguments.sentences)
    calibration, _ = _read(arguments.data / "train.tsv", CALIBRATION_SENTENCES)
    inputs = {name: np.asarray(rows) for name, rows in preprocess(texts).items()}
    candidates, sizes = {KERAS: lambda: classifier.predict(inputs, verbose=0)}, {}
    with tempfile.TemporaryDirectory() as place:
        for form in FORMS:
            path = Path(place) / f"{form}.tflite"
            texts_of_form = calibration if form == "full_int8" else None
            tf_albert.hub.save_litert(classifier, preprocess, path, form, texts_of_form)
            sizes[form] = path.stat().st_size
            candidates[form] = _runner(path, inputs, arguments.threads)
        rows = _rows(candidates, sizes, labels, arguments.rounds)
    facts = {**describe_machine(), **_facts(arguments), "sentences": len(texts)}
    files.write_json(RESULTS / "litert.json", {"facts": facts, "rows": rows})
    _print(rows)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a run fine-tuned on SST-2")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/glue/SST-2"))
    parser.add_argument("--sequence-length", type=int, default=64)
    parser.add_argument("--sentences", type=int, help="the first ones only; all by default")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def _facts(arguments):
    names = ("sequence_length", "rounds", "threads")
    return {f"litert_{name}": getattr(arguments, name) for name in names}


def _read(path, number):
    """Returns the first sentences of one of GLUE's tables, and their labels."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[:number]
    return [row["sentence"] for row in rows], np.array([int(row["label"]) for row in rows])


def _runner(path, inputs, threads):
    """Returns a function of nothing that gives the logits of all rows, computed one by one."""
    run = Interpreter(str(path), num_threads=threads).get_signature_runner()
    rows = [
        {name: values[row : row + 1] for name, values in inputs.items()}
        for row in range(len(inputs["input_mask"]))
    ]
    return lambda: np.concatenate([run(**row)["logits"] for row in rows])


def _rows(candidates, sizes, labels, rounds):
    """Returns a dict for each candidate; differences are from Keras."""
    logits = {name: run() for name, run in candidates.items()}
    timings = take_turns(candidates, rounds, len(labels))
    expected = logits[KERAS]
    return [
        {
            "form": name,
            "bytes": sizes.get(name),
            "accuracy": float(np.mean(found.argmax(axis=1) == labels)),
            "same_predictions": float(np.mean(found.argmax(axis=1) == expected.argmax(axis=1))),
            "largest_difference": float(np.abs(found - expected).max()),
            "milliseconds_a_sentence": 1000 / timings[name].rate,
            "spread": timings[name].spread,
        }
        for name, found in logits.items()
    ]


def _print(rows):
    print(
        "| form | MB | accuracy | same predictions | largest difference | ms a sentence | spread |"
    )
    print("|---" * 7 + "|")
    for row in rows:
        size = "" if row["bytes"] is None else f"{row['bytes'] / 1e6:.1f}"
        print(
            f"| {row['form']} | {size} | {row['accuracy']:.2%} | {row['same_predictions']:.2%} | "
            f"{row['largest_difference']:.1e} | {row['milliseconds_a_sentence']:.2f} | "
            f"{row['spread']:.0%} |"
        )


if __name__ == "__main__":
    main()
