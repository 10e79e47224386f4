"""Known gaps among the programs: named here one by one, each with its reason; a row that passes is taken off."""

import pytest

GAPS = {
    "test_product[np.linalg.det(C)]": "nothing could be compared in this row; not looked into",
    "test_float32[np.linalg.det(C)]": "nothing could be compared in this row; not looked into",
    "test_elementwise[math.log(s * s + 1, 3)]": "math.log with a base has no rule yet",
    "test_reduction[np.mean(A)]": "an empty mean divides Python numbers by zero",
    "test_reduction[v.mean()]": "an empty mean divides Python numbers by zero",
    "test_shaping[np.squeeze(r)]": "squeeze without an axis is not quoted where a size may be 1",
    "test_shaping[r.squeeze()]": "squeeze without an axis is not quoted where a size may be 1",
    "test_shaping[np.atleast_1d(s)]": "atleast_1d of a Python number",
    "test_static_arguments[True-square-axis3]": "a tuple of ints as an axis argument is refused",
    "test_static_arguments[True-plain-axis3]": "a tuple of ints as an axis argument is refused",
    "test_static_arguments[False-square-axis3]": "a tuple of ints as an axis argument is refused",
    "test_static_arguments[False-plain-axis3]": "a tuple of ints as an axis argument is refused",
}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.name in GAPS and "programs" in str(item.fspath):
            item.add_marker(pytest.mark.xfail(reason=GAPS[item.name], strict=False))
