"""Memory of `tf-albert prepare`: a corpus, and the same sixteen times over.

pip install -e '.[parity]'
python -m benchmarks.memory --corpus ../shared/data/wiki/train.txt
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import describe_machine
from benchmarks.report import RESULTS

TIMES = 16
# The largest process of `prepare`: itself, or the largest of those that it started. KiB.
CODE = """
import resource, sys
from tf_albert.data.prepare import prepare
if __name__ == "__main__":
    prepare([sys.argv[1]], sys.argv[2], sys.argv[3])
    print(*(resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


def main():
    """Measures both and writes `results/memory.json`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = Path("../shared/data")
    parser.add_argument("--corpus", type=Path, default=data / "wiki/train.txt")
    parser.add_argument("--vocabulary", type=Path, default=data / "spiece.model")
    arguments = parser.parse_args()
    once, often = (_peak(arguments.corpus, arguments.vocabulary, times) for times in (1, TIMES))
    values = {
        "facts": describe_machine(),
        "prepare_peak_mib": {"1": once, str(TIMES): often},
        "ratio": max(often) / max(once),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "memory.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    print("| | itself, MiB | largest process that it started |\n|---|---|---|")
    for times, peaks in ((1, once), (TIMES, often)):
        print(f"| prepare, {times} × the corpus | {peaks[0]:.0f} | {peaks[1]:.0f} |")
    print(f"Ratio of the larger ones: {values['ratio']:.2f}")


def _peak(corpus, vocabulary, times):
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "run.py"
        script.write_text(CODE, encoding="utf-8")
        text = Path(folder) / "corpus.txt"
        with open(text, "wb") as file:
            for _ in range(times):
                file.write(corpus.read_bytes() + b"\n\n")
        finished = subprocess.run(
            [sys.executable, script, text, Path(folder) / "shards", vocabulary],
            check=True,
            capture_output=True,
            text=True,
        )
    return [int(value) / 1024 for value in finished.stdout.split()]


if __name__ == "__main__":
    main()
