"""Functions inside functions and objects: what the text looks like, what is refused and where, what dispatch notices."""

import dataclasses
import functools

import numpy as np
import pytest

import srcad
from srcad import SrcadError
from tests.programs import elsewhere

X = np.array([0.6, 0.4, 1.3])


@pytest.fixture(autouse=True)
def uncached(monkeypatch):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")


# the text


def test_a_closure_reads_as_if_written_by_hand():
    def f(x):
        k = np.sum(x)

        def scaled(y):
            return k * np.sin(y)

        return np.sum(scaled(x))

    def by_hand(x):
        k = np.sum(x)
        return np.sum(k * np.sin(x))

    one, two = srcad.grad(f).source(X), srcad.grad(by_hand).source(X)
    assert statements(one) == statements(two).replace("by_hand", "f")


def statements(text):
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith(("#", '"""')))


def test_names_of_a_body_parsed_twice_get_counters_only_where_they_clash():
    def f(x):
        def g(y):
            t = np.sin(y)
            return t * t

        return np.sum(g(x) * g(2.0 * x))

    text = srcad.grad(f).source(X)
    assert "t = np.sin(x)" in text and "t_1 = np.sin(" in text and "t_2" not in text


@dataclasses.dataclass
class Particle:
    x: np.ndarray
    v: np.ndarray

    def step(self, dt):
        self.x = self.x + dt * self.v


def test_attributes_are_named_as_they_are():
    def f(x):
        p = Particle(x, 2.0 * x)
        for _ in range(3):
            p.step(0.1)
        return np.sum(p.x**2)

    text = statements(srcad.grad(f).source(X))
    assert "x_1 = " in text and "Particle" not in text and "item" not in text


def test_a_plain_callee_stays_a_function():
    def f(x):
        return np.sum(elsewhere.helper(x))

    assert "def helper_backward(" in srcad.grad(f).source(X)


# refusals

COUNT = 0


class Vector:
    def __init__(self, x):
        self.x = x

    def __add__(self, other):
        return Vector(self.x + other.x)


class Frozen:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


class MadeUp:
    def __getattr__(self, name):
        return 1.0


class Model:
    def __init__(self):
        self.w, self.k = 2.0, np.ones(3)

    def assigns(self, x):
        self.w = x[0]
        return x[0]

    def stores(self, x):
        self.k[0] = x[0]
        return self.k[0]

    @functools.cached_property
    def late(self):
        return 3.0

    def reads_late(self, x):
        return x[0] * self.late


def by_values(x):
    return x if x < 1 else by_values(x / 2) * x


def without_end(x):
    return without_end(x) * 2.0


def deep(x, n):
    return x[0] if n == 0 else x[1] * deep(x, n - 1)


@functools.lru_cache
def kept(x):
    return x * 2.0


def refused(x, what):
    if what == "values":
        return by_values(x[0])
    if what == "endless":
        return without_end(x)
    if what == "deep":
        return deep(x, 500)
    if what == "operator":
        return (Vector(x) + Vector(x)).x
    if what == "no attribute":
        return Vector(x).y
    if what == "slots":
        p = Frozen(x)
        p.y = x
        return p.y
    if what == "made up":
        return MadeUp().x
    if what == "cached":
        return kept(x[0])
    if what == "elsewhere":
        return elsewhere.refused(x)
    if what == "misfit":
        return elsewhere.helper(x, 1.0)
    if what == "not called":
        return Vector(x)(x)
    if what == "unassigned":
        return before_it_is(x)
    if what == "derivative":
        return srcad.grad(kept)(x[0])
    if what == "partial class":
        return type("A", (), {})()
    return x


def before_it_is(x):
    def f(y):
        if what:
            y = y * COUNT_HERE  # noqa: F823
        COUNT_HERE = 2.0
        return y * COUNT_HERE

    what = True
    return f(x)


COUNT_HERE = 5.0

REFUSED = [
    ("values", "`by_values` calls itself", "test_functions_inside.py", "by_values(x / 2)"),
    ("endless", "calls itself without end", "test_functions_inside.py", "without_end(x)"),
    ("deep", "at most 50 deep", "test_functions_inside.py", "deep(x, n - 1)"),
    ("operator", r"`\+` of a `Vector`", "test_functions_inside.py", "Vector(x) + Vector(x)"),
    ("no attribute", "no attribute 'y'", "test_functions_inside.py", "Vector(x).y"),
    ("slots", "cannot be assigned", "test_functions_inside.py", "p.y"),
    ("made up", "__getattr__", "test_functions_inside.py", "MadeUp()"),
    ("cached", "lru_cache", "test_functions_inside.py", "kept(x[0])"),
    ("elsewhere", "`foo` of an array", "elsewhere.py", "x.foo"),
    ("misfit", "too many positional", "test_functions_inside.py", "elsewhere.helper(x, 1.0)"),
    ("not called", "__call__", "test_functions_inside.py", "Vector(x)(x)"),
    ("unassigned", "may not have been assigned", "test_functions_inside.py", "COUNT_HERE"),
    ("derivative", "is a derivative, or makes one", "test_functions_inside.py", "srcad.grad(kept)"),
    ("partial class", "classes are not made", "test_functions_inside.py", 'type("A", (), {})'),
]


@pytest.mark.parametrize("what, message, file, code", REFUSED, ids=[row[0] for row in REFUSED])
def test_refusals(what, message, file, code):
    with pytest.raises(SrcadError, match=message) as error:
        srcad.grad(refused)(X, what)
    text = str(error.value)
    lines = text.splitlines()
    assert lines[0].startswith(f"{file}:")
    caret = lines[2]
    start = caret.index("^") - 4
    assert lines[1][4:][start : start + caret.count("^")].startswith(code), text


def half_done_list(x):
    acc = [x[0]]

    def f(y):
        acc.append(y * x[1])
        if y < 0:
            raise ValueError("negative")
        acc.pop()
        return y**2

    try:
        z = f(x[1])
    except ValueError:
        z = x[2] * 3
    return z + sum(acc)


def half_done_array(x):
    acc = x * 1.0

    def f(y):
        acc[0] = y * x[1]
        if y < 0:
            raise ValueError("negative")
        return y**2

    try:
        z = f(x[1])
    except ValueError:
        z = x[2] * 3
    return z + np.sum(acc)


@pytest.mark.parametrize("function", [half_done_list, half_done_array])
def test_a_callee_that_raises_half_way_has_changed_things(function):
    with pytest.raises(SrcadError, match="body of (this|a) `try`"):
        srcad.grad(function)(np.array([0.6, -0.7, 1.3]))


@pytest.mark.parametrize(
    "method, message",
    [
        ("assigns", "an attribute of an object from outside is assigned"),
        ("stores", "writes to the array `self.k` of an outer scope"),
        ("reads_late", "`self.late` is computed when it is first read"),
    ],
)
def test_objects_from_outside_are_not_changed(method, message):
    with pytest.raises(SrcadError, match=message):
        srcad.grad(getattr(Model(), method))(X)


def test_a_cached_property_that_was_read_is_an_attribute():
    model = Model()
    assert model.late == 3.0
    np.testing.assert_allclose(srcad.grad(model.reads_late)(X), [3.0, 0.0, 0.0])


# what changes outside


def test_what_objects_hold_is_read_at_each_call():
    model = elsewhere.Base(2.0)
    layers = [model, elsewhere.Base(np.ones(3))]
    table = {"w": 3.0, "f": np.sin}

    def f(x):
        for layer in layers:
            x = layer(x)
        return np.sum(table["f"](x) * table["w"])

    def differences():
        e = 1e-6 * np.eye(3)
        return [(f(X + row) - f(X - row)) / 2e-6 for row in e]

    derivative = srcad.grad(f)

    def holds():
        np.testing.assert_allclose(derivative(X), differences(), rtol=1e-6, atol=1e-9)

    holds()
    model.w = 0.5
    holds()
    layers[1].w[0] = 0.3
    holds()
    layers.append(elsewhere.Base(0.7))
    holds()
    layers[0] = elsewhere.Base(0.9)
    holds()
    table["w"] = np.array([1.0, 2.0, 3.0])
    holds()
    table["f"] = np.cos
    holds()
    model = layers[1]
    model.gain = 2.0  # an attribute of the class, and now of the object
    holds()


def test_methods_that_are_replaced_are_noticed(monkeypatch):
    def outside(x):
        return np.sum(MODEL.act(x))

    def made(x):
        return np.sum(elsewhere.Base(x)(x))

    first, second = srcad.grad(outside), srcad.grad(made)
    before = first(X), second(X)
    monkeypatch.setattr(elsewhere.Base, "act", lambda self, x: self.w * x**2)
    np.testing.assert_allclose(first(X), 2 * MODEL.w * X)
    np.testing.assert_allclose(second(X), 3 * X**2)
    monkeypatch.undo()
    for found, known in zip((first(X), second(X)), before):
        np.testing.assert_allclose(found, known)


MODEL = elsewhere.Base(2.0)


def with_default(x, w=np.array([1.0, 2.0, 3.0]), *, k=(2.0, np.sin)):  # noqa: B008
    return np.sum(k[1](w * x)) * k[0]


def test_defaults_are_read_at_each_call():
    def f(x):
        return with_default(x)

    derivative = srcad.grad(f)
    w = with_default.__defaults__[0]
    np.testing.assert_allclose(derivative(X), 2 * w * np.cos(w * X))
    w[0] = 5.0
    np.testing.assert_allclose(derivative(X), 2 * w * np.cos(w * X))
    kept = with_default.__kwdefaults__
    with_default.__kwdefaults__ = {"k": (3.0, np.sin)}
    np.testing.assert_allclose(derivative(X), 3 * w * np.cos(w * X))
    with_default.__kwdefaults__ = kept


def test_partials_of_outer_scopes_are_read_at_each_call():
    weights = np.array([1.0, 2.0, 3.0])
    partial = functools.partial(lambda w, x, p: w * x**p, weights, p=2)

    def f(x):
        return np.sum(partial(x))

    derivative = srcad.grad(f)
    np.testing.assert_allclose(derivative(X), 2 * weights * X)
    weights[1] = 7.0
    np.testing.assert_allclose(derivative(X), 2 * weights * X)
    partial = functools.partial(partial.func, weights, p=3)
    np.testing.assert_allclose(derivative(X), 3 * weights * X**2)


def test_a_stepsize_of_a_recursion_decides():
    derivative = srcad.grad(deep)
    for n in (0, 1, 3, 1):
        expected = [X[1] ** n, n * X[0] * X[1] ** (n - 1) if n else 0.0, 0.0]
        np.testing.assert_allclose(derivative(X, n), expected)


def put(u):
    u[0] = 5.0 * u[1]
    return 1.0


def held_in_a_tuple(x):
    a = x * 1.0
    t = ((a if x[0] > 0 else x * 2), put(a))
    return np.sum(t[0]) * t[1]


def held_as_an_argument(x):
    a = x * 1.0
    return elsewhere.helper(*(a if x[0] > 0 else x * 2,), **{} if put(a) else {})[0]


def held_by_a_closure(x):
    a = x * 1.0
    b = a if x[0] > 0 else x * 2

    def f():
        return np.sum(b)

    put(a)
    return f()


def held_by_a_caller(x):
    a = x * 1.0
    b = a if x[0] > 0 else x * 2

    def g(u):
        put(u)

    g(a)
    return np.sum(b)


def held_as_a_default(x):
    a = x * 1.0

    def f(y, z=(a if x[0] > 0 else x * 2), w=put(a)):  # noqa: B008
        return np.sum(y * z) * w

    return f(x)


def one_of_two_is_changed(x):
    a, b = Vector(x), Vector(x**2)
    s = a if x[0] > 0 else b
    s.x = s.x * 2
    return np.sum(a.x * b.x)


def one_that_may_be_the_other_is_changed(x):
    a, b = Vector(x), Vector(x**2)
    s = a if x[0] > 0 else b
    a.x = a.x * 2
    return np.sum(s.x * b.x)


@pytest.mark.parametrize(
    "function",
    [
        one_of_two_is_changed,
        one_that_may_be_the_other_is_changed,
        held_in_a_tuple,
        held_as_an_argument,
        held_by_a_closure,
        held_by_a_caller,
        held_as_a_default,
    ],
)
def test_memory_that_a_callee_may_write_is_not_read(function):
    with pytest.raises(srcad.AliasingError):
        srcad.grad(function)(X)
