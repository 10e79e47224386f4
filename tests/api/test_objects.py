"""Methods, callable objects, attributes of objects, and objects as arguments."""

import enum
import types

import numpy as np
import pytest

from srcad import SrcadError, grad, jacrev, value_and_grad, vjp

X = np.array([1.0, 2.0])


class Model:
    scale = 1.0

    def __init__(self, w):
        self.w, self.axis, self.kind = w, 0, "plain"
        self.inner = types.SimpleNamespace(k=3.0)

    def loss(self, x):
        return np.sum(self.w * x**2) * self.scale

    def nested(self, x):
        return np.sum(x) * self.inner.k

    def reduced(self, x):
        return np.sum(np.sum(x, axis=self.axis) ** 2)

    def by_kind(self, x):
        if self.kind == "plain" and self.kind is not None:
            return np.sum(x)
        return np.sum(x) * 2.0

    def __call__(self, x):
        return np.sum(self.w * x)

    def assigns(self, x):
        self.w = x
        return np.sum(x)

    def writes(self, x):
        self.w[0] = 1.0
        return np.sum(self.w * x)

    @property
    def computed(self):
        return self.w

    def reads_a_property(self, x):
        return np.sum(x) * self.computed


def test_attributes_of_self_are_read_at_each_call():
    one, two = Model(2.0), Model(np.array([1.0, 3.0]))
    first, second = grad(one.loss), grad(two.loss)
    np.testing.assert_allclose(first(X), 4 * X)
    np.testing.assert_allclose(second(X), 2 * two.w * X)
    for w in (5.0, 3, np.array([1.0, 2.0]), np.float32(0.5), np.array([2.0, 1.0])):
        one.w = w
        np.testing.assert_allclose(first(X), 2 * w * X)
        np.testing.assert_allclose(grad(one.loss)(X), 2 * w * X)
    two.w[1] = 7.0
    np.testing.assert_allclose(second(X), 2 * two.w * X)
    two.scale = 4.0
    np.testing.assert_allclose(second(X), 8 * two.w * X)


def test_every_transform_takes_methods_and_callable_objects():
    model = Model(np.array([1.0, 3.0]))
    np.testing.assert_allclose(grad(model)(X), model.w)
    np.testing.assert_allclose(jacrev(model)(X), model.w)
    value, pullback = vjp(model.loss, X)
    assert value == model.loss(X)
    np.testing.assert_allclose(pullback(2.0)[0], 4 * model.w * X)
    value, found = value_and_grad(model.nested)(X)
    assert value == 9.0
    np.testing.assert_allclose(found, 3.0)
    assert "w * x" in grad(model.loss).source(X)


def test_attributes_that_decide():
    model, x = Model(1.0), np.arange(6.0).reshape(2, 3)
    derivative, plain = grad(model.reduced), grad(model.by_kind)
    for axis in (0, 1, 0):
        model.axis = axis
        expected = 2 * np.broadcast_to(np.sum(x, axis=axis, keepdims=True), x.shape)
        np.testing.assert_allclose(derivative(x), expected)
    for kind, expected in (("plain", 1.0), ("other", 2.0), (None, 2.0), ("plain", 1.0)):
        model.kind = kind
        np.testing.assert_allclose(plain(X), expected)


@pytest.mark.parametrize("name", ["assigns", "writes", "reads_a_property"])
def test_what_changes_or_computes_attributes_is_refused(name):
    with pytest.raises(SrcadError):
        grad(getattr(Model(np.ones(2)), name))(X)


class Kind(enum.Enum):
    SUM = 1
    SQUARES = 2


class Word(str, enum.Enum):
    SUM = "sum"
    SQUARES = "squares"


def by_member(x, kind):
    if kind is Kind.SUM:
        return np.sum(x)
    return np.sum(x**2)


def by_word(x, kind):
    return np.sum(x) if kind == "sum" else np.sum(x**2)


def test_members_of_enumerations_and_strings_decide():
    member, word = grad(by_member), grad(by_word)
    for _ in range(2):
        np.testing.assert_allclose(member(X, Kind.SUM), 1.0)
        np.testing.assert_allclose(member(X, Kind.SQUARES), 2 * X)
        for text in (str, np.str_, Word):
            np.testing.assert_allclose(word(X, text("sum")), 1.0)
            np.testing.assert_allclose(word(X, text("squares")), 2 * X)


FACTOR = 5.0


def scaled(x):
    return FACTOR * x


def made(k):
    return lambda x: k * x


def plain(k):
    if k == 2:
        return lambda x: 2 * x
    return lambda x: 3 * x


def of_a_function(f, x):
    return np.sum(f(x))


def test_functions_as_arguments():
    """A function that is gone may leave its `id` to the next."""
    derivative = grad(of_a_function, 1)
    for k in (2, 3, 2, 3):
        np.testing.assert_allclose(derivative(plain(k), X), k)
    np.testing.assert_allclose(derivative(scaled, X), 5.0)
    for k in (2.0, 4.0, np.array([1.0, 3.0])):  # what the function reads of its own scope
        np.testing.assert_allclose(derivative(made(k), X), k)


def with_a_lambda(x):
    return np.sum(x), lambda z: z


def with_a_method(x):
    return np.sum(x), x.sum


@pytest.mark.parametrize("f", [with_a_lambda, with_a_method])
def test_functions_among_the_results_are_refused(f):
    for call in (lambda: grad(f, has_aux=True)(X), lambda: vjp(f, X, has_aux=True)):
        with pytest.raises(SrcadError, match="among the results"):
            call()
