"""Known gaps among the programs: named here one by one, each with its reason; a row that passes is taken off."""

import pytest

GAPS: dict[str, str] = {}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.name in GAPS and "programs" in str(item.fspath):
            item.add_marker(pytest.mark.xfail(reason=GAPS[item.name], strict=False))
