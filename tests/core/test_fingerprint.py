"""Digests of code are stable, and an edited source is noticed."""

import importlib.util
import linecache
import os
import subprocess
import sys
import textwrap
import threading
import warnings

import pytest

from srcad.core.fingerprint import (
    Position,
    digest_code,
    digest_text,
    matches_source,
    matching_positions,
)

PROGRAM = '''\
import math

LIMITS = (1, 1.0, True, -0.0, 1e999 - 1e999, 2 + 3j, -0j, b"x", None, ...)


def outer(x, y=2, *, z):
    """Say it."""
    if x in {"a", "b", "c", 1, 2.5, ("d", "e"), None}:
        return 0
    def inner(t):
        try:
            return math.sin(t) + z + 0x1f + 10 ** 30 + y
        except ValueError:
            return [u * -0.0 for u in range(3)]
    return inner(x)
'''


def compiled(text, name="f", filename="<test>"):
    namespace = {}
    exec(compile(text, filename, "exec", dont_inherit=True), namespace)
    return namespace[name]


def digest(text, name="f", filename="<test>"):
    return digest_code(compiled(text, name, filename).__code__)


def import_file(path, name="edited_module"):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestDigestCode:
    def test_is_the_same_in_every_process(self):
        script = (
            f"namespace = {{}}; exec(compile({PROGRAM!r}, 'p.py', 'exec'), namespace)\n"
            "from srcad.core.fingerprint import digest_code\n"
            "print(digest_code(namespace['outer'].__code__))"
        )
        expected = digest(PROGRAM, "outer")
        for seed in ("0", "1", "2", "3"):
            environment = {**os.environ, "PYTHONHASHSEED": seed}
            environment["PYTHONPATH"] = os.pathsep.join(sys.path)
            command = [sys.executable, "-c", script]
            printed = subprocess.check_output(command, env=environment, text=True)
            assert printed.strip() == expected

    def test_does_not_depend_on_file_or_lines(self):
        assert digest(PROGRAM, "outer") == digest("\n\n\n" + PROGRAM, "outer", "/elsewhere/g.py")
        assert digest("def f(x):\n    return x") == digest("def f(x):\n\n    # why\n    return x")

    def test_is_the_same_from_bytecode_files(self, tmp_path):
        path = tmp_path / "kept.py"
        path.write_text(PROGRAM)
        first = import_file(path).outer
        second = import_file(path).outer  # from __pycache__
        assert (
            digest_code(first.__code__) == digest_code(second.__code__) == digest(PROGRAM, "outer")
        )

    def test_is_the_same_after_specialization_and_under_a_tracer(self):
        f = compiled(
            "def f(x):\n    s = 0\n    for i in range(3):\n        s += x * i\n    return s"
        )
        before = digest_code(f.__code__)
        for _ in range(1000):
            f(2.0)
        assert digest_code(f.__code__) == before
        previous = sys.gettrace()
        sys.settrace(lambda *args: None)
        try:
            f(2.0)
            assert digest_code(f.__code__) == before
        finally:
            sys.settrace(previous)

    @pytest.mark.parametrize(
        "body",
        [
            "return x * 3",
            "return x + 2",
            "return x * 2.0",
            "return x * True",
            "return y * 2",
            "return (lambda t: t * 2)(x)",
            "return (lambda t: t * 2.0)(x)",
            "try:\n        return x * 2\n    except ValueError:\n        return 0",
            "try:\n        return x * 2\n    finally:\n        0",
            "global x2\n    return x * 2 if x2 else x",
            "yield x * 2",
        ],
    )
    def test_changes_with_the_body(self, body):
        assert digest(f"def f(x):\n    {body}") != digest("def f(x):\n    return x * 2")

    @pytest.mark.parametrize("head", ["f(y)", "f(*x)", "f(x, y)", "f(x, /)", "f(*, x)", "f(**x)"])
    def test_changes_with_the_parameters(self, head):
        assert digest(f"def {head}:\n    return 2") != digest("def f(x):\n    return 2")

    def test_tells_all_constants_apart(self):
        constants = [
            "0", "False", "0.0", "-0.0", "0j", "1", "1.0", "True", "None", "...", "''", "b''",
            "'a'", "b'a'", "1e999", "(1e999 - 1e999)", "(1,)", "(1.0,)", "((1,),)", "('a', 'b')",
            "('ab',)", "'\\ud800'", "10 ** 20", "0x" + "f" * 5000,
        ]  # fmt: skip
        digests = {digest(f"def f():\n    return {constant}") for constant in constants}
        assert len(digests) == len(constants)

    def test_signs_of_complex_zeros(self):
        code = digest.__code__
        values = [complex(a, b) for a in (0.0, -0.0) for b in (0.0, -0.0)]
        assert len({digest_code(code.replace(co_consts=(value,))) for value in values}) == 4

    def test_frozensets_count_by_content(self):
        def membership(items):
            return digest(f"def f(x):\n    return x in {{{items}}}")

        assert membership("'a', 'b', 'c'") == membership("'c', 'a', 'b'")
        assert membership("1, 2") != membership("1, 2.0")

    def test_future_flags_count(self):
        text = "def f(x):\n    return x"
        assert digest(text) != digest("from __future__ import annotations\n" + text)

    def test_a_foreign_constant_never_matches(self):
        code = digest.__code__
        foreign = code.replace(co_consts=(*code.co_consts, object()))
        assert digest_code(foreign) != digest_code(foreign)

    def test_text(self):
        assert digest_text("a", "b") == digest_text("a", "b")
        assert len({digest_text(), digest_text(""), digest_text("ab"), digest_text("a", "b")}) == 4
        assert digest_text("\ud800") != digest_text("\ud801")


class TestSource:
    def test_edited_file_is_noticed(self, tmp_path):
        path = tmp_path / "edited.py"
        text = "import math\n\n\ndef f(x):\n    return math.sin(x)\n\n\ndef g(x):\n    return x\n"
        path.write_text(text)
        module = import_file(path)
        assert matching_positions(module.f, text) == (Position(4, 0),)
        path.write_text(text.replace("sin", "cos"))
        linecache.checkcache()
        edited = "".join(linecache.getlines(str(path)))
        assert "cos" in edited
        assert not matches_source(module.f, edited)
        assert matches_source(module.g, edited)

    @pytest.mark.parametrize(
        "edited",
        [
            "\ndef f(x):\n    return x * 2",
            "def f(x):\n    return x * 2.0",
            "def f(x):\n    return x * True",
            "def f(x, y=1):\n    return x * 2",
            "def g(x):\n    return x * 2",
            "f = lambda x: x * 2",
            "async def f(x):\n    return x * 2",
            "class f:\n    pass",
            "if True:\n  class C:\n    def f(x):\n        return x * 2",
            "def f(x:\n    return x * 2",
            "def f(x):\n    return x * 2\0",
            "",
        ],
    )
    def test_texts_that_are_not_the_source(self, edited):
        f = compiled("def f(x):\n    return x * 2")
        assert matches_source(f, "def f(x):\n    return x * 2  # twice\n\n\ndef g(): pass\n")
        assert matches_source(f.__code__, "def f(x):\n    return x * 2")
        assert not matches_source(f, edited)

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="no qualified names in code objects")
    def test_same_line_elsewhere(self):
        f = compiled("class C:\n    def f(x): return x\nf = C.f")
        assert not matches_source(f, "class D:\n    def f(x): return x")

    def test_nested_and_methods(self):
        text = textwrap.dedent("""\
            class Model:
                __scale = 2

                def __call__(self, x):
                    return self.__scale * x

                def __hidden(self, x):
                    return self.__scale + x

                @staticmethod
                def make(k):
                    def inner(x):
                        async def deep():
                            return x * k
                        return deep
                    return inner

            def outer(k):
                def inner(x):
                    return x * k
                return inner
            """)
        Model = compiled(text, "Model")
        inner = Model.make(3)
        assert matching_positions(Model.__call__, text) == (Position(4, 4),)
        assert matching_positions(vars(Model)["_Model__hidden"], text) == (Position(7, 4),)
        assert matching_positions(Model.make, text) == (Position(11, 4),)  # below its decorator
        assert matching_positions(inner, text) == (Position(12, 8),)
        assert matching_positions(inner(1), text) == (Position(13, 12),)
        assert matching_positions(compiled(text, "outer")(1), text) == (Position(19, 4),)
        renamed = text.replace("class Model:", "class Other:")  # another private name
        assert not matches_source(Model.__call__, renamed)

    def test_decorated(self):
        text = textwrap.dedent("""\
            import functools

            def logged(level):
                def decorate(f):
                    @functools.wraps(f)
                    def wrapper(*args):
                        return f(*args)
                    return wrapper
                return decorate

            @logged(
                level=1,
            )
            @(lambda f: f)
            def f(x, shift=lambda x: x + 1):
                return shift(x)
            """)
        f = compiled(text)
        assert matching_positions(f, text) == (Position(6, 8),)  # the wrapper is what runs
        assert matching_positions(f.__wrapped__, text) == (Position(15, 0),)
        assert matching_positions(f.__wrapped__.__defaults__[0], text) == (Position(15, 15),)

    def test_decorated_with_a_lambda_first(self):
        text = "@(lambda f: f)\ndef f(x):\n    return x\n"
        assert matching_positions(compiled(text), text) == (Position(2, 0),)

    def test_lambda_over_lines(self):
        text = "f = (\n    lambda x:\n    x * 2\n)\n"
        assert matching_positions(compiled(text), text) == (Position(2, 4),)
        assert not matches_source(compiled(text), text.replace("2", "3"))

    def test_lambdas_on_a_line(self):
        text = "f = [lambda x: x + 1, lambda x: x * 2, lambda x: x * 2.0, lambda x: x + 1]\n"
        f = compiled(text)
        both = (Position(1, 5), Position(1, 58))
        assert [matching_positions(each, text) for each in f] == [
            both, (Position(1, 22),), (Position(1, 39),), both
        ]  # fmt: skip
        assert not matches_source(f[1], text.replace("* 2,", "* 3,"))

    def test_nested_lambdas_on_a_line(self):
        text = "é = 1; f = lambda x: lambda y: (lambda x: x + y)(x) if x else (lambda y: y)(\n1)"
        f = compiled(text)
        assert matching_positions(f, text) == (Position(1, 12),)
        assert matching_positions(f(1), text) == (Position(1, 22),)

    def test_future_import(self):
        text = "from __future__ import annotations\ndef f(x: int) -> int:\n    return x\n"
        assert matches_source(compiled(text), text)
        cell = "\ndef f(x: int) -> int:\n    return x\n"  # a notebook: imported in an earlier cell
        assert matches_source(compiled(text), cell)

    def test_top_level_await_of_a_notebook(self):
        f = compiled("\ndef f(x):\n    return x")
        assert matches_source(f, "await something()\ndef f(x):\n    return x")

    def test_assert_rewritten_by_pytest(self):
        def checked(x):
            assert x.ndim == 1, "a vector"
            return x * 2

        with open(__file__, encoding="utf-8") as file:
            text = file.read()
        (position,) = matching_positions(checked, text)
        assert text.splitlines()[position.line - 1].strip() == "def checked(x):"
        edited = text.replace("assert x.ndim" + " == 1", "assert x.ndim == 2")
        assert edited != text
        assert not matches_source(checked, edited)

    def test_warnings_of_the_source_stay_quiet(self):
        text = 'def f(x):\n    return x, "\\d"\n# not compiled before\n'
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            f = compiled(text)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert matches_source(f, text)

    def test_threads(self):
        text = "f = [lambda x: x + 1, lambda x: x * 2, lambda x: x - 3]  # threads\n"
        f = compiled(text)
        results, filters = [], list(warnings.filters)
        threads = [
            threading.Thread(
                target=lambda: results.append([matching_positions(g, text) for g in f])
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [[(Position(1, 5),), (Position(1, 22),), (Position(1, 39),)]] * 8
        assert warnings.filters == filters
