"""Where the source of a function is found, and that it is what runs."""

import doctest
import functools
import importlib.util
import inspect
import linecache
import os
import pickle
import subprocess
import sys
import textwrap
import time
import traceback
import types
import zipfile
from pathlib import Path

import numpy as np
import pytest

import srcad
from srcad.errors import ArgumentValueError, SourceNotFoundError, SrcadError
from srcad.parser.source import source_of

ROOT = Path(__file__).resolve().parents[2]
SQUARE = "import numpy as np\ndef f(x):\n    return np.sum(x * x)\n"
X = np.array([1.0, 2.0])


@pytest.fixture(autouse=True)
def apart(monkeypatch):
    """No cache on disk, and entries of linecache for one test only."""
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    monkeypatch.setattr(linecache, "cache", dict(linecache.cache))


def cell(text, file, changed=None, names=None):
    """What runs a text that is in no file: an entry of linecache, then exec."""
    linecache.cache[file] = (len(text), changed, text.splitlines(True), file)
    namespace = {"__name__": "__main__", **(names or {})}
    exec(compile(text, file, "exec", dont_inherit=True), namespace)
    return namespace["f"]


def imported(path, name="sources_imported"):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gradient_is(f, factor=2.0):
    assert source_of(f).function is f  # what was generated for the same code before needs none
    np.testing.assert_allclose(srcad.grad(f)(X), factor * X)


# text that is in no file


@pytest.mark.parametrize(
    "file, changed",
    [
        ("<ipython-input-3-0c5b2a1d9e7f>", time.time()),
        ("/nowhere/ipykernel_4711/1234567890.py", time.time()),
        ("<python-input-2>", None),
        ("<attrs generated methods module.Model>", None),
        ("<string>", None),
    ],
    ids=["IPython", "ipykernel", "prompt", "attrs", "string"],
)
def test_cells(file, changed):
    gradient_is(cell(SQUARE, file, changed))


def test_a_cell_may_use_what_earlier_cells_imported_from_the_future():
    text = "import numpy as np\ndef f(x: Undefined):\n    return np.sum(x * x)\n"
    file = "<ipython-input-9-future>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    import __future__

    namespace = {}
    exec(compile(text, file, "exec", __future__.annotations.compiler_flag, True), namespace)
    gradient_is(namespace["f"])


def test_a_cell_that_is_run_again_is_another_function():
    file = "<ipython-input-5-again>"
    first = cell(SQUARE, file)
    gradient_is(first)
    second = cell(SQUARE.replace("x * x", "x * x * 2"), file)
    gradient_is(second, 4.0)
    # Of the first there is no text any more.
    with pytest.raises(SourceNotFoundError, match="cannot be found"):
        source_of(first)


def test_what_a_prompt_keys_by_code(monkeypatch):
    """Python 3.13.1 keeps what is typed by code object, which only `inspect` looks up."""
    namespace = {}
    exec(compile(SQUARE, "<python-input-0>", "exec"), namespace)
    lines = SQUARE.splitlines(True)
    monkeypatch.setattr(inspect, "findsource", lambda function: (lines, 1))
    gradient_is(namespace["f"])


def run(*command, text=None):
    environment = {**os.environ, "SRCAD_CACHE_DIR": "off", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *command], input=text, env=environment, capture_output=True, text=True
    )
    return done.stdout.strip(), done.stderr


PROGRAM = (
    SQUARE + "import srcad\nprint(srcad.grad(f)(np.ones(2)), srcad.grad(lambda x: x * x)(3.0))"
)


def test_a_program_on_the_command_line():
    out, err = run("-c", PROGRAM)
    assert out == "[2. 2.] 6.0", err


def test_a_program_on_standard_input_has_no_source():
    out, err = run("-", text=PROGRAM)
    assert out == "[2. 2.] 6.0" or "srcad.from_source" in err


def test_exec_without_lines_has_no_source():
    namespace = {}
    exec(SQUARE.replace("x * x", "x * x * 17.0"), namespace)
    with pytest.raises(SourceNotFoundError) as error:
        srcad.grad(namespace["f"])(X)
    assert str(error.value).splitlines()[0] == (
        "<string>:2: SourceNotFoundError: the source of `f` cannot be found"
    )
    assert "srcad.from_source(text, name)" in error.value.reason


def test_doctests():
    text = ">>> import numpy as np, srcad\n>>> def f(x):\n...     return np.sum(x * x)\n"
    text += ">>> srcad.grad(f)(np.ones(2))\narray([2., 2.])\n>>> srcad.grad(lambda x: x * x)(3.0)\n6.0\n"
    example = doctest.DocTestParser().get_doctest(text, {}, "sources", None, None)
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0


# files


def test_encodings_and_ends_of_lines(tmp_path):
    text = "import numpy as np\n\ndef f(x):\n    größe = x * x  # grün\n    return np.sum(größe)\n"
    latin = "# -*- coding: latin-1 -*-\n" + text
    contents = {
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "latin": latin.encode("latin-1"),
        "crlf": text.replace("\n", "\r\n").encode(),
        "cr": text.replace("\n", "\r").encode(),
    }
    for name, content in contents.items():
        path = tmp_path / f"{name}_encoded.py"
        path.write_bytes(content)
        f = imported(path, f"{name}_encoded").f
        gradient_is(f)
        source = source_of(f)
        assert source.text(source.node.body[0]) == "größe = x * x", name


def test_tabs_and_continued_lines():
    text = "import numpy as np\ndef f(x):\n\ty = x * \\\n\t\t(x +\n0)\n\treturn np.sum(y)\n"
    f = cell(text, "<tabs>")
    gradient_is(f)


def test_form_feeds_and_separators_end_no_line():
    text = "import numpy as np\nS = '\u2028 \x85'\n\x0c\ndef g(): pass\n\x0cdef f(x):\n    return np.nothing(x)\n"
    linecache.cache["<feeds>"] = (0, None, [f"{line}\n" for line in text.split("\n")], "<feeds>")
    namespace = {}
    exec(compile(text, "<feeds>", "exec"), namespace)
    with pytest.raises(SrcadError) as error:
        srcad.grad(namespace["f"])(X)
    assert error.value.place.line == 6
    assert str(error.value).splitlines()[1] == "    return np.nothing(x)"


def test_zipped_packages(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "sources.zip", "w") as archive:
        archive.writestr("sources_zipped/__init__.py", "")
        archive.writestr("sources_zipped/plain.py", SQUARE)
        archive.writestr("sources_zipped/feeds.py", "S = 'a\x0cb'\n\x0c\n" + SQUARE)
    monkeypatch.syspath_prepend(tmp_path / "sources.zip")
    from sources_zipped import feeds, plain

    gradient_is(plain.f)
    gradient_is(feeds.f)


def test_a_file_that_was_edited_and_imported_again(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "sources_edited.py"
    path.write_text(SQUARE)
    first = imported(path).f
    gradient_is(first)
    path.write_text(SQUARE.replace("x * x", "x * x * 2.0"))
    gradient_is(imported(path).f, 4.0)
    linecache.checkcache(str(path))
    with pytest.raises(SourceNotFoundError, match="edited") as error:
        source_of(first)
    assert error.value.place.file == "sources_edited.py" and error.value.place.line == 2


def test_a_relative_file_after_a_change_of_folder(tmp_path, monkeypatch):
    (tmp_path / "sources_relative.py").write_text(SQUARE)
    monkeypatch.syspath_prepend(tmp_path)
    namespace = {}
    exec(compile(SQUARE, "sources_relative.py", "exec"), namespace)
    gradient_is(namespace["f"])


def test_processes_that_are_spawned(tmp_path):
    path = tmp_path / "spawning.py"
    path.write_text(
        SQUARE
        + "import multiprocessing, srcad\n"
        + "def slope(x):\n    return srcad.grad(f)(x)[0], srcad.grad(lambda y: y * y)(x[0]), f.__module__\n"
        + "if __name__ == '__main__':\n"
        + "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        + "        print(pool.map(slope, [np.ones(2)]), pool.map(srcad.grad(f), [np.ones(1)]))\n"
    )
    out, err = run(str(path))
    assert "__mp_main__" in out and out.endswith("[array([2.])]"), out + err


def test_asserts_that_pytest_rewrites():
    def f(x):
        y = [np.sum(x * x)][0]
        return y

    def checked():
        assert f(X) == 5.0

    gradient_is(f)
    assert source_of(checked).node.name == "checked"


# the function in its file


def test_lambdas_on_a_line():
    fs = [lambda x: x * 2.0, lambda x: x * 3.0, lambda x: (lambda y: y * 4.0)(x)]  # fmt: skip
    assert [srcad.grad(f)(1.0) for f in fs] == [2.0, 3.0, 4.0]


def test_lambdas_in_calls_and_as_defaults():
    def applied(f, *rest):
        return srcad.grad(f)(3.0)

    assert (
        applied(
            lambda x: (
                # a comment
                x * x
            ),
            3,
        )
        == 6.0
    )
    assert applied(lambda x, k=2.0: x * k) == 2.0
    assert applied((lambda k: lambda x: x * k)(5.0)) == 5.0

    def f(x, power=lambda t: t * t):
        return power(x)

    assert srcad.grad(f)(3.0) == srcad.grad(f.__defaults__[0])(3.0) == 6.0


def doubled(f):
    @functools.wraps(f)
    def wrapper(x):
        return f(x) * 2.0

    return wrapper


@doubled
@(lambda f: f)
def decorated(x):
    return x * x


def test_a_wrapper_is_what_runs():
    assert srcad.grad(decorated)(3.0) == 12.0
    assert srcad.grad(decorated.__wrapped__)(3.0) == 6.0


class Model:
    weight = 3.0

    def __call__(self, x):
        return x * self.weight

    def method(self, x):
        return x * x * self.weight

    @classmethod
    def of_class(cls, x):
        return x * x * cls.weight

    @staticmethod
    def static(x):
        return x * x


def test_methods_and_callables():
    model = Model()
    functions = [model, model.method, model.of_class, model.static, Model.of_class, Model.static]
    assert [srcad.grad(f)(2.0) for f in functions] == [3.0, 12.0, 12.0, 4.0, 12.0, 4.0]


def test_a_function_whose_code_was_replaced():
    def f(x):
        return x * 2.0

    def g(x):
        return x * 3.0

    f.__code__ = g.__code__
    assert srcad.grad(f)(1.0) == 3.0
    f.__code__ = g.__code__.replace(co_consts=(None, 7.0))
    assert f(1.0) == 7.0
    with pytest.raises(SourceNotFoundError):
        srcad.grad(f)(2.0)


# from_source

MODEL = '''
from __future__ import annotations

import numpy as np
from math import sin

SCALE = 3.0


def scaled(x: Undefined):
    return SCALE * x


def model(x, k=2.0):
    """What it is."""
    return np.sum(scaled(x) * k) + sin(1.0)


class Layer:
    @staticmethod
    def apply(x):
        return np.sum(x * x)


def broken(x):
    y = x * 2
    return [][0] * y


def refused(x):
    yield x
'''


def test_from_source_is_a_module_of_its_own():
    f = srcad.from_source(MODEL, "model")
    assert f(X) == 18.0 + np.sin(1.0)
    np.testing.assert_array_equal(srcad.grad(f)(X), [6.0, 6.0])
    assert f.__doc__ == "What it is." and f.__module__ == "model"
    assert isinstance(f, types.FunctionType)
    assert inspect.getsource(f).startswith("def model(x, k=2.0):")
    assert "def model_grad(x, k=2.0)" in srcad.grad(f).source(X)
    # Nothing is shared between calls.
    g = srcad.from_source(MODEL, "model")
    g.__globals__["SCALE"] = 4.0
    assert f(X) != g(X)
    np.testing.assert_array_equal(srcad.grad(g)(X), [8.0, 8.0])
    assert "model" not in sys.modules
    gradient_is(srcad.from_source(MODEL, "Layer.apply"))


def test_from_source_in_tracebacks_and_refusals():
    f = srcad.from_source(MODEL, "broken")
    try:
        f(X)
    except IndexError:
        shown = traceback.format_exc()
    assert "    return [][0] * y\n" in shown
    with pytest.raises(SrcadError) as error:
        srcad.grad(srcad.from_source(MODEL, "refused"))(1.0)
    line = MODEL[: MODEL.index("yield")].count("\n") + 1
    assert str(error.value).splitlines()[1:3] == ["    yield x", "    ^^^^^^^"]
    assert error.value.place.line == line


def test_from_source_survives_a_clearing_of_linecache():
    f = srcad.from_source(SQUARE, "f")
    linecache.clearcache()
    gradient_is(f)


@pytest.mark.parametrize("name", ["nothing", "SCALE", "Layer.nothing", "np.nothing.sin", ""])
def test_from_source_without_such_a_function(name):
    with pytest.raises(ArgumentValueError, match="defines no function") as error:
        srcad.from_source(MODEL, name)
    assert "model" in error.value.reason
    assert isinstance(error.value, ValueError)


def test_from_source_raises_what_the_text_raises():
    with pytest.raises(ZeroDivisionError):
        srcad.from_source("def f(x): return x\n1 / 0", "f")
    with pytest.raises(SyntaxError) as error:
        srcad.from_source("def f(x:\n    return", "f")
    assert error.value.filename.startswith("<from_source f ")


def test_from_source_does_not_pickle():
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(srcad.from_source(SQUARE, "f"))


def test_from_source_with_other_ends_of_lines():
    text = textwrap.dedent(SQUARE).replace("\n", "\r\n")
    gradient_is(srcad.from_source(text, "f"))


class Private:
    __scale = 2.0

    def __init__(self):
        self.__w = 3.0

    def __scaled(self, x, __k=2.0):
        def inner(__y):
            return __y * __k

        return inner(self.__w * x) * self.__scale

    def value(self, x):
        return np.sum(self.__scaled(x) * x)


def test_names_that_are_private_to_a_class():
    np.testing.assert_allclose(srcad.grad(Private().value)(X), 24.0 * X)
