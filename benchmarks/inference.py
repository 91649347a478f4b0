"""Raw sentences to probabilities, and full rows of 512: against transformers and keras-hub.

    pip install -e '.[parity]'
    python -m benchmarks.inference --data ../shared/data/glue/SST-2/dev.tsv

All three have the same random weights of base size, two classes and the same threads; each library
tokenizes for itself. Before anything is timed, the logits on equal ids are compared.
"""

import argparse
import csv
import functools
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras_hub
import numpy as np
import tensorflow as tf
import torch
import transformers

import tf_albert
from benchmarks.measure import describe_machine, matmul_rates, take_turns, use_threads
from benchmarks.report import Row, report
from tf_albert.convert import formats
from tf_albert.model_sizes import forward_flops_per_token

BATCH, LENGTH = 32, 128
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
# bfloat16 has 8 bits, and each library rounds elsewhere.
CLOSE = {"float32": 1e-4, "bfloat16": 0.05}
FULL_BATCH, FULL_LENGTH = 4, 512


def main():
    """Times everything in one process and writes `results/inference.*`."""
    arguments = _arguments()
    use_threads(arguments.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    texts = read_texts(arguments.data)[: arguments.sentences]
    rows, differences = [], {}
    for dtype in arguments.dtypes:
        with tempfile.TemporaryDirectory() as folder:
            contestants = _Contestants(Path(folder), arguments.vocabulary, dtype)
            differences[dtype] = contestants.largest_difference(texts[:BATCH])
            rows += _sentence_rows(contestants, texts, arguments.rounds)
            rows += _full_rows(contestants, arguments.rounds)
    facts = {
        **describe_machine(),
        "matmul_gigaflops_a_second": matmul_rates(arguments.dtypes, arguments.rounds),
        "sentences": len(texts),
        "rounds": arguments.rounds,
        "largest_difference_of_logits": differences,
    }
    report("inference", rows, facts)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = Path("../shared/data")
    parser.add_argument("--data", type=Path, default=data / "glue/SST-2/dev.tsv")
    parser.add_argument("--vocabulary", type=Path, default=data / "spiece.model")
    parser.add_argument("--sentences", type=int, help="the first ones only; all by default")
    parser.add_argument("--dtypes", nargs="+", default=list(POLICIES), choices=list(POLICIES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def read_texts(path):
    """Returns the sentences of one of GLUE's tables."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["sentence"] for row in reader]


class _Contestants:
    """The same classifier as a module of ours, in transformers and in keras-hub."""

    def __init__(self, folder, vocabulary, dtype):
        self.dtype = dtype
        config = tf_albert.AlbertConfig.from_name("albert_base_v2")
        self.classifier = tf_albert.AlbertClassifier(config, num_classes=2, dtype=POLICIES[dtype])
        tokenizer = tf_albert.AlbertTokenizer(vocabulary)
        self.preprocess = tf_albert.AlbertPreprocessor(tokenizer, LENGTH)
        self.classifier.save_pretrained(folder / "ours", tokenizer)
        tf_albert.hub.save_classifier(
            self.classifier, self.preprocess, folder / "module", ["bad", "good"]
        )
        for name in ("huggingface", "keras_hub"):
            formats.convert(folder / "ours", folder / name, name)
        self.module = tf.saved_model.load(str(folder / "module"))
        self.torch_tokenizer = transformers.AutoTokenizer.from_pretrained(folder / "huggingface")
        self.torch_model = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder / "huggingface", dtype=getattr(torch, dtype)
        ).eval()
        where = str(folder / "keras_hub")
        load = functools.partial(
            keras_hub.models.AlbertTextClassifier.from_preset, dtype=POLICIES[dtype]
        )
        self.keras_hub_on_ids = load(where, preprocessor=None)
        preprocessor = keras_hub.models.AlbertTextClassifierPreprocessor(
            keras_hub.models.AlbertTokenizer.from_preset(where), sequence_length=LENGTH
        )
        self.keras_hub_on_strings = load(where, preprocessor=preprocessor)

    def largest_difference(self, texts):
        """Returns by how much the logits differ on the ids of ours; raises where it is too much."""
        inputs = self.preprocess(texts)
        ours = np.asarray(self.classifier(inputs))
        theirs = (self.run_torch(inputs), np.asarray(self.run_keras_hub(inputs)))
        largest = max(float(np.abs(ours - other).max()) for other in theirs)
        module = np.asarray(self.module(tf.constant(texts))["logits"])
        largest = max(largest, float(np.abs(ours - module).max()))
        if largest > CLOSE[self.dtype]:
            raise ValueError(f"The logits differ by {largest}: no timing means anything.")
        return largest

    def gigaflops(self, texts):
        """Returns the operations that a sentence takes on average, padding left out."""
        lengths = np.asarray(tf.reduce_sum(self.preprocess(texts)["input_mask"], axis=1))
        config = self.classifier.config
        flops = [length * forward_flops_per_token(config, length) for length in lengths]
        return sum(flops) / len(flops) / 1e9

    def run_ours(self, inputs):
        return self.classifier(inputs, training=False)

    def run_torch(self, inputs):
        names = ("input_word_ids", "input_mask", "input_type_ids")
        tensors = [torch.tensor(np.asarray(inputs[name]), dtype=torch.long) for name in names]
        with torch.inference_mode():
            return self.torch_model(*tensors).logits.float().numpy()

    def run_keras_hub(self, inputs):
        names = {
            "token_ids": "input_word_ids",
            "padding_mask": "input_mask",
            "segment_ids": "input_type_ids",
        }
        return self.keras_hub_on_ids.predict_on_batch(
            {theirs: np.asarray(inputs[ours]) for theirs, ours in names.items()}
        )

    def module_on_texts(self, texts):
        for start in range(0, len(texts), BATCH):
            self.module(tf.constant(texts[start : start + BATCH]))["probabilities"].numpy()

    def torch_on_texts(self, texts):
        with torch.inference_mode():
            for start in range(0, len(texts), BATCH):
                batch = self.torch_tokenizer(
                    texts[start : start + BATCH],
                    padding=True,
                    truncation=True,
                    max_length=LENGTH,
                    return_tensors="pt",
                )
                self.torch_model(**batch).logits.float().softmax(-1).numpy()

    def keras_hub_on_texts(self, texts):
        self.keras_hub_on_strings.predict(texts, batch_size=BATCH, verbose=0)


def _sentence_rows(contestants, texts, rounds):
    by_length = sorted(texts, key=len)
    timings = take_turns(
        {
            "tf_albert": lambda: contestants.module_on_texts(texts),
            "transformers, dynamic padding": lambda: contestants.torch_on_texts(texts),
            "transformers, sorted by length": lambda: contestants.torch_on_texts(by_length),
            f"keras-hub, length {LENGTH}": lambda: contestants.keras_hub_on_texts(texts),
        },
        rounds,
        len(texts),
    )
    ours = timings.pop("tf_albert")
    gigaflops = contestants.gigaflops(texts)
    what = f"raw SST-2 sentences to probabilities, {contestants.dtype}"
    return [
        Row(what, "sentences", ours, peer, contestants.dtype, gigaflops)
        for peer in timings.values()
    ]


def _full_rows(contestants, rounds):
    shape = (FULL_BATCH, FULL_LENGTH)
    ids = np.random.default_rng(0).integers(5, 30_000, shape, "int32")
    inputs = {
        "input_word_ids": ids,
        "input_mask": np.ones(shape, "int32"),
        "input_type_ids": np.zeros(shape, "int32"),
    }
    compiled = tf.function(contestants.run_ours)
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    timings = take_turns(
        {
            "tf_albert": lambda: compiled(tensors).numpy(),
            "transformers": lambda: contestants.run_torch(inputs),
            "keras-hub": lambda: contestants.run_keras_hub(inputs),
        },
        rounds,
        FULL_BATCH * FULL_LENGTH,
    )
    ours = timings.pop("tf_albert")
    faster = max(timings.values(), key=lambda timing: timing.rate)
    return [
        Row(
            f"rows of {FULL_LENGTH} real tokens, batch {FULL_BATCH}, {contestants.dtype}",
            "tokens",
            ours,
            faster,
            contestants.dtype,
            forward_flops_per_token(contestants.classifier.config, FULL_LENGTH) / 1e9,
        )
    ]


if __name__ == "__main__":
    main()
