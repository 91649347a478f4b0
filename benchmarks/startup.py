"""Importing tf_albert and touching every public name: against importing what it is built on.

pip install -e '.[parity]'
python -m benchmarks.startup
"""

import argparse
import os
import subprocess
import sys

from benchmarks.measure import describe_machine, take_turns
from benchmarks.report import Row, report

OURS = "import tf_albert; [getattr(tf_albert, name) for name in tf_albert.__all__]"
LIBRARIES = "import tensorflow, tensorflow_text, keras"


def main():
    """Times whole processes and writes `results/startup.*`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    candidates = {
        "tf_albert": lambda: _run(OURS),
        "tensorflow, tensorflow_text and keras": lambda: _run(LIBRARIES),
    }
    row = Row("import, every public name", "imports", *take_turns(candidates, rounds, 1).values())
    report("startup", [row], {**describe_machine(), "rounds": rounds})


def _run(code):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)


if __name__ == "__main__":
    main()
