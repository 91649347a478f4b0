"""Keras finds the classes in a process that only imports the two packages, in either order."""

import subprocess
import sys

import numpy as np
import pytest

from tests.helpers import random_inputs
from tests.processes import run_python
from tf_albert import AlbertClassifier

LOAD = """
import numpy as np
{imports}
model = keras.models.load_model("classifier.keras")
inputs = dict(np.load("inputs.npz"))
np.save("{name}.npy", model(inputs))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_config):
    folder = tmp_path_factory.mktemp("registration")
    classifier = AlbertClassifier(small_config, num_classes=3)
    inputs = random_inputs(small_config)
    del inputs["masked_lm_positions"]
    np.savez(folder / "inputs.npz", **inputs)
    np.save(folder / "expected.npy", classifier(inputs))
    classifier.save(folder / "classifier.keras")
    return folder


@pytest.mark.parametrize(
    ("name", "imports"),
    [
        ("keras_first", "import keras, tf_albert"),
        ("keras_last", "import tf_albert, keras"),
        ("by_another_package", "import tf_albert, keras_hub, keras"),
        ("public_name_first", "from tf_albert import AlbertEncoder; import keras"),
        ("module_first", "from tf_albert.modeling.encoder import AlbertEncoder; import keras"),
        ("optimizer_first", "import tf_albert.training.optimizers, keras"),
    ],
)
def test_model_loads_in_another_process(folder, name, imports):
    code = LOAD.format(name=name, imports=imports)
    process = run_python("-c", code, folder=folder)
    assert process.returncode == 0, process.stderr
    loaded = np.load(folder / f"{name}.npy")
    np.testing.assert_allclose(loaded, np.load(folder / "expected.npy"), atol=1e-6)


def test_failed_import_of_keras_is_not_the_last_chance():
    code = """
import os, sys
os.environ["KERAS_BACKEND"] = "no_such_backend"
import tf_albert
try:
    import keras
except ValueError:
    pass
os.environ["KERAS_BACKEND"] = "tensorflow"
for name in [name for name in sys.modules if name.split(".")[0] == "keras"]:
    del sys.modules[name]
import keras
print(keras.saving.get_registered_object("tf_albert>AlbertEncoder").__name__)
"""
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert process.stdout == "AlbertEncoder\n", process.stderr


def test_other_backends_load_no_tensorflow():
    code = """
import os, sys
os.environ["KERAS_BACKEND"] = "jax"
import tf_albert, keras
tf_albert.AlbertEncoder, tf_albert.AlbertPretrainer
print(*[name for name in ("tensorflow", "tensorflow_text") if name in sys.modules])
"""
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert process.stdout == "\n", process.stderr
