"""A fine-tuned classifier that leaves early, at several thresholds: cost, time and accuracy.

    python -m benchmarks.early_exit --model runs/sst2 --data ../shared/data/glue/SST-2

Beside it the same classifier with its first layers alone. Cost counts the multiplications of a
row's own tokens from the embedding's projection to the pooler, as a share of those of the whole
classifier, which computes its last layer on first tokens alone. Time is that of all sentences, in
batches in the order of the file.
"""

import argparse
import functools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from benchmarks.measure import describe_machine, take_turns
from benchmarks.report import RESULTS
from tf_albert import files, hub
from tf_albert.modeling.depth import with_layers
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.text_classification.glue import TASKS, read_dev
from tf_albert.tasks.text_classification.predictor import (
    TextClassificationPredictor,
    text_batches,
)

THRESHOLDS = (0.0, 0.52, 0.54, 0.56, 0.58, 0.6, 0.65, 0.7, 0.8, 0.9, 1.0)


def main():
    """Times all ways in turn, prints a table and writes `results/early_exit.json` and `.png`."""
    arguments = _arguments()
    predictor = TextClassificationPredictor.from_pretrained(arguments.model)
    (examples,) = read_dev(TASKS["sst2"], arguments.data, BadRows(strict=True)).values()
    labels = predictor.description.kind.targets(examples, "the development set")
    batches = list(text_batches(predictor.preprocessor, examples.texts, arguments.batch_size))
    ways = _ways(predictor.model, batches)
    timings = take_turns({name: way for name, (_, way) in ways.items()}, arguments.rounds, 1)
    tokens = np.concatenate([tf.reduce_sum(batch["input_mask"], axis=1) for batch in batches])
    rows = [
        {"way": name, "threshold": threshold}
        | _scores(predictor.model.config, tokens, labels, threshold, *way())
        | {"milliseconds": 1000 / timings[name].rate, "spread": timings[name].spread}
        for name, (threshold, way) in ways.items()
    ]
    facts = {**describe_machine(), "sentences": len(labels), "tokens": int(tokens.sum())}
    facts |= {"batch_size": arguments.batch_size, "rounds": arguments.rounds}
    files.write_json(RESULTS / "early_exit.json", {"facts": facts, "rows": rows})
    _print(rows)
    _draw(rows, RESULTS / "early_exit.png")


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a run fine-tuned on SST-2")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/glue/SST-2"))
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _ways(classifier, batches):
    """Returns by name a threshold or None, and a function of nothing: probabilities, layers."""
    early = tf.function(lambda batch, threshold: hub.classify_early(classifier, batch, threshold))

    def at(threshold):
        outputs = [early(batch, tf.constant(threshold)) for batch in batches]
        return tuple(
            np.concatenate([part[name] for part in outputs]) for name in ("probabilities", "layer")
        )

    ways = {f"early, {value}": (value, functools.partial(at, value)) for value in THRESHOLDS}
    last = classifier.config.num_hidden_layers
    for number in range(1, last + 1):
        ways[f"{number} of {last} layers"] = (None, _shallow(classifier, number, batches))
    return ways


def _shallow(classifier, num_layers, batches):
    shallow = with_layers(classifier, num_layers)
    call = tf.function(lambda batch: tf.nn.softmax(shallow(batch, training=False)))

    def run():
        probabilities = np.concatenate([call(batch) for batch in batches])
        return probabilities, np.full(len(probabilities), num_layers)

    return run


def _scores(config, tokens, labels, threshold, probabilities, layers):
    last = config.num_hidden_layers
    cost = _cost(config, tokens, layers, threshold is not None).sum()
    return {
        "accuracy": float(np.mean(probabilities.argmax(axis=1) == labels)),
        "mean_layers": float(layers.mean()),
        "rows_of_each_layer": np.bincount(layers, minlength=last + 1)[1:].tolist(),
        "cost": float(cost / _cost(config, tokens, np.full_like(layers, last), False).sum()),
    }


def _cost(config, tokens, layers, is_early):
    """Returns the multiplications for each row, whose own tokens alone are counted.

    Args:
        config: `AlbertConfig`.
        tokens: int array `(rows,)`.
        layers: int array `(rows,)`. The layer after which each row leaves.
        is_early: bool. Whether the head is asked after every layer up to that.
    """
    hidden = config.hidden_size
    projection = config.embedding_size * hidden if config.has_embedding_projection else 0
    keys_and_values = 2 * hidden**2
    others = 2 * hidden**2 + 2 * hidden * config.intermediate_size
    whole_layer = tokens * (keys_and_values + others) + 2 * tokens**2 * hidden
    first_token = tokens * keys_and_values + others + 2 * tokens * hidden
    asked = layers if is_early else 1
    return tokens * projection + (layers - 1) * whole_layer + asked * (first_token + hidden**2)


def _print(rows):
    print("| way | mean layers | rows of each layer | cost | ms | spread | accuracy |")
    print("|---" * 7 + "|")
    for row in rows:
        print(
            f"| {row['way']} | {row['mean_layers']:.2f} | "
            f"{', '.join(map(str, row['rows_of_each_layer']))} | {row['cost']:.0%} | "
            f"{row['milliseconds']:.0f} | {row['spread']:.0%} | {row['accuracy']:.2%} |"
        )


def _draw(rows, path):
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    for label, is_early in (("leaving early, by threshold", True), ("first layers alone", False)):
        chosen = [row for row in rows if (row["threshold"] is not None) == is_early]
        costs, accuracies = ([100 * row[name] for row in chosen] for name in ("cost", "accuracy"))
        axes.plot(costs, accuracies, marker="o", label=label)
        for row, cost, accuracy in zip(chosen, costs, accuracies, strict=True):
            name = row["threshold"] if is_early else row["way"]
            place = (-4, 7) if is_early else (7, -15)
            axes.annotate(
                name,
                (cost, accuracy),
                place,
                textcoords="offset points",
                fontsize=8,
                rotation=45 if is_early else 0,
            )
    axes.margins(0.09)
    axes.set(xlabel="share of the classifier's multiplications, %", ylabel="accuracy, %")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
