import json

import pytest

from tests.processes import run_python

SHOW = """
import json, os, sys
there = {name: name in sys.modules for name in ("tensorflow", "tensorflow_text", "tests")}
found = {"arguments": sys.argv[1:], "folder": os.getcwd(), "name": __name__} | there
print(json.dumps(found | {"colour": os.environ.get("COLOUR"), "text": sys.stdin.read()}))
sys.exit("a reason")
"""


@pytest.mark.parametrize("form", ["-c", "-m", "path"])
def test_process_is_what_python_would_make(tmp_path, form):
    script = tmp_path / "show.py"
    script.write_text(SHOW)
    program = {"-c": ["-c", SHOW], "-m": ["-m", "show"], "path": [script]}[form]
    done = run_python(*program, "one", 2, folder=tmp_path, text="süß\n", COLOUR="red")
    assert json.loads(done.stdout) == {
        "arguments": ["one", "2"],
        "folder": str(tmp_path),
        "name": "__main__",
        "tensorflow": True,
        "tensorflow_text": False,
        "tests": False,
        "colour": "red",
        "text": "süß\n",
    }
    assert (done.returncode, done.stderr) == (1, "a reason\n")


def test_error_ends_it_as_python_does():
    done = run_python("-c", "print(1 / 0)")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
