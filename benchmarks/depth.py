"""What depth costs before the first step, the shared block looped over and unrolled; and remat.

    pip install -e '.[parity]'
    python -m benchmarks.depth

A training step of the pretrainer at base width: tracing, XLA's compilation and the step itself,
each in a process of its own; and the peak memory of a step with 16 rows of 512 tokens, with
activations kept and recomputed.
"""

import argparse
import json
import os
import subprocess
import sys

from benchmarks.measure import describe_machine
from benchmarks.report import RESULTS

CODE = """
import json, os, resource, sys, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf
import tf_albert
from tf_albert.data.masking import num_predictions

a = json.loads(sys.argv[1])
config = tf_albert.AlbertConfig.from_name("albert_base_v2").replace(
    num_hidden_layers=a["layers"], hidden_dropout_prob=a["dropout"],
    attention_probs_dropout_prob=a["dropout"],
)
model = tf_albert.AlbertPretrainer(config)
model.encoder.loop_layers, model.encoder.remat = a["loop"], a["remat"]
model.encoder.skip_padding = not a["xla"]
shape = (a["rows"], a["length"])
random = np.random.default_rng(0)
batch = {
    "input_word_ids": tf.constant(random.integers(5, 30000, shape, "int32")),
    "input_mask": tf.ones(shape, "int32"),
    "input_type_ids": tf.zeros(shape, "int32"),
    "masked_lm_positions": tf.constant(
        random.integers(0, a["length"], (a["rows"], num_predictions(a["length"])), "int32")
    ),
}
variables = [variable.value for variable in model.trainable_variables]

@tf.function(jit_compile=a["xla"])
def step(batch):
    with tf.GradientTape() as tape:
        outputs = model(batch, training=True)
        loss = tf.add_n([tf.reduce_mean(tf.square(output)) for output in outputs.values()])
    return loss, tape.gradient(loss, variables)

start = time.perf_counter()
step.get_concrete_function(batch)
if a["xla"]:
    step.experimental_get_compiler_ir(batch)(stage="optimized_hlo")
ready = time.perf_counter() - start
seconds = []
for _ in range(a["steps"] + 1):
    start = time.perf_counter()
    step(batch)[0].numpy()
    seconds.append(time.perf_counter() - start)
print(json.dumps({
    "ready": ready, "step": sorted(seconds[1:])[a["steps"] // 2] if a["steps"] else None,
    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""
BASIC = {"layers": 12, "dropout": 0.0, "loop": False, "remat": False, "xla": False}
SHORT, LONG = {"rows": 4, "length": 128, "steps": 5}, {"rows": 16, "length": 512, "steps": 0}


def main():
    """Measures everything and writes `results/depth.json`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    ready = [_depth(xla, dropout, loop, arguments.rounds) for xla, dropout, loop in _ways()]
    memory = [_peak(remat, dropout) for dropout in (0.0, 0.1) for remat in (False, True)]
    values = {"facts": describe_machine(), "depth": ready, "memory": memory}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "depth.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    print(
        "| | dropout | ready at 6 layers | at 24 | ratio | step at 24 |\n|---|---|---|---|---|---|"
    )
    for row in ready:
        few, many = row["ready_6"], row["ready_24"]
        print(
            f"| {row['way']} | {row['dropout']} | {few:.1f} s | {many:.1f} s | "
            f"**{many / few:.2f}** | {row['step_24'] * 1e3:.0f} ms |"
        )
    print("| | dropout | peak, MiB |\n|---|---|---|")
    for row in memory:
        print(f"| remat: {row['remat']} | {row['dropout']} | {row['peak_mib']:.0f} |")


def _ways():
    return [
        (xla, dropout, loop)
        for xla in (False, True)
        for dropout in (0.0, 0.1)
        for loop in (True, False)
    ]


def _depth(xla, dropout, loop, rounds):
    options = {**BASIC, **SHORT, "xla": xla, "dropout": dropout, "loop": loop}
    results = {6: [], 24: []}
    for _ in range(rounds):
        for layers, found in results.items():
            found.append(_measure({**options, "layers": layers}))
    way = f"{'looped' if loop else 'unrolled'}{', XLA' if xla else ''}"
    return {"way": way, "dropout": dropout} | {
        f"{what}_{layers}": sorted(one[what] for one in found)[rounds // 2]
        for layers, found in results.items()
        for what in ("ready", "step")
    }


def _peak(remat, dropout):
    found = _measure({**BASIC, **LONG, "remat": remat, "dropout": dropout})
    return {"remat": remat, "dropout": dropout, "peak_mib": found["peak_mib"]}


def _measure(options):
    finished = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(options)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ,
    )
    return json.loads(finished.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
