"""What is refused, with an error of the contract's form: never a silent zero, never a wrong number."""

import re

import numpy as np
import pytest

import srcad
from srcad import (
    ArgumentError,
    SrcadError,
    UnsupportedSyntaxError,
    grad,
    jacrev,
    value_and_grad,
    vjp,
)


def square(x):
    return np.sum(x * x)


def itself(x):
    return x * 2


def product(x, y):
    return np.sum(x * y)


def cubed(m):
    return np.sum(m * m * m)


GRADIENTS = [grad, value_and_grad]
TRANSFORMS = [grad, value_and_grad, jacrev]


def pulled(f):
    """`vjp` called as the others are."""
    return lambda *args: vjp(f, *args)


ALL = [*TRANSFORMS, pulled]


# arguments


@pytest.mark.parametrize(
    "value",
    [np.arange(3), np.array([True, False]), np.ones(2, "uint8"), 3, np.int64(3), np.bool_(True)],
    ids=["int64[n]", "bool[n]", "uint8[n]", "int", "int64", "bool"],
)
@pytest.mark.parametrize("transform", ALL)
def test_integers_and_booleans_name_the_argument(transform, value):
    with pytest.raises(ArgumentError, match="`x`") as error:
        transform(square)(value)
    assert isinstance(error.value, TypeError)


@pytest.mark.parametrize("value", [True, "text", None, object(), [], (), {}, [3], {"a": 1}])
@pytest.mark.parametrize("transform", ALL)
def test_things_that_are_no_floats(transform, value):
    with pytest.raises(SrcadError):
        transform(square)(value)


@pytest.mark.parametrize(
    "array",
    [
        np.array([1.0, 2.0], object),
        np.array([1.0, None]),
        np.zeros(2, [("a", float)]),
        np.array(["a", "b"]),
        np.array(["2020-01-01"], "M8[D]"),
        np.array([1, 2], "m8[s]"),
        np.array([b"a"]),
    ],
    ids=lambda array: array.dtype.name,
)
@pytest.mark.parametrize("transform", ALL)
def test_arrays_that_are_no_numbers(transform, array):
    with pytest.raises(ArgumentError, match="`x`"):
        transform(square)(array)


def test_an_array_of_objects_beside_is_refused_too(x):
    with pytest.raises(SrcadError, match="y"):
        grad(product)(x, np.array([1, 2, 3], object))


@pytest.mark.parametrize("value", [1j, np.complex64(1j), np.array([1j]), np.ones(2, "complex64")])
@pytest.mark.parametrize("transform", [grad, value_and_grad, jacrev])
def test_a_gradient_is_of_a_real_number(transform, value):
    with pytest.raises(ArgumentError, match="returns complex numbers"):
        transform(lambda z: np.sum(z * z))(value)


SUBCLASSES = {
    "matrix": lambda a: np.matrix(a),
    "masked": lambda a: np.ma.masked_array(a, mask=[[0, 1], [0, 0]]),
    "recarray": lambda a: a.view(np.recarray),
    "own": lambda a: a.view(type("Own", (np.ndarray,), {})),
}


@pytest.mark.parametrize("kind", SUBCLASSES)
@pytest.mark.parametrize("where", ["argument", "beside", "tree", "global", "closure", "default"])
def test_subclasses_of_arrays_are_refused(kind, where, monkeypatch):
    """A matrix multiplies otherwise, a masked array sums otherwise."""
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    other = SUBCLASSES[kind](a)
    grad(cubed)(a)
    grad(product)(a, a)

    def closed(x):
        return np.sum(x * other)

    def defaulted(x, k=other):
        return np.sum(x * k)

    calls = {
        "argument": lambda: grad(cubed)(other),
        "beside": lambda: grad(product)(a, other),
        "tree": lambda: grad(lambda p: np.sum(p[0] * p[1]))([a, other]),
        "global": lambda: grad(reads_global)(a),
        "closure": lambda: grad(closed)(a),
        "default": lambda: grad(defaulted)(a),
    }
    monkeypatch.setitem(globals(), "OTHER", other)
    with pytest.raises(SrcadError, match="other|OTHER|m|x|y|p|k"):
        calls[where]()


OTHER = 1.0


def reads_global(x):
    return np.sum(x * OTHER)


def test_a_memory_map(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3.0))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    with pytest.raises(ArgumentError, match="memmap"):
        grad(square)(mapped)


# outputs


@pytest.mark.parametrize("transform", GRADIENTS)
@pytest.mark.parametrize("shape", [(3,), (1,), (0,), (1, 1), (2, 3)])
def test_a_gradient_is_of_a_single_number(transform, shape):
    with pytest.raises(ArgumentError, match="itself.*single number") as error:
        transform(itself)(np.ones(shape))
    assert isinstance(error.value, TypeError)
    assert "jacrev" in str(error.value)


def pair(x):
    return np.sum(x), np.sum(x)


def listed(x):
    return [np.sum(x)]


def triple(x):
    return np.sum(x), x, x


@pytest.mark.parametrize("transform", GRADIENTS)
@pytest.mark.parametrize("f", [pair, listed, triple, lambda x: {"a": np.sum(x)}])
def test_a_gradient_is_of_no_container(transform, f, x):
    with pytest.raises(ArgumentError, match="single number"):
        transform(f)(x)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("f", [square, triple, listed])
def test_has_aux_asks_for_a_pair(transform, f, x):
    with pytest.raises(ArgumentError, match="aux"):
        transform(f, has_aux=True)(x)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 3,
        lambda x: True,
        lambda x: None,
        lambda x: "text",
        lambda x: np.argmax(x),
        lambda x: x.size,
        lambda x: np.sum(x) > 0,
        lambda x: x.shape,
        lambda x: np.sum(x).astype(int),
        lambda x: np,
        lambda x: np.sin,
    ],
)
@pytest.mark.parametrize("transform", ALL)
def test_a_value_that_is_no_float_is_refused(transform, f, x):
    with pytest.raises(SrcadError):
        transform(f)(x)


@pytest.mark.parametrize("transform", ALL)
def test_a_function_that_returns_nothing(transform, x):
    def nothing(x):
        x + 1

    with pytest.raises(SrcadError, match="nothing"):
        transform(nothing)(x)


def test_a_constant_float_has_a_gradient_of_zeros(x):
    """That is no silent zero: it is what the function says."""
    np.testing.assert_array_equal(grad(lambda x: 3.0)(x), np.zeros(3))
    np.testing.assert_array_equal(jacrev(lambda x: np.ones(2))(x), np.zeros((2, 3)))


# syntax and rules


def generator(x):
    yield x * 2


def without_rule(x):
    return np.sum(np.i0(x) * np.spacing(x))


def classy(x):
    class Inner:
        pass

    return np.sum(x)


@pytest.mark.parametrize("transform", ALL)
@pytest.mark.parametrize(
    "f, kind, words",
    [(generator, UnsupportedSyntaxError, "yield"), (classy, UnsupportedSyntaxError, "class")],
)
def test_syntax_that_is_not_accepted(transform, f, kind, words, x):
    with pytest.raises(kind, match=words) as error:
        transform(f)(x)
    assert isinstance(error.value, NotImplementedError)


def test_a_message_has_the_form_of_the_contract(x):
    """Known: contract.md, Errors."""
    with pytest.raises(UnsupportedSyntaxError) as error:
        grad(generator)(x)
    first, second, third, reason = str(error.value).splitlines()
    line = generator.__code__.co_firstlineno + 1
    assert first == (
        f"test_refusals.py:{line}: UnsupportedSyntaxError: `yield` cannot be differentiated"
    )
    assert second == "    yield x * 2"
    assert third == "    ^^^^^^^^^^^"
    assert reason.endswith(".") and len(reason) > 20


@pytest.mark.parametrize("transform", ALL)
def test_a_missing_rule_names_the_function_and_the_line(transform, x):
    with pytest.raises(srcad.MissingRuleError, match="np.i0|np.spacing") as error:
        transform(without_rule)(x)
    line = without_rule.__code__.co_firstlineno + 1
    assert re.match(rf"test_refusals\.py:{line}: MissingRuleError: ", str(error.value))
    assert isinstance(error.value, NotImplementedError)


def test_no_source(x):
    namespace = {"np": np}
    exec("def f(x):\n    return np.sum(x)", namespace)
    for transform in ALL:
        with pytest.raises(srcad.SourceNotFoundError) as error:
            transform(namespace["f"])(x)
        assert isinstance(error.value, OSError)


def test_undefined_names(x):
    def undefined(x):
        return x * nobody_defined_this  # noqa: F821

    with pytest.raises(SrcadError, match="nobody_defined_this"):
        grad(undefined)(1.0)


def test_an_error_leaves_the_derivative_usable(x):
    derivative = grad(square)
    with pytest.raises(SrcadError):
        derivative(np.arange(3))
    np.testing.assert_allclose(derivative(x), 2 * x)
    with pytest.raises(SrcadError):
        derivative(np.arange(3))


def test_errors_pickle(x):
    """Such as from a pool of processes."""
    import pickle

    with pytest.raises(SrcadError) as error:
        grad(generator)(x)
    again = pickle.loads(pickle.dumps(error.value))
    assert type(again) is type(error.value) and str(again) == str(error.value)


def test_an_error_of_the_function_itself_is_its_own():
    """A derivative for arguments that the function does not accept raises, it does not invent."""

    def matched(x, y):
        return np.sum(x * y)

    derivative = grad(matched)
    derivative(np.ones(3), np.ones(3))
    with pytest.raises(ValueError):
        derivative(np.ones(3), np.ones(4))
    with pytest.raises(ValueError):
        grad(lambda a, b: np.sum(a @ b))(np.ones(3), np.ones(4))
