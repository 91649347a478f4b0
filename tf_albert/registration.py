"""Keras knows this package's classes, whichever of the two is imported first.

`keras.models.load_model` looks a class up in a registry, which importing the class's module fills.
The names of this package are imported on their first use, so a process that only says
`import keras, tf_albert` would have an empty registry, and could load no file.
"""

import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

MODULES = (
    "tf_albert.layers",
    "tf_albert.modeling.answerable_span_labeler",
    "tf_albert.modeling.classifier",
    "tf_albert.modeling.multiple_choice",
    "tf_albert.modeling.pretrainer",
    "tf_albert.modeling.span_labeler",
    "tf_albert.modeling.token_classifier",
    "tf_albert.training.optimizers",
    "tf_albert.training.schedule",
)
# Strings and SavedModels are TensorFlow's, which other backends do without.
TENSORFLOW_MODULES = ("tf_albert.hub.layer", "tf_albert.text.preprocessor")


def register_with_keras() -> None:
    """Registers the classes: at once where Keras is loaded, otherwise when it is imported."""
    if "keras" in sys.modules:
        _register()
    elif not any(isinstance(finder, _KerasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _KerasFinder())


def _register() -> None:
    import keras

    with_tensorflow = keras.config.backend() == "tensorflow"
    for name in (*MODULES, *(TENSORFLOW_MODULES if with_tensorflow else ())):
        importlib.import_module(name)


class _KerasFinder(importlib.abc.MetaPathFinder):
    """Waits for the import of Keras, and registers the classes after it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_register(module: ModuleType) -> None:
            try:
                load(module)
            except BaseException:
                sys.meta_path.insert(0, self)  # for another try, with a backend that is there
                raise
            _register()

        spec.loader.exec_module = load_and_register  # type: ignore[method-assign]
        return spec
