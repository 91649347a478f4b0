"""Fine-tuning and pretraining steps, against transformers and keras-hub.

    pip install -e '.[parity]'
    python -m benchmarks.training --data ../shared/data

All have the same random weights of base size without dropout and the same threads, and get the same
ids. Each trains as its documentation has it: transformers with `torch.autocast` for bfloat16 and
rows padded to the longest of the batch, keras-hub with `compile` and `fit`. Losses are compared
first.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import transformers

import tf_albert
from benchmarks.inference import read_texts
from benchmarks.measure import describe_machine, matmul_rates, take_turns, use_threads
from benchmarks.report import Row, report
from benchmarks.share import share_of_products
from benchmarks.trainers import POLICIES, RATE, KerasHubTrainer, TorchTrainer
from tf_albert.convert import formats
from tf_albert.data.batches import PretrainingBatches
from tf_albert.data.prepare import prepare
from tf_albert.data.shards import Corpus
from tf_albert.tasks.text_classification.task import LabelledBatches
from tf_albert.training.objectives import ClassificationObjective, PretrainingObjective
from tf_albert.training.optimizers import make_optimizer
from tf_albert.training.step import make_train_step

# bfloat16 rounds to 8 bits, and each library rounds elsewhere.
CLOSE = {"float32": 1e-4, "bfloat16": 0.05}


def main():
    """Times everything in one process and writes `results/training.*`."""
    arguments = _arguments()
    use_threads(arguments.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    rows, shares = [], {}
    with tempfile.TemporaryDirectory() as folder:
        data = _Data(Path(folder), arguments)
        for dtype in arguments.dtypes:
            rows.append(_finetuning_row(data, dtype, arguments.rounds))
            for length, batch in ((128, 16), (512, 4)):
                rows += _pretraining_rows(data, dtype, length, batch, arguments.rounds)
            shares[dtype] = share_of_products(dtype, length, batch, rows[-1].ours, arguments.rounds)
    facts = {
        **describe_machine(),
        "matmul_gigaflops_a_second": matmul_rates(arguments.dtypes, arguments.rounds),
        "rounds": arguments.rounds,
        "share_of_the_products_own_time_at_512": shares,
    }
    report("training", rows, facts)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--dtypes", nargs="+", default=list(POLICIES), choices=list(POLICIES))
    parser.add_argument("--steps", type=int, default=2, help="steps that a round takes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


class _Data:
    """The same batches for all, and the same weights in each library's format."""

    def __init__(self, folder, arguments):
        self.folder, self.steps = folder, arguments.steps
        vocabulary = arguments.data / "spiece.model"
        self.tokenizer = tf_albert.AlbertTokenizer(vocabulary)
        config = tf_albert.AlbertConfig.from_name("albert_base_v2")
        prepare(
            [str(arguments.data / "wiki/valid.txt")], folder / "shards", vocabulary, num_processes=1
        )
        texts = read_texts(arguments.data / "glue/SST-2/train.tsv")[:2000]
        labels = [index % 2 for index in range(len(texts))]
        preprocessor = tf_albert.AlbertPreprocessor(self.tokenizer, 128)
        batches = LabelledBatches(preprocessor, [(text,) for text in texts], labels, 32, seed=0)
        self.labelled = list(batches.dataset(0, self.steps))
        classifier = tf_albert.AlbertClassifier(config, num_classes=2, dropout=0.0)
        self._save("classifier", classifier)
        pretrainer = tf_albert.AlbertPretrainer(config)
        # Zeros would look untrained, and what looks untrained is not written for transformers.
        for layer in (pretrainer.encoder.pooler, pretrainer.sentence_order_head):
            layer.bias.assign(keras.random.normal(layer.bias.shape, stddev=0.02))
        self._save("pretrainer", pretrainer)

    def _save(self, name, model):
        model.save_pretrained(self.folder / name, self.tokenizer)
        for format_name in ("huggingface", "keras_hub"):
            target = self.folder / f"{name}_{format_name}"
            formats.convert(self.folder / name, target, format_name)

    def pretraining(self, length, batch):
        """Returns batches of segment pairs, as the corpus has them."""
        corpus = Corpus.open(self.folder / "shards")
        batches = PretrainingBatches(corpus, batch, length, seed=0)
        return [_as_model_takes(rows) for rows in batches.dataset(0, self.steps)]


def _as_model_takes(batch):
    return {name: value for name, value in batch.items() if name != "ngram_lengths"}


def _full(batch, vocab_size):
    """Returns the batch with rows full of tokens and slots full of masks."""
    random = np.random.default_rng(0)
    ids = random.integers(5, vocab_size, batch["input_word_ids"].shape, "int32")
    slots = batch["masked_lm_ids"].shape
    return batch | {
        "input_word_ids": tf.constant(ids),
        "input_mask": tf.ones_like(batch["input_mask"]),
        "masked_lm_ids": tf.constant(random.integers(5, vocab_size, slots, "int32")),
        "masked_lm_positions": tf.constant(random.integers(1, ids.shape[1], slots, "int32")),
        "masked_lm_weights": tf.ones(slots),
    }


def _finetuning_row(data, dtype, rounds):
    ours = _ours(tf_albert.AlbertClassifier, data.folder / "classifier", dtype)
    theirs = TorchTrainer(
        transformers.AutoModelForSequenceClassification,
        data.folder / "classifier_huggingface",
        dtype,
    )
    batches = [theirs.classification(batch) for batch in data.labelled]
    step = _step(ours, ClassificationObjective())
    _compare(step(data.labelled[0])["loss"], theirs.step(batches[0]), dtype)
    timings = take_turns(
        {
            "tf_albert": lambda: _run(step, data.labelled),
            "transformers, dynamic padding": lambda: _run(theirs.step, batches),
        },
        rounds,
        sum(len(batch["labels"]) for batch in data.labelled),
    )
    what = f"fine-tuning on SST-2, batches of 32, {dtype}"
    return Row(what, "sentences", *timings.values(), dtype)


def _pretraining_rows(data, dtype, length, batch_size, rounds):
    ours = _ours(tf_albert.AlbertPretrainer, data.folder / "pretrainer", dtype)
    step = _step(ours, PretrainingObjective())
    theirs = TorchTrainer(
        transformers.AlbertForPreTraining, data.folder / "pretrainer_huggingface", dtype
    )
    pairs = data.pretraining(length, batch_size)
    full = [_full(batch, data.tokenizer.vocab_size) for batch in pairs]
    for_torch = [theirs.pretraining(batch) for batch in pairs]
    keras_hub_model = KerasHubTrainer(data.folder / "pretrainer_keras_hub", dtype, full)
    _compare(step(pairs[0])["loss"], theirs.step(for_torch[0]), dtype)
    _compare(step(full[0])["mlm_loss"], keras_hub_model.first_loss(), dtype)
    timings = take_turns(
        {
            "tf_albert": lambda: _run(step, pairs),
            "transformers": lambda: _run(theirs.step, for_torch),
            "tf_albert, full rows": lambda: _run(step, full),
            "keras-hub": keras_hub_model.fit,
        },
        rounds,
        sum(float(tf.reduce_sum(batch["input_mask"])) for batch in pairs),
    )
    what = f"length {length}, batch {batch_size}, {dtype}"
    on_full = {"work": float(len(full) * batch_size * length)}
    return [
        Row(f"pretraining, {what}", "tokens", timings["tf_albert"], timings["transformers"], dtype),
        Row(
            f"rows of real tokens alone, {what}",
            "tokens",
            timings["tf_albert, full rows"].of(**on_full),
            timings["keras-hub"].of(**on_full),
        ),
    ]


def _ours(model_class, folder, dtype):
    keras.config.set_dtype_policy(POLICIES[dtype])
    model = model_class.from_pretrained(folder)
    keras.config.set_dtype_policy("float32")
    return model


def _step(model, objective):
    optimizer = make_optimizer("adamw", RATE)
    optimizer.build(model.trainable_variables)
    return make_train_step(model, optimizer, objective, tf.distribute.get_strategy())


def _run(step, batches):
    for batch in batches:
        metrics = step(batch)
    return float(metrics["loss"] if isinstance(metrics, dict) else metrics)


def _compare(ours, theirs, dtype):
    difference = abs(float(ours) - float(theirs))
    if not difference < CLOSE[dtype]:
        raise ValueError(
            f"The losses in {dtype} are {float(ours)} and {float(theirs)}: nothing to compare."
        )


if __name__ == "__main__":
    main()
