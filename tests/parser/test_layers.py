"""The parser's layers share one namespace: what one overrides of another, it overrides on purpose."""

import ast
import inspect
import textwrap

from srcad.parser.function import Parser


def test_a_method_is_overridden_on_purpose():
    """An override calls what it overrides, or fills in what a layer below only declares."""
    layers = [layer for layer in Parser.__mro__ if layer.__module__.startswith("srcad.parser")]
    for place, layer in enumerate(layers):
        for name, method in vars(layer).items():
            if not inspect.isfunction(method) or name == "__init__":
                continue
            below = [other for other in layers[place + 1 :] if name in vars(other)]
            if not below or f"super().{name}(" in inspect.getsource(layer):
                continue
            body = ast.parse(textwrap.dedent(inspect.getsource(vars(below[0])[name]))).body[0].body
            rest = [part for part in body if not _is_text(part)]
            declares = len(rest) == 1 and isinstance(rest[0], (ast.Return, ast.Raise))
            assert declares, (layer.__name__, name, below)


def _is_text(statement):
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
