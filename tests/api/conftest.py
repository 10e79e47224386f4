"""The tests of the Python API keep their generated code to themselves."""

import numpy as np
import pytest


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRCAD_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def x():
    return np.array([0.5, -1.0, 2.0])


@pytest.fixture
def y():
    return np.array([3.0, 0.25, -2.0])
