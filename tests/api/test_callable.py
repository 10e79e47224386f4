"""A derivative is an ordinary callable: name, docstring, signature, pickling, text, decorators."""

import ast
import copy
import inspect
import pickle
import subprocess
import sys
import traceback

import numpy as np
import pytest

import srcad
from srcad import SrcadError, differentiable, grad, jacrev, value_and_grad, vjp


def loss(w, X: "float64[n, d]", k=2.0):  # noqa: F821
    """The loss of a model.

    With a second paragraph.
    """
    return k * np.sum((X @ w) ** 2)


def undocumented(x):
    return np.sum(x)


@grad
def slope(x):
    """A square."""
    return np.sum(x**2)


@value_and_grad(argnums=1)
def second(x, y):
    return np.sum(x * y)


@jacrev(argnums=(0, 1), chunk_size=2)
def jacobian(x, y):
    return x * y


@differentiable
def energy(x):
    """Half a square."""
    return 0.5 * np.sum(x**2)


@differentiable
def rotated(x):
    return x[::-1] * 2.0


def test_decorators_bare_and_with_options(x, y):
    np.testing.assert_allclose(slope(x), 2 * x)
    value, found = second(x, y)
    assert value == pytest.approx(np.sum(x * y))
    np.testing.assert_allclose(found, x)
    by_x, by_y = jacobian(x, y)
    np.testing.assert_allclose(by_x, np.diag(y))
    np.testing.assert_allclose(by_y, np.diag(x))


@pytest.mark.parametrize(
    "derivative, name, word",
    [
        (grad(loss), "loss_grad", "Gradient"),
        (value_and_grad(loss), "loss_value_and_grad", "Value"),
        (jacrev(loss), "loss_jacrev", "Jacobian"),
        (slope, "slope_grad", "Gradient"),
    ],
)
def test_name_and_docstring(derivative, name, word):
    assert derivative.__name__ == name
    assert word in derivative.__doc__
    assert name.partition("_")[0] in derivative.__doc__
    assert derivative.__module__ == __name__
    assert name in repr(derivative)


def test_the_docstring_holds_that_of_the_function():
    assert "With a second paragraph." in grad(loss).__doc__
    assert grad(undocumented).__doc__.strip()


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacrev])
def test_signature(transform):
    assert inspect.signature(transform(loss)) == inspect.signature(loss)
    assert callable(transform(loss))


def test_two_derivatives_are_two(x):
    one, two = grad(undocumented), grad(undocumented)
    assert one is not two
    assert len({one, two}) == 2
    assert one == one


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies(copied, x):
    np.testing.assert_allclose(copied(grad(energy))(x), x)


# pickling


@pytest.mark.parametrize(
    "derivative",
    [
        grad(undocumented),
        grad(loss, argnums=(0, 2)),
        value_and_grad(loss, argnums=-1),
        jacrev(loss, chunk_size=3, _preallocate_and_copy=True),
        energy.grad,
    ],
    ids=lambda derivative: derivative.__name__,
)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_as_transform_function_and_options(derivative, protocol, x):
    again = pickle.loads(pickle.dumps(derivative, protocol))
    assert type(again) is type(derivative)
    assert again.function is derivative.function
    assert again.argnums == derivative.argnums
    assert again.__name__ == derivative.__name__
    assert again._options() == derivative._options()
    arguments = (x,) if len(inspect.signature(again).parameters) == 1 else (x, np.eye(3))
    assert repr(again(*arguments)) == repr(derivative(*arguments))


@pytest.mark.parametrize("derivative", [slope, second, jacobian])
def test_a_decorated_function_pickles(derivative):
    assert pickle.loads(pickle.dumps(derivative)) is derivative


def test_a_local_function_does_not_pickle():
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(grad(lambda x: x))


def test_pickles_into_another_process(tmp_path, x):
    """The function is found by reference, and the derivative is compiled there."""
    (tmp_path / "shipped.py").write_text(
        "import numpy as np, pickle, srcad, sys\n"
        "def f(x):\n    return np.sum(x ** 2)\n"
        "@srcad.grad\ndef g(x):\n    return np.sum(x ** 3)\n"
    )
    make = "import shipped, srcad, pickle, sys; sys.stdout.buffer.write(pickle.dumps(srcad.grad(shipped.f)))"
    use = "import pickle, sys, numpy as np; print(pickle.load(sys.stdin.buffer)(np.ones(2)))"
    pickled = subprocess.run(
        [sys.executable, "-c", make], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    result = subprocess.run(
        [sys.executable, "-c", use], cwd=tmp_path, input=pickled, capture_output=True, check=True
    )
    assert result.stdout.strip() == b"[2. 2.]"


# the text


def runs(text, name):
    namespace = {}
    exec(compile(text, "<text>", "exec"), namespace)
    return namespace[name]


def test_source_for_arguments(x):
    text = slope.source(x)
    names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert names[-1] == "slope_grad"
    assert "Gradient of `slope` with respect to `x`: float64[n]." in text
    assert "# return np.sum(x**2)" in text
    np.testing.assert_allclose(runs(text, "slope_grad")(x), 2 * x)


def test_source_for_a_specification(x):
    text = grad(loss).source(srcad.spec("float64[d]"), srcad.spec("float64[n, d]"), 2.0)
    assert "float64[d]" in text
    w, design = x, np.arange(6.0).reshape(2, 3)
    found = runs(text, "loss_grad")(w, design, 2.0)
    np.testing.assert_allclose(found, grad(loss)(w, design, 2.0))
    again = grad(loss).source(srcad.spec("float64[d]"), X=srcad.spec("float64[n, d]"))
    assert again == text


def test_source_is_the_same_each_time(x):
    text = grad(loss).source(x, np.eye(3))
    grad(loss)(x, np.eye(3))
    assert grad(loss).source(x, np.eye(3)) == text
    assert text.endswith("\n") and not text.endswith("\n\n")


def test_source_where_a_number_decides():
    def summed(x, axis=0):
        return np.sum(np.sum(x, axis=axis) ** 2)

    a = np.arange(6.0).reshape(2, 3)
    derivative = grad(summed)
    for axis in (0, 1):
        text = derivative.source(a, axis)
        expected = 2 * np.sum(a, axis, keepdims=True) + 0 * a
        np.testing.assert_allclose(runs(text, "summed_grad")(a, axis), expected)


def test_source_refuses_what_a_call_refuses(x):
    with pytest.raises(SrcadError, match="int64"):
        slope.source(srcad.spec("int64[n]"))


@pytest.mark.parametrize(
    "text",
    ["float64[n", "float99[n]", "float64[n + 1]", "float64[-1]", "object[n]", "f(x)", "", "x"],
)
def test_a_specification_that_is_none(text):
    with pytest.raises(ValueError, match="float64|dtype|spec"):
        srcad.spec(text)


def test_a_specification_is_no_argument():
    with pytest.raises(SrcadError, match="x"):
        slope(srcad.spec("float64[n]"))


def test_specifications_of_trees(x):
    def tree(p):
        return np.sum(p["W"] @ p["b"][0])

    text = grad(tree).source(srcad.spec("{'W': float64[n, m], 'b': [float64[m]]}"))
    found = runs(text, "tree_grad")({"W": np.ones((2, 3)), "b": [x]})
    np.testing.assert_allclose(found["W"], np.stack([x, x]))
    np.testing.assert_allclose(found["b"][0], 2.0)


def test_the_parameters_of_the_text_are_those_of_the_function(x):
    def kinds(a, /, b, *, c=1.0):
        return np.sum(a * b) * c

    text = grad(kinds).source(x, x)
    assert inspect.signature(runs(text, "kinds_grad")) == inspect.signature(kinds)


# pdb, tracebacks


def test_a_traceback_shows_the_generated_line():
    def mismatched(x, v):
        return np.sum(x[1:] * v)

    derivative = grad(mismatched)
    derivative(np.ones(4), np.ones(3))
    with pytest.raises(ValueError) as error:
        derivative(np.ones(4), np.ones(7))
    frames = traceback.extract_tb(error.value.__traceback__)
    (frame,) = [frame for frame in frames if frame.name == "mismatched_grad"]
    assert frame.line.strip() and frame.line in derivative.source(np.ones(4), np.ones(7))


# differentiable


def test_differentiable_leaves_the_function(x):
    assert inspect.isfunction(energy)
    assert energy.__name__ == "energy"
    assert energy.__doc__ == "Half a square."
    assert energy(x) == pytest.approx(0.5 * np.sum(x**2))
    assert pickle.loads(pickle.dumps(energy)) is energy


def test_differentiable_gives_derivatives(x):
    np.testing.assert_allclose(energy.grad(x), x)
    value, found = energy.value_and_grad(x)
    assert value == pytest.approx(energy(x))
    np.testing.assert_allclose(found, x)
    np.testing.assert_allclose(rotated.jacrev(x), 2 * np.eye(3)[::-1])
    value, pullback = rotated.vjp(x)
    np.testing.assert_allclose(value, 2 * x[::-1])
    np.testing.assert_allclose(pullback(np.arange(3.0))[0], [4, 2, 0])


@pytest.mark.parametrize("transform", ["grad", "value_and_grad", "jacrev"])
def test_differentiable_gives_source(transform, x):
    text = energy.source(transform, srcad.spec("float64[n]"))
    assert f"def energy_{transform}(x):" in text


def test_differentiable_source_of_a_pullback(x):
    assert "def rotated_vjp(x, " in rotated.source("vjp", srcad.spec("float64[n]"))


def test_differentiable_source_of_nothing(x):
    with pytest.raises(ValueError, match="nonsense"):
        energy.source("nonsense", x)


def test_vjp_of_a_decorated_function(x):
    value, pullback = vjp(energy, x)
    np.testing.assert_allclose(pullback(2.0)[0], 2 * x)
    assert value == energy(x)
