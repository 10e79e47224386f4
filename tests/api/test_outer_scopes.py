"""What a function reads from outer scopes is what it is at the call: rebound, changed, removed, edited."""

import functools
import importlib.util
import linecache
import sys
import types

import numpy as np
import pytest

from srcad import SourceNotFoundError, SrcadError, grad, jacrev, value_and_grad, vjp

HERE = __file__.rpartition("test_outer_scopes")[0]


@pytest.fixture
def outer(tmp_path, monkeypatch):
    """A module of its own for each test."""
    path = tmp_path / "outer_copy.py"
    with open(f"{HERE}outer.py") as file:
        path.write_text(file.read())
    return load(path, monkeypatch)


def load(path, monkeypatch):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    return module


def holds(f, x, refusal=False):
    """Gradient, value and pullback are those of the function as it is now; or all are refused."""
    x = np.array(x, float)
    step = 1e-6
    try:
        found = grad(f)(x) if not hasattr(f, "derivative") else f.derivative(x)
    except SrcadError:
        assert refusal, f"{f.__name__} is refused"
        return
    flat = [
        (f((x + step * e).reshape(x.shape)) - f((x - step * e).reshape(x.shape))) / (2 * step)
        for e in (np.eye(x.size).reshape(x.size, *x.shape) if x.shape else [1.0])
    ]
    expected = np.reshape(flat, x.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    value, again = value_and_grad(f)(x)
    assert value == pytest.approx(f(x))
    np.testing.assert_allclose(again, expected, rtol=1e-6, atol=1e-6)
    value, pullback = vjp(f, x)
    assert value == pytest.approx(f(x))
    np.testing.assert_allclose(pullback(1.0)[0], expected, rtol=1e-6, atol=1e-6)


def keep(f):
    """One derivative of the function for all that follows."""
    f.derivative = grad(f)
    return f


X = [0.5, -1.0, 2.0]


# arrays and numbers


@pytest.mark.parametrize(
    "others",
    [
        [np.array([4.0, 5.0, 6.0])],
        [np.array([[1.0, 1, 1], [2, 2, 2]]), np.array([1.0, 2, 3])],
        [np.ones((2, 1)), np.ones((1, 3)), np.ones(())],
        [3.0, 2, np.float32(2), np.int64(3), np.arange(3), np.array([1.0, 2, 3])],
        [np.ones(3, "float32"), np.ones(1), np.array([True, False, True])],
    ],
    ids=["values", "rank", "axes of length one", "kinds", "dtypes"],
)
def test_a_global_array_is_rebound(outer, others):
    """One of the issue's traps: a global array whose rank changes between calls."""
    f = keep(outer.reads_array)
    holds(f, X)
    for other in others:
        outer.ARRAY = other
        holds(f, X)
    outer.ARRAY = np.array([1.0, 2.0, 3.0])
    holds(f, X)


def test_a_global_array_is_changed_in_place(outer):
    f = keep(outer.reads_array)
    holds(f, X)
    outer.ARRAY[0] = 100.0
    holds(f, X)


def test_a_pullback_keeps_the_global_that_it_was_made_with(outer):
    value, pullback = vjp(outer.reads_array, np.array(X))
    (expected,) = pullback(1.0)
    outer.ARRAY[:] = 7.0
    np.testing.assert_array_equal(pullback(1.0)[0], expected)
    outer.ARRAY = np.zeros((2, 3))
    np.testing.assert_array_equal(pullback(1.0)[0], expected)


@pytest.mark.parametrize("name", ["reads_number", "reads_count", "reads_power"])
@pytest.mark.parametrize("values", [[5, 1, 0, 4], [5.0, 2, 2.5]])
def test_a_global_number_is_changed(outer, name, values):
    f = keep(getattr(outer, name))
    holds(f, X)
    for value in values:
        if name == "reads_count" and not isinstance(value, int):
            continue
        if name == "reads_power" and value % 1:
            continue
        outer.NUMBER = outer.COUNT = value
        holds(f, X)


def test_a_global_flag_is_changed(outer):
    f = keep(outer.reads_flag)
    for value in (False, True, 1, 0, None, "", "text", False, 2.0, 0.0):
        outer.FLAG = value
        holds(f, X)


def test_a_global_text_is_changed(outer):
    f = keep(outer.reads_mode)
    for value in ("square", "cube", "square", None):
        outer.MODE = value
        holds(f, X)


def test_a_global_number_that_decides_the_shape(outer):
    f = keep(outer.reads_axis)
    for value in (0, 1, -1, 0):
        outer.AXIS = value
        holds(f, np.arange(6.0).reshape(2, 3), refusal=True)


@pytest.mark.parametrize(
    "value", ["text", [1.0, 2.0, 3.0], None, np.array([1, 2, 3], object), np.matrix([1.0, 2, 3])]
)
def test_a_global_that_is_no_number_any_more(outer, value):
    f = keep(outer.reads_array)
    holds(f, X)
    outer.ARRAY = value
    with pytest.raises(SrcadError, match="ARRAY|list|str|None"):
        f.derivative(np.array(X))
    outer.ARRAY = np.ones(3)
    holds(f, X)


def test_a_global_that_is_gone(outer):
    f = keep(outer.reads_array)
    holds(f, X)
    del outer.ARRAY
    with pytest.raises((SrcadError, NameError), match="ARRAY"):
        f.derivative(np.array(X))
    outer.ARRAY = np.ones(3)
    holds(f, X)


def test_a_builtin_that_is_shadowed(outer):
    def f(x):
        return abs(x)

    f = types.FunctionType(f.__code__, outer.__dict__)
    derivative = grad(f)
    assert derivative(-2.0) == -1.0
    outer.abs = np.exp
    np.testing.assert_allclose(derivative(-2.0), np.exp(-2.0))


# containers


def test_a_global_dict_is_changed_in_place(outer):
    f = keep(outer.reads_table)
    holds(f, X, refusal=True)
    outer.TABLE["k"] = 5.0
    holds(f, X, refusal=True)
    outer.TABLE["a"] = np.array([1.0, 2.0, 3.0])
    holds(f, X, refusal=True)
    outer.TABLE["a"][0] = 10.0
    holds(f, X, refusal=True)
    outer.TABLE = {"k": 1, "a": np.ones((2, 3))}
    holds(f, X, refusal=True)


def test_a_global_list_is_changed_in_place(outer):
    f = keep(outer.reads_list)
    holds(f, X, refusal=True)
    outer.LIST[0] = 7.0
    holds(f, X, refusal=True)
    outer.LIST.insert(0, 1.0)
    holds(f, X, refusal=True)


@pytest.mark.parametrize("name", ["reads_config", "calls_config"])
def test_attributes_of_a_global_object(outer, name):
    f = keep(getattr(outer, name))
    holds(f, X, refusal=True)
    outer.CONFIG.k = 5.0
    outer.CONFIG.f = np.cos
    holds(f, X, refusal=True)
    outer.CONFIG = types.SimpleNamespace(k=1.0, f=np.exp)
    holds(f, X, refusal=True)


# functions


def cube(x):
    return np.sum(x**3)


def test_a_helper_is_rebound(outer):
    """One of the issue's traps."""
    f = keep(outer.calls_helper)
    holds(f, X)
    original = outer.helper
    for other in (cube, np.sum, lambda x: 7.0 * np.sum(x), np.linalg.norm, original):
        outer.helper = other
        holds(f, X)


def test_a_helper_gets_other_code(outer):
    f = keep(outer.calls_helper)
    holds(f, X)
    outer.helper.__code__ = cube.__code__
    holds(f, X)


def test_a_helper_deep_down_is_rebound(outer):
    f = keep(outer.calls_deep)
    holds(f, X)
    outer.DEEP = 10.0
    holds(f, X)
    outer.innermost = lambda x: np.sin(x)
    holds(f, X)
    outer.middle = lambda x: x * 3.0
    holds(f, X)


def test_the_defaults_of_a_helper_are_changed(outer):
    f = keep(outer.calls_default)
    holds(f, X)
    outer.with_default.__defaults__ = (7.0,)
    holds(f, X)


def test_a_helper_that_is_no_function_any_more(outer):
    f = keep(outer.calls_helper)
    holds(f, X)
    outer.helper = 3.0
    with pytest.raises((SrcadError, TypeError)):
        f.derivative(np.array(X))


def test_a_module_is_rebound(outer):
    f = keep(outer.calls_other_module)
    holds(f, X)
    outer.other = types.SimpleNamespace(sin=np.cos)
    holds(f, X, refusal=True)
    outer.other = np
    holds(f, X)


def test_the_code_of_the_function_itself_is_replaced(outer):
    f = outer.calls_helper
    derivative = grad(f)
    np.testing.assert_allclose(derivative(np.array(X)), 2 * np.array(X) + 1)
    f.__code__ = outer.reads_flag.__code__
    np.testing.assert_allclose(derivative(np.array(X)), np.ones(3))


# closures


def make(k):
    def inner(x):
        return np.sum(k * x)

    return inner


def make_from_function(f):
    def inner(x):
        return np.sum(f(x))

    return inner


def test_closures_of_one_code_object(x):
    one, two = make(2.0), make(np.array([1.0, 2.0, 3.0]))
    assert one.__code__ is two.__code__
    for transform in (grad, jacrev):
        np.testing.assert_allclose(transform(one)(x), 2.0)
        np.testing.assert_allclose(transform(two)(x), [1, 2, 3])
        np.testing.assert_allclose(transform(make(5.0))(x), 5.0)
    np.testing.assert_allclose(vjp(one, x)[1](1.0)[0], 2.0)
    np.testing.assert_allclose(vjp(two, x)[1](1.0)[0], [1, 2, 3])


def test_closures_over_functions(x):
    for f, slope in [(np.sin, np.cos), (np.exp, np.exp), (lambda x: x**2, lambda x: 2 * x)]:
        np.testing.assert_allclose(grad(make_from_function(f))(x), slope(x))
        np.testing.assert_allclose(vjp(make_from_function(f), x)[1](1.0)[0], slope(x))


def test_a_cell_is_changed(x):
    k = 2.0

    def inner(x):
        return np.sum(k * x)

    derivative = grad(inner)
    np.testing.assert_allclose(derivative(x), 2.0)
    for k in (5.0, 3, np.array([1.0, 2.0, 3.0]), np.ones((2, 3)), np.float32(1)):
        expected = np.broadcast_to(k, np.broadcast_shapes(np.shape(k), (3,))).reshape(-1, 3).sum(0)
        np.testing.assert_allclose(derivative(x), expected)


def test_a_cell_that_holds_a_function_is_changed(x):
    f = np.sin

    def inner(x):
        return np.sum(f(x))

    derivative = grad(inner)
    np.testing.assert_allclose(derivative(x), np.cos(x))
    f = np.cos
    np.testing.assert_allclose(derivative(x), -np.sin(x))


def test_a_cell_that_is_empty_at_first(x):
    def inner(x):
        return np.sum(later * x)

    derivative = grad(inner)
    with pytest.raises((SrcadError, NameError), match="later"):
        derivative(x)
    later = 4.0
    np.testing.assert_allclose(derivative(x), 4.0)


def test_a_function_that_calls_a_closure(x):
    inner = make(3.0)

    def calls(x):
        return inner(x) * 2

    derivative = grad(calls)
    np.testing.assert_allclose(derivative(x), 6.0)
    inner = make(np.array([1.0, 0.0, 2.0]))
    np.testing.assert_allclose(derivative(x), [2, 0, 4])


def test_two_closures_called_by_one_function(x):
    one, two = make(3.0), make(5.0)

    def calls(x):
        return one(x) - two(x)

    np.testing.assert_allclose(grad(calls)(x), -2.0)
    np.testing.assert_allclose(vjp(calls, x)[1](1.0)[0], -2.0)


def test_the_same_closures_in_the_other_order(x):
    def pair(f, g):
        def calls(x):
            return f(x) * g(x)

        return calls

    one, two = make(np.array([1.0, 2.0, 3.0])), make(2.0)
    by = grad(pair(one, two))(x)
    np.testing.assert_allclose(by, one(x) * 2 + two(x) * np.array([1, 2, 3]))
    np.testing.assert_allclose(grad(pair(two, one))(x), by)


# the file


TEXT = """\
import numpy as np


def helper(x):
    return np.sum(x ** 2)


def f(x):
    return helper(x)
"""


@pytest.fixture
def edited(tmp_path, monkeypatch):
    path = tmp_path / "edited_after_import.py"
    path.write_text(TEXT)
    module = load(path, monkeypatch)

    def edit(text):
        path.write_text(text)
        linecache.checkcache(str(path))

    return module, edit


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("** 2", "** 3"),
        TEXT.replace("    return helper(x)", "    return helper(x) * 2"),
        "\n" + TEXT,
        TEXT.replace("def f(x)", "def f(x, y=1)"),
        TEXT.replace("def f", "def g"),
        TEXT.replace("return helper(x)", "return helper(x"),
        "",
    ],
    ids=["helper", "function", "moved", "signature", "renamed", "broken", "empty"],
)
def test_a_file_edited_after_import_is_refused(edited, text, x):
    """One of the issue's traps: what runs is not what the file says."""
    module, edit = edited
    edit(text)
    for transform in (grad, value_and_grad, jacrev, lambda f: functools.partial(vjp, f)):
        with pytest.raises(SourceNotFoundError):
            transform(module.f)(x)


def test_a_derivative_made_before_the_edit_goes_on(edited, x):
    """It belongs to what runs."""
    module, edit = edited
    derivative = grad(module.f)
    np.testing.assert_allclose(derivative(x), 2 * x)
    edit(TEXT.replace("** 2", "** 3"))
    np.testing.assert_allclose(derivative(x), 2 * x)


def test_a_comment_at_the_end_changes_nothing(edited, x):
    module, edit = edited
    edit(TEXT + "\n# a remark\n")
    np.testing.assert_allclose(grad(module.f)(x), 2 * x)


def test_the_edited_file_imported_again(edited, x, monkeypatch, tmp_path):
    module, edit = edited
    np.testing.assert_allclose(grad(module.f)(x), 2 * x)
    edit(TEXT.replace("** 2", "** 3"))
    again = load(tmp_path / "edited_after_import.py", monkeypatch)
    np.testing.assert_allclose(grad(again.f)(x), 3 * x**2)
    np.testing.assert_allclose(grad(again.f)(x), 3 * x**2)


AXIS = 0


def along_axis(x):
    return np.sum(x, axis=AXIS)


def by_axis(x):
    return np.sum(along_axis(x) ** 2) * (AXIS + 1)


def test_an_integer_that_decides_is_held_against_its_value(monkeypatch):
    """A fresh derivative may find the text of another value in the cache."""
    x, kept = np.arange(6.0).reshape(2, 3), grad(by_axis)
    for axis in (0, 1, np.int64(0), -1, 0):
        monkeypatch.setitem(globals(), "AXIS", axis)
        total = np.sum(x, axis=axis, keepdims=True)
        expected = 2 * np.broadcast_to(total, x.shape) * (axis + 1)
        np.testing.assert_array_equal(kept(x), expected)
        np.testing.assert_array_equal(grad(by_axis)(x), expected)


OBJECTS = """
from dataclasses import dataclass
import numpy as np

@dataclass
class Spring:
    k: float

    @property
    def stiff(self):
        return 2.0 * self.k

    @classmethod
    def rest(cls, x):
        return x - 1.0

def energy(spring, x):
    return np.sum(spring.stiff * spring.rest(x) ** 2)
"""


def test_what_an_argument_s_class_computes(tmp_path, monkeypatch):
    """Properties and class methods are looked for through the class: rebound in a program, or edited between two that share a cache."""
    monkeypatch.setenv("SRCAD_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "springs.py"
    x = np.array([2.0, 3.0])

    def gradient(text):
        path.write_text(text)
        linecache.checkcache(str(path))
        module = load(path, monkeypatch)
        return module, grad(module.energy, 1), module.Spring(1.5)

    module, derivative, spring = gradient(OBJECTS)
    np.testing.assert_array_equal(derivative(spring, x), 6.0 * (x - 1))
    edited = OBJECTS.replace("2.0 * self", "4.0 * self").replace("x - 1.0", "x - 2.0")
    other, again, same = gradient(edited)
    np.testing.assert_array_equal(again(same, x), 12.0 * (x - 2))
    other.Spring.stiff = property(lambda self: 3.0 * self.k)
    np.testing.assert_array_equal(again(same, x), 9.0 * (x - 2))
    other.Spring.stiff = property(lambda self: 5.0 * self.k)
    np.testing.assert_array_equal(again(same, x), 15.0 * (x - 2))


def test_what_init_reads_and_is(outer):
    f = keep(outer.makes_an_object)
    holds(f, X)
    outer.DEEP = 3.0
    holds(f, X)

    def bare(self, x):
        self.x = x

    outer.Scaled.__init__ = bare
    holds(f, X)


SCALES = [np.float64(2.0), np.complex128(1j)]


def test_numbers_of_numpy_in_a_list():
    def f(x):
        return sum(np.sum(np.abs(np.conj(s) * p) ** 2) for s, p in zip(SCALES, x))

    np.testing.assert_allclose(grad(f)(np.array([1.0, 3.0])), [8.0, 6.0])
