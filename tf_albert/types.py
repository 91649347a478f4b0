"""The names that type hints of all folders share."""

import os
from typing import Any, TypeAlias

# A tensor of whichever backend Keras runs on; TensorFlow and Keras come without types.
Tensor: TypeAlias = Any
# A tensor's shape; None for an axis of any length.
Shape: TypeAlias = tuple[int | None, ...]
StrPath: TypeAlias = str | os.PathLike[str]
# An object of a JSON file.
JsonDict: TypeAlias = dict[str, Any]
