"""What type hints of many modules name."""

import os
from typing import Any, TypeAlias

# A tensor of whichever backend Keras runs on. TensorFlow and Keras come without types.
Tensor: TypeAlias = Any
StrPath: TypeAlias = str | os.PathLike[str]
