"""The package keeps its layers: imports point one way, and everything lies where the layout says.

    cli -> verify -> api -> loader, simplifier, vectorizer, transformer, parser
        -> analysis -> rules -> core -> errors

`runtime`, which generated code imports, needs NumPy alone. The stages of the compiler do not know each other:
`api` composes them. A new module of `srcad` has to be given its layer here.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "srcad"

STAGES = {"parser", "transformer", "vectorizer", "simplifier", "sparse", "loader", "page"}

# Lowest first; a part may import parts of lower layers, and itself.
LAYERS = [
    {"errors", "runtime"},
    {"core"},
    {"rules"},
    {"analysis"},
    STAGES,
    {"api"},
    {"verify"},
    {"testing", "debug"},
    {"__init__"},
    {"cli"},
    {"__main__"},
]
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}

# What is installed with srcad, and the layers that may import it (design, section 10).
ANYWHERE = set(LEVEL) - {"runtime", "errors"}
THIRD_PARTY = {
    "numpy": ANYWHERE | {"runtime"},
    "gast": ANYWHERE,
    "astunparse": {"core", "loader"},
    "optree": {"api", "verify", "parser", "cli"},
    "platformdirs": {"loader", "cli"},
    "click": {"cli"},
    "rich": {"cli", "api"},
    "pygments": {"page"},
    "tomli": {"cli"},
}
# Imported only where the user's function uses them: inside a function or a `try`, or in a module that is itself imported so.
OPTIONAL = {"scipy": ANYWHERE, "numba": ANYWHERE, "dask": ANYWHERE, "matplotlib": {"api"}}

TOP_LEVEL = {
    ".ci",
    ".gitignore",
    ".pre-commit-hooks.yaml",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "docs",
    "examples",
    "pyproject.toml",
    "srcad",
    "tests",
    "tools",
}


def part_of(module):
    """The part of srcad that a dotted name belongs to: `srcad.core.nodes` to `core`, `srcad` to `__init__`."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


def is_module(dotted):
    path = ROOT.joinpath(*dotted.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def name_of(path):
    """The dotted name of a source file, and of the package that relative imports in it start from."""
    names = list(path.relative_to(ROOT).with_suffix("").parts)
    if names[-1] == "__init__":
        return ".".join(names[:-1]), ".".join(names[:-1])
    return ".".join(names), ".".join(names[:-1])


def imports_of(path):
    """(module, line, guarded) for each import; guarded ones are inside a function or a `try`."""
    _, package = name_of(path)

    def visit(node, guarded):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, guarded
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(start if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                is_part = full.startswith("srcad.") and is_module(full)
                yield full if is_part else base, node.lineno, guarded
        inside = guarded or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Try))
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside)

    yield from visit(ast.parse(path.read_text()), False)


def all_imports():
    for path in sorted(PACKAGE.rglob("*.py")):
        part = part_of(name_of(path)[0]) if path.parent != PACKAGE else path.stem
        for module, line, guarded in imports_of(path):
            yield f"{path.relative_to(ROOT)}:{line}", part, module, guarded


def test_every_part_has_a_layer():
    parts = {path.stem for path in PACKAGE.glob("*.py")}
    parts |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert parts <= set(LEVEL), "give the new parts of srcad their layer in this file"


def test_imports_point_one_way():
    wrong = []
    for place, part, module, _ in all_imports():
        if module.split(".")[0] != "srcad":
            continue
        target = part_of(module)
        if target != part and LEVEL[target] >= LEVEL[part]:
            wrong.append(f"{place}: {part} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_runtime_needs_numpy_alone():
    """Generated modules import it, so it must be light. `typing` and `__future__` leave no trace."""
    used = {module for _, part, module, _ in all_imports() if part == "runtime"}
    assert used <= {"numpy", "typing", "__future__"}


def test_third_parties_are_declared_and_kept_to_their_layers():
    wrong = []
    for place, part, module, guarded in all_imports():
        name = module.split(".")[0]
        if name == "srcad" or name in {"tomllib", *sys.stdlib_module_names}:
            continue
        if name in OPTIONAL:
            lazy = guarded or place.startswith(f"srcad/rules/{name}/")
            right = lazy and part in OPTIONAL[name]
        else:
            right = part in THIRD_PARTY.get(name, ())
        if not right:
            wrong.append(f"{place}: {part} imports {module}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "heavy",
    [
        "click",
        "rich",
        "pygments",
        "scipy",
        "numba",
        "dask",
        "gast",
        "srcad.parser.function",
        "srcad.rules",
    ],
)
def test_import_of_srcad_does_not_load(heavy):
    code = f"import sys, srcad; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_examples_use_the_public_names_only():
    """An example is what a user would write: no name of srcad's but those of `srcad` itself."""
    for path in sorted((ROOT / "examples").glob("*.py")):
        for module, line, _ in imports_of(path):
            allowed = module.split(".")[0] in {"srcad", "numpy", "scipy", *sys.stdlib_module_names}
            assert allowed and not module.startswith("srcad."), f"{path.name}:{line}: {module}"


def test_top_level_of_the_repository():
    """What git tracks, or would."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    found = {Path(line).parts[0] for line in listing.stdout.splitlines()}
    assert found <= TOP_LEVEL
