"""The emitted text of a gallery of functions: reviewed, right, and the same everywhere.

The functions lie beside this file, each with the commands that ask for derivatives in the comments at its head. The
expected texts are in `<file>.txt`; write them anew with SRCAD_UPDATE_GOLDEN=1, and review the difference. Other
interpreters to compare with are looked for on the path, and in SRCAD_TEST_PYTHONS (separated like PATH).
"""

import ast
import importlib.util
import inspect
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FILES = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("test_"))

# Every command's text, one after the other. It runs in other interpreters too.
DUMP_ALL = """
import pathlib, shlex, sys
sys.path[:0] = sys.argv[1:3]
sys.stdout.reconfigure(encoding="utf-8", newline="\\n")
from srcad.cli.expression import derivative_text
from srcad.errors import SrcadError
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.py")):
    for line in path.read_text().splitlines():
        if not line.startswith("# srcad dump "):
            continue
        _, _, _, file, expression, *rest = shlex.split(line)
        args = tuple(rest[1::2])
        for options in ({}, {"standalone": True}, *({"stage": s} for s in ("parse", "transform", "simplify"))):
            try:
                text = derivative_text(str(path), expression, args, **options)
            except SrcadError as error:
                text = f"{type(error).__name__}: {error}\\n"
            sys.stdout.write(f"{line}\\n{options}\\n{text}\\n")
"""


def commands(path):
    """The words after `srcad dump` of each command of a file."""
    lines = path.read_text().splitlines()
    return [shlex.split(line)[3:] for line in lines if line.startswith("# srcad dump ")]


def text_of(path, words):
    from srcad.cli.expression import derivative_text

    return derivative_text(str(path), words[1], tuple(words[3::2]))


CASES = [(path, words) for path in FILES for words in commands(path)]
NAMES = [f"{path.stem}: {words[1]}" for path, words in CASES]


def test_every_file_has_a_command_that_names_it():
    for path in FILES:
        assert commands(path)
        for words in commands(path):
            assert words[0] == path.name
            assert set(words[2::2]) <= {"--arg"}


@pytest.fixture
def read_as_from_outside(monkeypatch):
    """A file of the gallery is a module of its own, whatever pytest has imported."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    for path in FILES:
        monkeypatch.delitem(sys.modules, path.stem, raising=False)
    yield
    for name in set(sys.modules) - before:
        if name in {path.stem for path in FILES}:
            del sys.modules[name]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_text_is_the_reviewed_one(path, read_as_from_outside):
    parts = [
        f"$ srcad dump {shlex.join(words)}\n\n{text_of(path, words)}" for words in commands(path)
    ]
    text = "\n\n".join(parts)
    stored = path.with_suffix(".txt")
    if os.environ.get("SRCAD_UPDATE_GOLDEN"):
        stored.write_text(text, encoding="utf-8")
    if not stored.exists():
        pytest.skip("no text has been reviewed yet")
    assert text == stored.read_text(encoding="utf-8")


@pytest.mark.parametrize("path, words", CASES, ids=NAMES)
def test_the_text_is_right(path, words, read_as_from_outside):
    """Known: the function itself, by differences, at sizes from 1 to 8."""
    from srcad.cli.verify import verified
    from srcad.errors import UnsupportedSyntaxError

    try:
        report, _ = verified(str(path), words[1], tuple(words[3::2]), 4, 0, None)
    except UnsupportedSyntaxError as error:
        assert "differences cannot see" in str(error)
        return
    assert report.ok, str(report)


@pytest.mark.parametrize("path, words", CASES, ids=NAMES)
def test_the_text_calls_no_helper(path, words, read_as_from_outside):
    """With the ranks declared there is nothing that only NumPy could not say."""
    text = text_of(path, words)
    tree = ast.parse(text)
    modules = [
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    ]
    if (
        "mixed" not in words[1]
    ):  # what it carries may be a number or an array: one helper decides at the end
        assert not [module for module in modules if module.startswith("srcad")]
    assert all(
        len(line) <= 100 for line in text.splitlines() if not line.lstrip().startswith(("#", '"""'))
    )


@pytest.mark.parametrize("stage", ["parse", "transform", "simplify", "final"])
@pytest.mark.parametrize("path, words", CASES, ids=NAMES)
def test_the_text_is_accepted_again(
    path, words, stage, tmp_path, monkeypatch, read_as_from_outside
):
    """What is emitted is a function like any other. Known: itself, by its value and by differences."""
    import numpy as np

    import srcad
    from srcad.cli.draws import arguments
    from srcad.cli.expression import asked, derivative_text
    from srcad.verify import check, cotangent

    monkeypatch.setenv("SRCAD_DEBUG", "1")
    args = tuple(words[3::2])
    text = derivative_text(
        str(path), words[1], args, **({} if stage == "final" else {"stage": stage})
    )
    again = module_of(text, tmp_path / f"again_{path.stem}.py")
    wanted = asked(str(path), words[1], args)
    _, values = next(iter(arguments(wanted.function, wanted.spec, wanted.defaults, 1, 0)))
    given = tuple(values.values())
    if len(inspect.signature(again).parameters) > len(given):
        given = (*given, cotangent(wanted.function, given, seed=0))
    floats = tuple(
        place for place, value in enumerate(given) if np.result_type(*leaves_of(value)).kind == "f"
    )
    once = again(*given)
    if any(map(np.iscomplexobj, leaves_of((*given, once)))):
        assert srcad.verify(again, *given).ok
    else:
        derivative = srcad.jacrev(again, floats)
        assert check(derivative, "jacrev", again, given, argnums=floats, has_aux=False).ok
    specs = [
        f"{name}: {spec_of(value)}"
        for name, value in zip(inspect.signature(again).parameters, given)
    ]
    parsed = derivative_text(
        again.__code__.co_filename, f"jacrev({again.__name__})", tuple(specs), stage="parse"
    )
    twice = module_of(parsed, tmp_path / "parsed.py")(*given)
    assert all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(leaves_of(once), leaves_of(twice))
    )


def module_of(text, file):
    """The last function of a text, imported from a file."""
    file.write_text(text)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = [
        f for f in vars(module).values() if inspect.isfunction(f) and f.__module__ == file.stem
    ]
    return found[-1]


def leaves_of(tree):
    import optree

    return optree.tree_leaves(tree, none_is_leaf=False)


def spec_of(value):
    """The specification of a value, sizes as numbers."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {spec_of(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spec_of, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(spec_of, value)) + ")"
    shape = ", ".join(map(str, getattr(value, "shape", ())))
    dtype = getattr(value, "dtype", f"{type(value).__name__}64")
    return f"{dtype}[{shape}]" if shape else str(dtype)


def interpreters():
    """Pythons of the supported versions that have what srcad needs, by version."""
    given = os.environ.get("SRCAD_TEST_PYTHONS", "").split(os.pathsep)
    wanted = [name for name in given if name] + [f"python3.{minor}" for minor in range(10, 14)]
    probe = (
        "import numpy, gast, astunparse, optree, click, sys; print(*sys.version_info[:2], sep='.')"
    )
    found = {".".join(map(str, sys.version_info[:2])): sys.executable}
    for name in wanted:
        path = shutil.which(name)
        if path is None:
            continue
        result = subprocess.run([path, "-c", probe], capture_output=True, text=True)
        version = result.stdout.strip()
        if result.returncode == 0 and version in ("3.10", "3.11", "3.12", "3.13"):
            found.setdefault(version, path)
    return found


def all_texts(python, seed):
    result = subprocess.run(
        [python, "-c", DUMP_ALL, str(ROOT), str(HERE)],
        capture_output=True,
        cwd=ROOT.anchor,
        env={**os.environ, "PYTHONHASHSEED": str(seed), "SRCAD_CACHE_DIR": "off"},
    )
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


@pytest.fixture(scope="module")
def texts():
    return all_texts(sys.executable, 0)


def test_all_texts_are_there(texts):
    assert texts.count("# srcad dump ") == 5 * len(CASES)


@pytest.mark.parametrize("seed", [1, 2, "random"])
def test_the_same_with_every_hash_seed(seed, texts):
    assert all_texts(sys.executable, seed) == texts


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_the_same_on_every_python(version, texts):
    python = interpreters().get(version)
    if python is None:
        pytest.skip(f"there is no Python {version} with srcad's dependencies")
    assert all_texts(python, 3) == texts
