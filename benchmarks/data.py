"""Text to ids, and text to masked examples: against tokenizers and the original's published speed.

    pip install -e '.[parity]'
    python -m benchmarks.data --corpus ../shared/data/wiki/train.txt

The ids are timed on all cores. Examples are counted against the processor time of all processes and
threads, reading, sentence pairs and masking included, since the original's figure is one of a core.
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
import transformers

import tf_albert
from benchmarks.measure import Timing, describe_machine, take_turns
from benchmarks.report import Row, report
from tf_albert.convert import formats
from tf_albert.data.batches import PretrainingBatches
from tf_albert.data.prepare import prepare
from tf_albert.data.shards import Corpus

LENGTH, BATCH = 512, 32
# What create_pretraining_data.py of the original reaches with 512 tokens, on one core.
ORIGINAL = Timing("the original's create_pretraining_data", (1.0,), 500)


def main():
    """Times both and writes `results/data.*`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = Path("../shared/data")
    parser.add_argument("--corpus", type=Path, default=data / "wiki/train.txt")
    parser.add_argument("--vocabulary", type=Path, default=data / "spiece.model")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    lines = arguments.corpus.read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            _ids_row(lines, arguments.vocabulary, arguments.rounds, Path(folder)),
            _examples_row(arguments.corpus, arguments.vocabulary, arguments.rounds, Path(folder)),
        ]
    report("data", rows, {**describe_machine(), "lines": len(lines), "rounds": arguments.rounds})


def _ids_row(lines, vocabulary, rounds, folder):
    tokenizer = tf_albert.AlbertTokenizer(vocabulary)
    config = tf_albert.AlbertConfig.from_name("albert_tiny")
    tf_albert.AlbertEncoder(config).save_pretrained(folder / "ours", tokenizer)
    formats.convert(folder / "ours", folder / "huggingface", "huggingface")
    theirs = transformers.AutoTokenizer.from_pretrained(folder / "huggingface").backend_tokenizer
    in_graph, texts = tf.function(tokenizer), tf.constant(lines)

    def ours():
        return in_graph(texts).flat_values.numpy()

    timings = take_turns(
        {
            "tf_albert": ours,
            "tokenizers": lambda: theirs.encode_batch(lines, add_special_tokens=False),
        },
        rounds,
        len(ours()),
    )
    return Row("raw text to ids in a graph", "tokens", *timings.values())


def _examples_row(corpus, vocabulary, rounds, folder):
    counts, seconds = set(), []
    for _ in range(rounds + 1):
        start = _processor_seconds()
        counts.add(_make_examples(corpus, vocabulary, folder / "shards"))
        seconds.append(_processor_seconds() - start)
    (count,) = counts
    # The first round also loads and traces.
    ours = Timing("tf_albert", tuple(seconds[1:]), count)
    return Row(f"raw text to masked examples of {LENGTH}, a core", "examples", ours, ORIGINAL)


def _processor_seconds():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _make_examples(corpus, vocabulary, folder):
    # One process: others would import this script, and TensorFlow with it, before they begin.
    prepare([str(corpus)], folder, vocabulary, num_processes=1)
    batches = PretrainingBatches(Corpus.open(folder), BATCH, LENGTH, seed=0)
    steps = batches.steps_per_epoch
    for batch in batches.dataset(0, steps):
        del batch
    return steps * BATCH


if __name__ == "__main__":
    main()
