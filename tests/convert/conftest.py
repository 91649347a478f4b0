import importlib.util

import pytest

from tests.helpers import require


@pytest.fixture(scope="session")
def transformers():
    """The library, silent; the test is skipped where it is not installed."""
    installed = all(importlib.util.find_spec(name) for name in ("transformers", "torch"))
    require("parity", installed, "transformers and torch are not installed: '.[parity]'")
    import transformers

    transformers.logging.disable_progress_bar()
    return transformers
