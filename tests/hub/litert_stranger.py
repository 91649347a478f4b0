"""A consumer of LiteRT files, in a process of its own, that has NumPy and the interpreter alone.

For each file FORM.tflite in a folder it runs the rows of inputs.npz one by one; the logits go into
logits.npz by form, and the names of what TensorFlow or tf_albert it has imported into "imports".
"""

import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

FOLDER = Path(sys.argv[1])

with np.load(FOLDER / "inputs.npz") as arrays:
    inputs = dict(arrays)
found = {}
for path in sorted(FOLDER.glob("*.tflite")):
    run = Interpreter(str(path)).get_signature_runner("serving_default")
    rows = [
        run(**{name: values[row : row + 1] for name, values in inputs.items()})["logits"]
        for row in range(len(inputs["input_mask"]))
    ]
    found[path.stem] = np.concatenate(rows)
imported = {name.split(".")[0] for name in sys.modules}
found["imports"] = np.array(sorted(imported & {"tensorflow", "keras", "tf_albert", "tests"}), str)
np.savez(FOLDER / "logits.npz", **found)
