"""Modules as a git revision has them: found wherever they are, made without running their code."""

from __future__ import annotations

import subprocess
import types
from pathlib import Path

import numpy as np
import pytest

from srcad.cli.replay import LeftUndone, MissingModuleError, replay
from srcad.cli.revisions import AbsentError, Revision
from srcad.errors import ArgumentValueError


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    allow = ["-c", "protocol.file.allow=always"]
    subprocess.run(
        ["git", "-C", str(folder), *who, *allow, *words], check=True, capture_output=True
    )


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "state")


def start(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


MODEL = """
import lib.ops
import pkg.sub.deep
import numpy as np
from . import base
from .base import K, twice
from .sub.deep import deep as inner

W = np.arange(6.0).reshape(2, 3) * K
"""
BASE = """
import sys
sys.stdout.write("old code ran")
K = 2.0
def twice(x):
    return 2 * x
"""


def test_modules_are_those_of_the_revision(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lib = start(tmp_path / "lib")
    put(lib, ops="def op(x):\n    return x\n")
    commit(lib)
    top = start(tmp_path / "top")
    git(top, "submodule", "add", "-q", str(lib), "src/lib")
    put(
        top,
        src__pkg__model=MODEL,
        src__pkg__base=BASE,
        src__pkg__sub__deep="def deep(x):\n    return x\n",
    )
    (top / "src" / "pkg" / "__init__.py").write_text("")  # pkg.sub has none
    commit(top)
    put(top / "src" / "lib", ops="def op(x):\n    return 3 * x\n")
    commit(top / "src" / "lib")
    git(top, "mv", "src/pkg/model.py", "src/pkg/moved.py")
    put(top, src__pkg__base="K = 5.0\n", src__pkg__fresh="L = 1.0\n")
    status = subprocess.run(["git", "-C", str(top), "status", "-s"], capture_output=True)

    git(tmp_path, "clone", "-q", "--bare", str(top), "bare")
    git(tmp_path / "bare", "worktree", "add", "-q", "../tree", "main")
    for folder, where in (
        (top, "src/pkg/moved.py"),  # renamed since
        (top / "src" / "pkg", "model.py"),
        (top / "src", "pkg.model"),
        (top, "pkg.model"),
        (top, str(top / "src" / "pkg" / "model.py")),
    ):
        made = Revision(folder, "main").module(where)
        assert made.lib.ops.op(1.0) == 1.0
        assert made.pkg.sub.deep.deep is made.inner
        assert made.base.K == made.K == 2.0 and made.twice(1.0) == 2.0
        np.testing.assert_array_equal(made.W, 2.0 * np.arange(6.0).reshape(2, 3))
    tree = Revision(tmp_path / "tree", "main")  # without the submodule
    assert tree.module("src/pkg/base.py").K == 2.0
    assert isinstance(tree.module("src/pkg/model.py").lib, LeftUndone)
    with pytest.raises(AbsentError):
        Revision(top, "main").module("src/pkg/fresh.py")
    assert "old code ran" not in capfd.readouterr().out
    after = subprocess.run(["git", "-C", str(top), "status", "-s"], capture_output=True)
    assert status.stdout == after.stdout


def test_where_a_branch_left_another(tmp_path: Path) -> None:
    top = start(tmp_path / "top")
    put(top, m="K = 1\n")
    commit(top)
    git(top, "checkout", "-q", "-b", "feature")
    put(top, m="K = 2\n")
    commit(top)
    git(top, "checkout", "-q", "main")
    put(top, m="K = 3\n")
    commit(top)
    git(top, "checkout", "-q", "feature")
    assert [Revision(top, name).module("m").K for name in ("main", "main...", "HEAD")] == [3, 1, 2]
    for folder, name in ((top, "nowhere"), (top, "--help"), (tmp_path, "main")):
        with pytest.raises(ArgumentValueError, match=r"git knows no|no working tree"):
            Revision(folder, name)


# What runs, and what does not.

DONE = """
from __future__ import annotations
import dataclasses, enum, functools
from typing import NamedTuple
import numpy as np
try:
    import there_is_no_such_module as fast
except ImportError:
    fast = None
A = np.zeros((2, 2))
A[0] = 1.0
A += 2
for i in range(2):
    A[i, i] = i
A.setflags(write=False)
if fast is None:
    B = {"a": [1, 2], "b": A.T.copy()}
else:
    B = None
@dataclasses.dataclass(frozen=True)
class Params:
    k: float = 2.0
    w: np.ndarray = dataclasses.field(default_factory=lambda: np.ones(2))
    def area(self):
        return self.k
class Pair(NamedTuple):
    a: float
class Kind(enum.Enum):
    FULL = 1
P, Q = Params(3.0), Pair(4.0)
@functools.lru_cache(maxsize=None)
def power(n: int = 2): return n
part = functools.partial(power, 3)
rng = np.random.default_rng(0)
R = rng.normal(size=2)
S = [2 * v for v in (1, 2)]
print("loud")
"""


def made_of(text: str, ran: list[int] | None = None) -> types.ModuleType:
    module = types.ModuleType("made_of_text")
    module.ran = ran  # type: ignore[attr-defined]

    def imports(node: object, found: types.ModuleType) -> None:
        import ast

        if "there_is_no" in ast.unparse(node):  # type: ignore[arg-type]
            raise MissingModuleError("none")
        exec(ast.unparse(node), vars(found))  # type: ignore[arg-type]

    replay(text, module, f"<made {hash(text)}>", imports)
    return module


def test_what_only_makes_something_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    made, wanted = made_of(DONE), types.ModuleType("wanted")
    import sys

    sys.modules["wanted"] = wanted
    exec(DONE, vars(wanted))
    del sys.modules["wanted"]
    assert capsys.readouterr().out == "loud\n"
    for name in ("A", "B", "R", "S"):
        np.testing.assert_equal(getattr(made, name), getattr(wanted, name))
    assert (made.fast, made.P.k, made.Q.a, made.Kind.FULL.value) == (None, 3.0, 4.0, 1)
    assert made.part() == 3 and not [v for v in vars(made).values() if isinstance(v, LeftUndone)]


OWN = """
import functools, os
import numpy as np
def f(*args, **kwargs):
    global K
    K = 7.0
    ran.append(1)
    return f
class Init:
    def __init__(self): f()
class Prop:
    @property
    def p(self): return f()
class Add:
    a = 1
prop = Prop()
g = functools.partial(f, 1)
K = 1.0
array = np.ones(2)
"""


@pytest.mark.parametrize(
    "line, names",
    [
        ("X = f()", "X K ran"),
        ("X = g()", "X K"),
        ("X = Init()", "X"),
        ("X = prop.p", "X prop"),
        ("X = list(map(f, [1]))", "X K ran"),
        ("X = sorted([1], key=lambda x: f())", "X"),
        ("X = [f() for _ in range(2)]", "X K"),
        ("X = (lambda: f())()", "X"),
        ("X = functools.reduce(f, [1, 2])", "X K ran"),
        ("X = open('x')", "X"),
        ("X = os.environ.get('x')", "X"),
        ("X = np.load('x')", "X"),
        ("X = array.tofile('x')", "X array"),
        ("import scipy.io\nX = scipy.io.loadmat('x')", "X"),
        ("array[0] = f()", "array K"),
        ("f(array)", "array K"),
        ("np.seterr(all='raise')\nX = 1", ""),
        ("os.environ['x'] = '1'", ""),
        ("with open('x') as X: pass", "X"),
        ("while True: X = 1", "X"),
        ("for X in f(): pass", "X K"),
        ("if f(): X = 1\nelse: Y = 1", "X Y K"),
        ("@f\ndef X(): pass", "X K ran"),
        ("def X(a=f()): pass", "X"),
        ("def X(a: f()): pass", "X"),
        ("@f\nclass X: pass", "X"),
        ("class X:\n    a = f()", "X K"),
        ("class X(Init, metaclass=Init): pass", "X"),
        ("class X:\n    def __init_subclass__(cls): f()", "X"),
        ("try:\n    X = f()\nexcept ValueError:\n    X = 1", "X K"),
        ("import there_is_no_such_module as X", "X"),
        ("X = f()\nY = X + 1", "X Y K"),
        ("X = 1\ndel X\nX = f()", "X K"),
        ("raise ValueError", ""),
        ("np.zeros = f", ""),
    ],
)
def test_what_may_run_code_is_not_done(line: str, names: str) -> None:
    made = made_of(f"{OWN}{line}\n", ran := [])
    assert ran == [] and np.zeros is not made.f
    undone = {key for key, found in vars(made).items() if isinstance(found, LeftUndone)}
    assert set(names.split()) <= undone <= {*names.split(), "K", "ran"}
