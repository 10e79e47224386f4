"""What stays refused: the whole message, with the file, the line and what the caret points at.

In the texts `«...»` is what the caret must underline.
"""

import builtins
import importlib.util
import pickle
import textwrap

import numpy as np
import pytest

import srcad
from srcad.errors import AliasingError, MissingRuleError, SrcadError, UnsupportedSyntaxError
from srcad.parser.refusals import CALLS, SYNTAX
from tests.parser.constructs import REFUSED
from tests.parser.refused import HEADER, PROGRAMS

X = np.array([1.0, 2.0])


@pytest.fixture(autouse=True)
def in_memory(monkeypatch):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")


@pytest.fixture
def model(tmp_path):
    """A module of a marked text, and the line and the columns that are marked."""

    def made(text, name="model"):
        text = textwrap.dedent(text).lstrip("\n")
        before, _, rest = text.partition("«")
        inside = rest.partition("»")[0]
        path = tmp_path / f"{name}.py"
        path.write_text(text.replace("«", "").replace("»", ""))
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        start = len(before.rpartition("\n")[2])
        return module, before.count("\n") + 1, start, start + len(inside)

    return made


def refusal(f, args=(X,), transform=srcad.vjp):
    with pytest.raises(SrcadError) as error:
        transform(f, *args)
    return error.value


def check(made, what, reason=None, kind=UnsupportedSyntaxError, transform=srcad.vjp):
    """The error of `f` of a marked module is of this kind and form."""
    module, line, start, end = made
    error = refusal(module.f, transform=transform)
    with open(module.__file__, encoding="utf-8") as file:
        text = file.read().splitlines()[line - 1]
    indent = len(text) - len(text.lstrip())
    assert str(error).splitlines()[:3] == [
        f"model.py:{line}: {kind.__name__}: {what}",
        f"    {text.strip()}",
        "    " + " " * (start - indent) + "^" * (end - start),
    ]
    assert type(error) is kind
    if reason is not None:
        assert error.reason == reason
    # The reason says what to do instead, in a sentence of its own.
    assert error.reason.endswith((".", ")")) and error.reason[0].isupper()
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize("name", REFUSED)
def test_constructs(name, model):
    check(model(REFUSED[name]), *SYNTAX[name.partition(",")[0]])


def test_every_construct_of_the_table_is_tested():
    inside_async = {"Await", "AsyncFor", "AsyncWith"}  # refused at the `async def` around them
    newer = {"TryStar", "TypeAlias", "TemplateStr"}
    assert {name.partition(",")[0] for name in REFUSED} >= set(SYNTAX) - inside_async - newer


NAMES = {
    function: function.__name__
    if getattr(builtins, function.__name__, None) is function
    else f"{function.__module__.partition('.')[0]}.{function.__name__}"
    for function in CALLS
}


@pytest.mark.parametrize("function", CALLS, ids=NAMES.get)
def test_calls(function, model):
    name = NAMES[function]
    module = name.partition(".")[0]
    imports = f"import {module}\n" if module != name else ""
    made = model(f"{imports}def f(x):\n    y = x * 2\n    return x * «{name}(y)»\n")
    check(made, *CALLS[function])


def test_calls_by_another_name(model):
    made = model("""
        run = eval
        def g(x):
            return «run("x * 2")»
        def f(x):
            return g(x)
        """)
    check(made, *CALLS[eval])


# what is written outside

OUTSIDE = {
    "an attribute of an object": (
        """
        class A:
            pass
        a = A()
        def f(x):
            «a.b» = x
            return x
        """,
        "an attribute of an object from outside is assigned",
        UnsupportedSyntaxError,
    ),
    "an attribute, augmented": (
        """
        class A:
            b = 1.0
        a = A()
        def f(x):
            «a.b» += x
            return x
        """,
        "an attribute of an object from outside is assigned",
        UnsupportedSyntaxError,
    ),
    "an attribute of a module": (
        """
        import math
        def f(x):
            «math.tau» = x
            return x
        """,
        "an attribute of an object from outside is assigned",
        UnsupportedSyntaxError,
    ),
    "an attribute of an array": (
        """
        def f(x):
            y = x * 2
            «y.shape» = (1, 2)
            return y
        """,
        "an attribute of an array is assigned",
        UnsupportedSyntaxError,
    ),
    "a list": (
        """
        trace = []
        def f(x):
            «trace.append(x)»
            return x
        """,
        "a list of an outer scope is changed",
        AliasingError,
    ),
    "an item of a list": (
        """
        trace = [0.0]
        def f(x):
            «trace[0]» = x
            return x
        """,
        "a list of an outer scope is changed",
        AliasingError,
    ),
    "an item of a dict": (
        """
        cache = {}
        def f(x):
            «cache["x"]» = x
            return x
        """,
        "a dict of an outer scope is changed",
        AliasingError,
    ),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_outside_is_not_written(name, model):
    text, what, kind = OUTSIDE[name]
    check(model(text), what, kind=kind)


def test_what_is_refused_leaves_nothing_behind(model):
    module, *_ = model("""
        trace = []
        cache = {"a": 1.0}
        def f(x):
            cache["a"] = 2.0
            trace.append(x)
            return x
        """)
    refusal(module.f)
    assert module.trace == [] and module.cache == {"a": 1.0}


# what is not looked into

OPAQUE = {
    "heapq.heapify(q)": "heapq.heapify",
    "operator.setitem(q, 0, 3.0)": "operator.setitem",
    "list.reverse(q)": "list.reverse",
    "bisect.insort(q, 0.5)": "bisect.insort",
}


@pytest.mark.parametrize("call", OPAQUE)
def test_a_list_that_is_given_away(call, model):
    """It may be changed there, which is not seen."""
    made = model(f"""
        import bisect, heapq, operator
        def f(x):
            q = [x[1], x[0]]
            «{call}»
            return q[0] * x
        """)
    check(
        made,
        f"it is not known whether `{OPAQUE[call]}` writes to its arguments",
        kind=MissingRuleError,
    )


def test_an_error_in_another_file_names_the_call(model):
    model("def twice(y):\n    return eval('y * 2')\n", "library")
    module, line, *_ = model("""
        import importlib.util
        spec = importlib.util.spec_from_file_location("library", __file__.replace("model.py", "library.py"))
        library = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(library)
        def f(x):
            «return library.twice(x)»
        """)
    lines = str(refusal(module.f)).splitlines()
    assert lines[0].startswith("library.py:2: UnsupportedSyntaxError: `eval`")
    assert lines[-1] == f"Called in model.py:{line}: return library.twice(x)"


# draws and other effects under vmap

DRAWS = {
    "np.random.normal()": ("`np.random.normal` draws under vmap", ""),
    "np.random.rand()": ("`np.random.rand` draws under vmap", ""),
    "random.random()": ("`random` draws under vmap", "import random"),
    "rng.normal()": ("`normal` draws under vmap", "rng = np.random.default_rng(0)"),
    "state.rand()": ("`rand` draws under vmap", "state = np.random.RandomState(0)"),
}


@pytest.mark.parametrize("grad", [False, True], ids=["values", "gradients"])
@pytest.mark.parametrize("draw", DRAWS)
def test_draws_under_vmap(draw, grad, model):
    what, setup = DRAWS[draw]
    made = model(f"import numpy as np\n{setup}\ndef f(x):\n    «return x * {draw}»\n")
    check(made, what, transform=lambda f, x: srcad.vmap(srcad.grad(f) if grad else f)(x))


def test_draws_outside_of_vmap_are_constants(model):
    module, *_ = model("import numpy as np\ndef f(x):\n    «return x * np.random.rand()»\n")
    y, pullback = srcad.vjp(module.f, X)
    np.testing.assert_allclose(pullback(np.ones(2))[0], y / X)


# what no version of srcad knows


def test_a_construct_of_a_newer_python(monkeypatch, model):
    monkeypatch.delitem(SYNTAX, "ClassDef")
    check(
        model(REFUSED["ClassDef"]),
        "`ClassDef` is not known to this version of srcad",
    )


# objects of classes that do things of their own

TRICKS = {
    "__set__": (
        """
        class Twice:
            def __get__(self, owner, kind): return owner.kept * 2
            def __set__(self, owner, value): owner.kept = value
        class A:
            w = Twice()
        def f(x):
            a = A()
            «a.w» = x
            return a.w
        """,
        "`w` of `A` decides itself what is kept (`__set__`)",
    ),
    "__get__": (
        """
        class Twice:
            def __get__(self, owner, kind): return owner.kept * 2
        class A:
            w = Twice()
            def __init__(self, x): self.kept = x
        def f(x):
            a = A(x)
            return «a.w»
        """,
        "`w` of `A` decides itself what is read (`__get__`)",
    ),
    "__getattr__": (
        """
        class A:
            def __getattr__(self, name): return 3.0
        def f(x):
            a = «A()»
            return x * a.w
        """,
        "`A` decides itself what its attributes are (`__getattr__`)",
    ),
    "__setattr__": (
        """
        class A:
            def __setattr__(self, name, value): object.__setattr__(self, name, value * 2)
        def f(x):
            a = «A()»
            a.w = x
            return a.w
        """,
        "`A` decides itself what its attributes are (`__setattr__`)",
    ),
    "__new__": (
        """
        class A:
            def __new__(cls, w):
                made = super().__new__(cls)
                made.w = w * 2
                return made
        def f(x):
            return «A(x)».w
        """,
        "objects of `A` cannot be made in a derivative",
    ),
    "__call__ of a metaclass": (
        """
        class Meta(type):
            def __call__(cls, w): return w * 3.0
        class A(metaclass=Meta): pass
        def f(x):
            return «A(x)» * x
        """,
        "objects of `A` cannot be made in a derivative",
    ),
    "__add__": (
        """
        class A:
            def __init__(self, w): self.w = w
            def __add__(self, other): return A(self.w * other.w)
        def f(x):
            return («A(x) + A(x)»).w
        """,
        "`+` of a `A` is not accepted",
    ),
    "__len__, as a condition": (
        """
        class A:
            def __len__(self): return 0
        def f(x):
            a = A()
            «if a: return x»
            return x * x
        """,
        "an object is used where an array or a number must stand",
    ),
    "a global under a local of its name": (
        """
        k = 3.0
        def f(x):
            k = 5.0
            def g(y):
                «global k»
                return y * k
            return g(x)
        """,
        "`k` is global here, and local in the function around",
    ),
}


@pytest.mark.parametrize("name", TRICKS)
def test_tricks(name, model):
    text, what = TRICKS[name]
    check(model(text), what)


# programs


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name, model):
    text, what, kind = PROGRAMS[name]
    check(model(HEADER + textwrap.dedent(text).lstrip("\n")), what, kind=kind)
