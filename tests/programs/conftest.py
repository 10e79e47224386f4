"""Known gaps among the programs: named here one by one, each with its reason; a row that passes is taken off."""

import pytest

GAPS = {
    "test_static_arguments[True-square-axis3]": "a tuple of ints as an axis argument is refused",
    "test_static_arguments[True-plain-axis3]": "a tuple of ints as an axis argument is refused",
    "test_static_arguments[False-square-axis3]": "a tuple of ints as an axis argument is refused",
    "test_static_arguments[False-plain-axis3]": "a tuple of ints as an axis argument is refused",
}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.name in GAPS and "programs" in str(item.fspath):
            item.add_marker(pytest.mark.xfail(reason=GAPS[item.name], strict=False))
