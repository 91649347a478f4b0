"""What a module of base size takes: on disk, to load, and in its first call.

    python -m benchmarks.modules

Encoders of 12 and 24 layers, random weights. Each is loaded and called in a process of its own,
which has TensorFlow alone; medians of some rounds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tf_albert
from benchmarks.measure import describe_machine
from benchmarks.report import RESULTS

CODE = """
import json, sys, time
import tensorflow as tf

ids = tf.ones((4, 128), tf.int32)
inputs = {"input_word_ids": ids, "input_mask": ids, "input_type_ids": ids * 0}
start = time.perf_counter()
module = tf.saved_model.load(sys.argv[1])
loaded = time.perf_counter()
module(inputs)["pooled_output"].numpy()
first = time.perf_counter()
module(inputs)["pooled_output"].numpy()
print(json.dumps({
    "load": loaded - start, "first_call": first - loaded,
    "second_call": time.perf_counter() - first,
}))
"""


def main():
    """Measures both and writes `results/modules.json`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rows = [_measure(layers, arguments.rounds) for layers in (12, 24)]
    RESULTS.mkdir(exist_ok=True)
    values = {"facts": describe_machine(), "rows": rows}
    text = json.dumps(values, indent=2)
    (RESULTS / "modules.json").write_text(text + "\n", encoding="utf-8")
    print("| layers | weights | variables | graph | load | first call | second |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['layers']} | {row['weights'] / 1e6:.2f} MB | {row['variables'] / 1e6:.2f} MB "
            f"(**{row['variables'] / row['weights']:.4f}**) | {row['graph'] / 1e6:.2f} MB | "
            f"{row['load']:.2f} s | {row['first_call']:.2f} s | {row['second_call']:.2f} s |"
        )


def _measure(layers, rounds):
    config = tf_albert.AlbertConfig.from_name("albert_base_v2").replace(num_hidden_layers=layers)
    encoder = tf_albert.AlbertEncoder(config)
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder) / "encoder"
        tf_albert.hub.save_encoder(encoder, module)
        found = [_load(module) for _ in range(rounds)]
        variables = sum(path.stat().st_size for path in (module / "variables").iterdir())
        graph = (module / "saved_model.pb").stat().st_size
    sizes = {"weights": 4 * encoder.count_params(), "variables": variables, "graph": graph}
    medians = {name: statistics.median(one[name] for one in found) for name in found[0]}
    return {"layers": layers, **sizes, **medians}


def _load(module):
    command = [sys.executable, "-c", CODE, str(module)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(result.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
