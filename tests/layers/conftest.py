"""Another process, for what one has saved and another loads."""

import pytest

from tests import processes


@pytest.fixture(scope="session")
def stranger():
    with processes.stranger() as executor:
        yield executor
