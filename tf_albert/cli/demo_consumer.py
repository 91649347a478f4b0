"""Somebody else's program: it knows TF Hub's API and nothing of tf_albert.

`tf-albert demo` runs this file in a process of its own: `python demo_consumer.py FOLDER`. It loads
the modules in `FOLDER/modules`, fine-tunes the encoder for one epoch in a tf_keras model, and
prints what the classifier module says of some strings; its last line is JSON.
"""

import csv
import json
import sys
from pathlib import Path
from typing import Any

EXAMPLES = (
    "Return the payload of the message as bytes, decoding base64 if needed.",
    "Create a button widget inside the parent window.",
    "Run the event loop until the future is done.",
)


def main(folder: str) -> None:
    """Loads, trains and calls the modules.

    Args:
        folder: str. What `tf-albert demo` writes.
    """
    import tensorflow as tf
    import tensorflow_hub as hub
    import tensorflow_text  # noqa: F401 - the modules need its operations
    import tf_keras

    tf_keras.utils.set_random_seed(0)
    modules = Path(folder) / "modules"
    train_texts, train_labels = read(Path(folder) / "train.csv")
    dev_texts, dev_labels = read(Path(folder) / "held_out.csv")
    packages = sorted(set(train_labels))

    text = tf_keras.layers.Input((), dtype=tf.string)
    inputs = hub.KerasLayer(str(modules / "preprocessor"))(text)
    outputs = hub.KerasLayer(str(modules / "encoder"), trainable=True)(inputs)
    logits = tf_keras.layers.Dense(len(packages))(outputs["pooled_output"])
    model = tf_keras.Model(text, logits)
    model.compile(
        tf_keras.optimizers.legacy.Adam(5e-4),
        tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(dataset(tf, train_texts, train_labels, packages).shuffle(100, seed=0), verbose=0)
    _, accuracy = model.evaluate(dataset(tf, dev_texts, dev_labels, packages), verbose=0)

    classifier = hub.KerasLayer(str(modules / "classifier"))
    answers = classifier(tf.constant(EXAMPLES))
    for example, label, row in zip(
        EXAMPLES, answers["label"].numpy(), answers["probabilities"].numpy(), strict=True
    ):
        print(f"{label.decode():>16}  {row.max():.2f}  {example}")
    if "tf_albert" in sys.modules:
        raise SystemExit("The modules must load without tf_albert; it was imported.")
    print(json.dumps({"accuracy": float(accuracy)}))


def read(path: Path) -> tuple[list[str], list[str]]:
    """Returns the texts and the labels of a CSV file.

    Args:
        path: path. Has the columns `text` and `package`.
    """
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["package"] for row in rows]


def dataset(tf: Any, texts: list[str], labels: list[str], packages: list[str]) -> Any:
    """Returns batches of texts and class numbers.

    Args:
        tf: the module `tensorflow`.
        texts: list of str.
        labels: list of str, a package for each text.
        packages: list of str. The classes, in order.

    Returns:
        `tf.data.Dataset` of pairs of tensors.
    """
    numbers = [packages.index(label) for label in labels]
    return tf.data.Dataset.from_tensor_slices((texts, numbers)).batch(32)


if __name__ == "__main__":
    main(sys.argv[1])
