"""Names for what the type hints of this package speak of."""

import os
from typing import Any, TypeAlias

# A tensor of whichever backend Keras runs on.
Tensor: TypeAlias = Any
StrPath: TypeAlias = str | os.PathLike[str]
