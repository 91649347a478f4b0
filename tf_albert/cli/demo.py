"""`tf-albert demo`: the whole way, on text that every Python carries, in minutes."""

import csv
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tf_albert.cli import demo_consumer, demo_corpus, export, finetune, prepare, pretrain, vocab
from tf_albert.config import AlbertConfig
from tf_albert.types import JsonDict

MODEL = AlbertConfig(
    vocab_size=4000,
    embedding_size=64,
    hidden_size=128,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=512,
    max_position_embeddings=128,
)
PRETRAIN_STEPS = 1200
FINETUNE_STEPS = 500
STANDARD_ERRORS = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Trains, exports and uses a tiny ALBERT on the documentation inside Python; about 5 minutes.

    Args:
        output: Folder to write; a stopped demo goes on from there.
        pretrain_steps: Updates in pretraining.
        finetune_steps: Updates in fine-tuning.
    """

    output: str = "demo"
    pretrain_steps: int = PRETRAIN_STEPS
    finetune_steps: int = FINETUNE_STEPS


def execute(arguments: Arguments) -> int:
    """Goes the whole way; returns 1 where the classifier does not clearly beat guessing."""
    started = time.monotonic()
    folder = Path(arguments.output)
    _say("1/6  Reading Python's own documentation")
    _write_texts(folder)
    _say("2/6  Training a vocabulary and preparing shards")
    _prepare(folder)
    _say("3/6  Pretraining: masked words and sentence order")
    pretrained = _pretrain(folder, arguments.pretrain_steps)
    _say("4/6  Fine-tuning: which package is a docstring from?")
    classified = _finetune(folder, arguments.finetune_steps)
    if pretrained is None or classified is None:
        return 130
    _say("5/6  Exporting TF Hub modules")
    export.execute(export.Arguments(model=str(folder / "finetune"), output=str(folder / "modules")))
    _say("6/6  Loading them in another process, without tf_albert")
    consumed = _consume(folder)
    _print_table(pretrained, classified, consumed, folder, time.monotonic() - started)
    return 0 if beats_majority(classified) else 1


def beats_majority(results: JsonDict) -> bool:
    """Whether an accuracy is above the majority class by three standard errors.

    Args:
        results: dict of `accuracy`, `majority` (shares) and `num_examples`.

    >>> beats_majority({"accuracy": 0.5, "majority": 0.4, "num_examples": 10000})
    True
    >>> beats_majority({"accuracy": 0.5, "majority": 0.4, "num_examples": 100})
    False
    """
    accuracy, count = results["accuracy"], results["num_examples"]
    error = (accuracy * (1 - accuracy) / count) ** 0.5
    return accuracy - results["majority"] > STANDARD_ERRORS * error


def _say(line: str) -> None:
    print(f"\n{line}", flush=True)


def _write_texts(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    docstrings = demo_corpus.read_docstrings()
    topics = demo_corpus.read_topics()
    for name, held_out in (("train", False), ("held_out", True)):
        documents = [doc.sentences for doc in docstrings if doc.is_held_out == held_out]
        documents += topics if not held_out else []
        text = "\n\n".join("\n".join(sentences) for sentences in documents)
        (folder / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
        rows = [doc for doc in demo_corpus.labelled(docstrings) if doc.is_held_out == held_out]
        with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "package"])
            writer.writerows((" ".join(doc.sentences), doc.package) for doc in rows)
        print(f"{name}: {len(documents):,} documents; {len(rows):,} labelled docstrings")


def _prepare(folder: Path) -> None:
    vocabulary = str(folder / "spiece.model")
    vocab.execute(
        vocab.Arguments(
            input=str(folder / "train.txt"), output=vocabulary, vocab_size=MODEL.vocab_size
        )
    )
    for name in ("train", "held_out"):
        prepare.execute(
            prepare.Arguments(
                input=str(folder / f"{name}.txt"),
                output=str(folder / f"{name}_shards"),
                vocabulary=vocabulary,
            )
        )


def _pretrain(folder: Path, steps: int) -> JsonDict | None:
    MODEL.to_json(folder / "albert_config.json")
    code = pretrain.execute(
        pretrain.Arguments(
            data=str(folder / "train_shards"),
            validation=str(folder / "held_out_shards"),
            output=str(folder / "pretrain"),
            model=str(folder / "albert_config.json"),
            steps=steps,
            batch_size=32,
            sequence_length=64,
            optimizer="adamw",
            learning_rate=5e-4,
            warmup_steps=steps // 10,
            cooccurrence_start=True,
            log_every=100,
            checkpoint_every=steps,
        )
    )
    return None if code else _results(folder / "pretrain")


def _finetune(folder: Path, steps: int) -> JsonDict | None:
    code = finetune.execute(
        finetune.Arguments(
            train=str(folder / "train.csv"),
            dev=str(folder / "held_out.csv"),
            init=str(folder / "pretrain"),
            output=str(folder / "finetune"),
            text_column="text",
            label_column="package",
            steps=steps,
            sequence_length=64,
            learning_rate=5e-4,
            warmup_steps=steps // 10,
            log_every=100,
            checkpoint_every=steps,
        )
    )
    return None if code else _results(folder / "finetune")


def _results(run: Path) -> JsonDict:
    return json.loads((run / "results.json").read_text(encoding="utf-8"))


def _consume(folder: Path) -> JsonDict:
    """Runs the consumer, a file that needs TensorFlow and TF Hub alone, in a process of its own."""
    finished = subprocess.run(
        [
            sys.executable,
            "-P",  # the file's own folder would stand in front of the installed packages
            demo_consumer.__file__,
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise ValueError(
            f"the process that loads the modules in {folder / 'modules'} failed: "
            f"{finished.stderr[-2000:]}"
        )
    *lines, results = finished.stdout.splitlines()
    print("\n".join(lines))
    return json.loads(results)


def _print_table(
    pretrained: JsonDict, classified: JsonDict, consumed: JsonDict, folder: Path, seconds: float
) -> None:
    print(f"\n{pretrain.table(pretrained)}\n")
    print(
        f"classifier on {classified['num_examples']:,} docstrings of unseen modules: accuracy "
        f"{classified['accuracy']:.3f} (95 %: {classified['accuracy_low']:.3f} to "
        f"{classified['accuracy_high']:.3f}); always guessing the commonest package "
        f"{classified['majority']:.3f}"
    )
    print(
        f"the encoder module, fine-tuned one epoch through hub.KerasLayer elsewhere: accuracy "
        f"{consumed['accuracy']:.3f}"
    )
    print(
        f"\nWritten in {seconds:.0f} s: {folder}/pretrain, {folder}/finetune, {folder}/modules. "
        "Nothing here compares with a published score: model and text are tiny.\nTry next:\n"
        f"{_activation()}"
        f"  echo 'Return the message charset.' | tf-albert predict --model {folder}/finetune\n"
        f"  tf-albert evaluate --model {folder}/finetune --data {folder}/held_out.csv\n"
        f"  python export/publish.py {folder}/finetune --output {folder}/release\n"
        f"  tensorboard --logdir {folder}"
    )


def _activation() -> str:
    """Returns the line that puts `tf-albert` on the path, none where it is there."""
    if shutil.which("tf-albert"):
        return ""
    return f"  source {os.path.relpath(sys.prefix)}/bin/activate\n"
