import keras
import pytest


@pytest.fixture(autouse=True)
def float32_afterwards():
    """A recipe sets Keras's precision for the whole process."""
    yield
    keras.config.set_dtype_policy("float32")
