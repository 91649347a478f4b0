"""No file imports itself by way of others, lazy imports counted in."""

import ast

from tests.helpers import REPOSITORY

# `from_pretrained` reads, and `save_pretrained` writes, formats, which stand above models and
# tokenizers.
FORMATS = "tf_albert.convert.formats"
EXCEPTIONS = ("tf_albert.modeling.model", "tf_albert.text.pieces")


def module_name(path):
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path, modules):
    """Returns the modules of ours that a file imports anywhere, within functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # What is imported from a package may be a module in it.
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & modules) or {node.module}
    return found & modules


def import_graph():
    paths = [*(REPOSITORY / "tf_albert").rglob("*.py"), *(REPOSITORY / "export").rglob("*.py")]
    modules = {module_name(path): path for path in paths}
    return {name: imports_of(path, modules.keys()) for name, path in modules.items()}


def circles(graph):
    """Returns what is left of modules when those that import none of the others are taken away."""
    graph = {name: set(imported) for name, imported in graph.items()}
    while leaves := {name for name, imported in graph.items() if not imported & graph.keys()}:
        graph = {name: imported for name, imported in graph.items() if name not in leaves}
    return graph


def test_circle_is_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}).keys() == {"a", "b", "c"}


def test_no_file_imports_itself_but_by_the_exceptions():
    graph = import_graph()
    for module in EXCEPTIONS:
        graph[module].remove(FORMATS)
    assert circles(graph) == {}
