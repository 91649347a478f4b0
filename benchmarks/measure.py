"""Timing side by side: each candidate in turn, medians and spread, and what the machine can do."""

import dataclasses
import os
import platform
import statistics
import time
from importlib import metadata

import numpy as np

# What attention's projections and the feed-forward part of a base model multiply.
BLOCK_SHAPES = ((1024, 768, 768), (1024, 768, 3072), (1024, 3072, 768))
LIBRARIES = ("tensorflow", "tensorflow-text", "keras", "keras-hub", "torch", "transformers")


@dataclasses.dataclass(frozen=True)
class Timing:
    """The seconds that one candidate took, a number for each round.

    Args:
        name: str.
        seconds: tuple of float.
        work: float. How many units (sentences, tokens) each round worked off.
    """

    name: str
    seconds: tuple
    work: float

    @property
    def rate(self):
        """Units a second, by the median."""
        return self.work / statistics.median(self.seconds)

    def of(self, work):
        """Returns the same seconds for other work."""
        return dataclasses.replace(self, work=work)

    @property
    def spread(self):
        """The slowest round over the fastest, minus 1."""
        return max(self.seconds) / min(self.seconds) - 1


def take_turns(candidates, rounds, work):
    """Times functions in turn, so that what else the machine does falls on all of them.

    Args:
        candidates: dict of name to a function of nothing, which is called once before, untimed.
        rounds: int.
        work: float. Units that one call works off.

    Returns:
        dict of name to `Timing`.
    """
    for function in candidates.values():
        function()
    seconds = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, function in candidates.items():
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return {name: Timing(name, tuple(values), work) for name, values in seconds.items()}


def matmul_rates(dtypes, rounds):
    """Returns how fast each library multiplies the matrices of a base block on this machine.

    Args:
        dtypes: list of `float32`, `bfloat16`.
        rounds: int.

    Returns:
        dict of type to a dict of library to GFLOPs a second.
    """
    rates = {}
    for dtype in dtypes:
        multiply, flops = _multiplications(dtype)
        timings = take_turns(multiply, rounds, flops / 1e9)
        rates[dtype] = {name: round(timing.rate, 1) for name, timing in timings.items()}
    return rates


def _multiplications(dtype, repeats=10):
    """Returns a function a library, and the operations of one call."""
    import tensorflow as tf
    import torch

    random = np.random.default_rng(0)
    pairs = [
        (random.normal(size=(m, k)).astype("float32"), random.normal(size=(k, n)).astype("float32"))
        for m, k, n in BLOCK_SHAPES
    ]
    of_tensorflow = [tuple(tf.cast(part, dtype) for part in pair) for pair in pairs]
    of_torch = [
        tuple(torch.from_numpy(part).to(getattr(torch, dtype)) for part in pair) for pair in pairs
    ]

    def run(multiply, operands):
        for _ in range(repeats):
            for left, right in operands:
                product = multiply(left, right)
        # Neither library returns before its product is there, TensorFlow only once it is asked.
        return float(product[0, 0])

    functions = {
        "tensorflow": lambda: run(tf.matmul, of_tensorflow),
        "torch": lambda: run(torch.matmul, of_torch),
    }
    return functions, repeats * sum(2 * m * k * n for m, k, n in BLOCK_SHAPES)


def describe_machine():
    """Returns what the figures depend on: processor, threads, versions. JSON values."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        lines = dict(line.split(":", 1) for line in file if ":" in line)
    facts = {key.strip(): value.strip() for key, value in lines.items()}
    flags = facts.get("flags", "").split()
    return {
        "processor": facts.get("model name", platform.machine()),
        "threads": len(os.sched_getaffinity(0)),
        "instructions": [flag for flag in ("avx2", "avx512f", "avx512_bf16") if flag in flags],
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def use_threads(number):
    """Gives both libraries the same number of threads; before either has computed anything."""
    import tensorflow as tf
    import torch

    torch.set_num_threads(number)
    tf.config.threading.set_intra_op_parallelism_threads(number)
