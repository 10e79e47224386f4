"""`srcad dump`: the text of a derivative."""

import ast
import inspect
import os
import pty
import re
import stat
import subprocess
import sys

import numpy as np
import pytest

SRCAD = [sys.executable, "-m", "srcad"]


def names(text):
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


def run(text):
    """The last function of a text."""
    namespace = {}
    exec(compile(text, "<dumped>", "exec"), namespace)
    return namespace[names(text)[-1]]


def dumped(srcad, *words):
    result = srcad("dump", *words)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


LOSS = ["--arg", "w: float64[d]", "--arg", "X: float64[n, d]", "--arg", "t: float64[n]"]


# the text


def test_text_is_python_and_runs(srcad):
    text = dumped(srcad, "mod.py", "grad(loss)", *LOSS)
    assert names(text) == ["loss_grad"]
    assert text.startswith("def loss_grad(w, X, t, k=2.0):\n")
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert '"""Gradient of `loss` with respect to `w`: float64[d]."""' in text
    rng = np.random.default_rng(0)
    w, X, t = rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=5)
    np.testing.assert_allclose(run(text)(w, X, t), 4 * X.T @ (X @ w - t))
    np.testing.assert_allclose(run(text)(w, X, t, 1.0), 2 * X.T @ (X @ w - t))


@pytest.mark.parametrize(
    "expression, name",
    [
        ("grad(sine)", None),
        ("sine", "sine_jacrev"),
        ("power", "power_grad"),
        ("grad(power)", "power_grad"),
        ("srcad.grad(power)", "power_grad"),
        ("grad(power, 0)", "power_grad"),
        ("grad(power, argnums=(0,))", "power_grad"),
        ("value_and_grad(power)", "power_value_and_grad"),
        ("vjp(power)", "power_vjp"),
        ("vjp(sine, argnums=0)", "sine_vjp"),
        ("jacrev(sine)", "sine_jacrev"),
        ("jacrev(sine, chunk_size=1)", "sine_jacrev"),
        ("jacrev(sine, chunk_size=None)", "sine_jacrev"),
        ("jacrev(pair)", "pair_jacrev"),
        ("pair", "pair_jacrev"),
        ("grad(with_aux, has_aux=True)", "with_aux_grad"),
        ("Group.inner", "inner_grad"),
        ("grad(calls)", "calls_grad"),
        ("ünïcode", "ünïcode_grad"),
        ("  grad( power )  ", "power_grad"),
    ],
)
def test_expressions(srcad, expression, name):
    """The derivative asked for is the last function of the text, named after the function and the transform."""
    result = srcad("dump", "mod.py", expression)
    if name is None:
        assert result.exit_code == 2
        return
    assert result.exit_code == 0, result.stderr
    assert names(result.stdout)[-1] == name


def test_a_lambda_is_named_as_the_module_names_it(srcad):
    text = dumped(srcad, "mod.py", "double", "--arg", "x: float")
    assert names(text) == ["double_grad"]
    assert "`double`" in text
    assert run(text)(3.0) == 2.0


def test_a_pullback_takes_the_cotangent_last(srcad):
    text = dumped(srcad, "mod.py", "vjp(sine)")
    derivative = run(text)
    assert len(inspect.signature(derivative).parameters) == 2
    x = np.array([0.5, 1.0])
    np.testing.assert_allclose(derivative(x, np.array([1.0, 10.0])), np.cos(x) * [1, 10])


def test_callees_come_before(srcad):
    text = dumped(srcad, "mod.py", "calls")
    assert len(names(text)) > 1
    assert run(text)(0.5) == pytest.approx(1.5 * np.exp(0.5))


def test_globals_are_imported(srcad):
    text = dumped(srcad, "mod.py", "reads")
    np.testing.assert_allclose(run(text)(np.ones(3)), [2, 4, 6])
    assert "import" in text and "mod" in text


def test_trees(srcad):
    text = dumped(srcad, "mod.py", "tree", "--arg", "p: {'W': float64[2], 'b': float64[m]}")
    found = run(text)({"W": np.array([2.0, 3.0]), "b": np.ones(4)})
    np.testing.assert_allclose(found["W"], [4, 0])
    np.testing.assert_allclose(found["b"], 2.0)


def test_annotations_and_defaults_are_specifications(srcad):
    assert "float64[n]" in dumped(srcad, "mod.py", "power")
    text = dumped(srcad, "mod.py", "grad(power)", "--arg", "x: float32[k]")
    assert "float32[k]" in text


@pytest.mark.parametrize("axis", [0, 1])
def test_a_number_that_decides(srcad, axis):
    text = dumped(srcad, "mod.py", "summed", "--arg", f"axis: {axis}")
    a = np.arange(6.0).reshape(2, 3)
    expected = 2 * a.sum(axis, keepdims=True) + 0 * a
    np.testing.assert_allclose(run(text)(a, axis), expected)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_text_for_one_number_is_not_that_of_another(srcad, axis):
    """Called for another value, the text is right or raises: it does not answer for the wrong one."""
    derivative = run(dumped(srcad, "mod.py", "summed", "--arg", f"axis: {axis}"))
    a = np.arange(6.0).reshape(2, 3)
    parameters = inspect.signature(derivative).parameters
    if "axis" not in parameters:
        return
    assert parameters["axis"].default in (axis, inspect.Parameter.empty)
    try:
        found = derivative(a, 1 - axis)
    except Exception:
        return
    np.testing.assert_allclose(found, 2 * a.sum(1 - axis, keepdims=True) + 0 * a)


def test_a_default_that_decides(srcad):
    text = dumped(srcad, "mod.py", "summed")
    a = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(run(text)(a), 2 * a.sum(0, keepdims=True) + 0 * a)


def test_the_text_is_the_same_again_and_in_a_module(srcad):
    text = dumped(srcad, "mod.py", "loss", *LOSS)
    assert dumped(srcad, "mod.py", "loss", *LOSS) == text
    assert dumped(srcad, "./mod.py", "grad(loss)", *LOSS) == text
    assert dumped(srcad, "mod", "grad(loss)", *LOSS) == text


# where the function is


def test_a_file_of_a_package(srcad, folder):
    package = folder / "pack" / "inner"
    package.mkdir(parents=True)
    (folder / "pack" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "tools.py").write_text("def square(x):\n    return x * x\n")
    (package / "model.py").write_text(
        "from .tools import square\n\n\ndef f(x: float):\n    return square(x)\n"
    )
    text = dumped(srcad, "pack/inner/model.py", "f")
    assert run(text)(3.0) == 6.0
    assert dumped(srcad, "pack.inner.model", "f") == text


def test_a_file_with_the_name_of_another_module(srcad, folder):
    (folder / "json.py").write_text("def f(x: float):\n    return x * x\n")
    assert run(dumped(srcad, "json.py", "f"))(3.0) == 6.0


def test_a_file_in_another_folder_with_its_neighbours(srcad, folder):
    other = folder / "other place"
    other.mkdir()
    (other / "near_by.py").write_text("def g(x):\n    return x * x\n")
    (other / "with-dash.py").write_text(
        "import near_by\n\n\ndef f(x: float):\n    return near_by.g(x)\n"
    )
    assert run(dumped(srcad, "other place/with-dash.py", "f"))(3.0) == 6.0


def test_numpy_itself(srcad):
    text = dumped(srcad, "numpy", "sin", "--arg", "x: float64[n]")
    x = np.array([0.5, 1.0])
    np.testing.assert_allclose(run(text)(x), np.diag(np.cos(x)))


# stages


@pytest.mark.parametrize("stage", ["parse", "transform", "vectorize", "simplify"])
@pytest.mark.parametrize(
    "expression", ["grad(loss)", "grad(calls)", "vjp(loss)", "value_and_grad(loss)"]
)
def test_stages_are_python_and_run(srcad, stage, expression):
    """Core after a stage: it runs, with the values of what it stands for."""
    loss = "loss" in expression
    text = dumped(srcad, "mod.py", expression, *(LOSS if loss else []), "--stage", stage)
    function = run(text)
    rng = np.random.default_rng(0)
    given = (
        (rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=5), 2.0) if loss else (0.5,)
    )
    w, *others = given
    if loss:
        value = 2.0 * np.sum((others[0] @ w - others[1]) ** 2)
        slope = 4 * others[0].T @ (others[0] @ w - others[1])
    else:
        value, slope = 0.5 * np.exp(0.5), 1.5 * np.exp(0.5)
    if stage == "parse":
        np.testing.assert_allclose(function(*given), value)
        return
    if expression.startswith("vjp"):
        np.testing.assert_allclose(function(*given, 3.0), 3 * slope)
    elif expression.startswith("value"):
        found = function(*given)
        np.testing.assert_allclose(found[0], value)
        np.testing.assert_allclose(found[1], slope)
    else:
        np.testing.assert_allclose(function(*given), slope)


@pytest.mark.parametrize("stage", ["vectorize", "simplify"])
def test_stages_of_rows(srcad, stage):
    text = dumped(srcad, "mod.py", "jacrev(sine)", "--stage", stage)
    x = np.array([0.5, 1.0, 2.0])
    np.testing.assert_allclose(run(text)(x), np.diag(np.cos(x)))


@pytest.mark.parametrize("stage", ["parse", "transform", "vectorize", "simplify"])
def test_stages_hold_one_operation_a_statement(srcad, stage):
    text = dumped(srcad, "mod.py", "grad(loss)", *LOSS, "--stage", stage)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign):
            calls = [
                each for each in ast.walk(node.value) if isinstance(each, (ast.BinOp, ast.Call))
            ]
            assert len(calls) <= 1, ast.unparse(node)


def test_stages_differ(srcad):
    texts = [
        dumped(srcad, "mod.py", "grad(loss)", *LOSS, "--stage", stage)
        for stage in ("parse", "transform", "simplify")
    ]
    texts.append(dumped(srcad, "mod.py", "grad(loss)", *LOSS))
    assert len(set(texts)) == 4


def test_a_stage_that_is_none(srcad):
    result = srcad("dump", "mod.py", "power", "--stage", "print")
    assert result.exit_code == 2
    assert "parse" in result.stderr and result.stdout == ""


# standalone


@pytest.mark.parametrize(
    "expression, args",
    [
        ("grad(reads)", []),
        ("grad(calls)", []),
        ("grad(loss)", LOSS),
        ("jacrev(sine)", []),
        ("grad(summed)", []),
        ("grad(indexed)", []),
        ("grad(solved, argnums=(0, 1))", []),
    ],
)
def test_standalone_imports_numpy_alone(srcad, folder, expression, args):
    """And what the primal itself imports; it runs without srcad and without the module."""
    text = dumped(srcad, "mod.py", expression, *args, "--standalone")
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert imported <= {"numpy", "math"}
    (folder / "alone").mkdir()
    (folder / "alone" / "text.py").write_text(text, encoding="utf-8")
    code = "import sys; sys.modules['srcad'] = None; import text"
    result = subprocess.run([sys.executable, "-c", code], cwd=folder / "alone", capture_output=True)
    assert result.returncode == 0, result.stderr


def test_standalone_gives_the_same_values(srcad):
    text = dumped(srcad, "mod.py", "grad(reads)", "--standalone")
    np.testing.assert_allclose(run(text)(np.ones(3)), [2, 4, 6])


def test_standalone_holds_the_helpers_it_needs(srcad, folder):
    """With unknown ranks the text calls helpers."""
    (folder / "ranks.py").write_text(
        "import numpy as np\n\n\ndef f(x, y):\n    return np.sum(x * y)\n"
    )
    plain = dumped(srcad, "ranks.py", "grad(f, argnums=(0, 1))")
    assert "srcad.runtime" in plain
    text = dumped(srcad, "ranks.py", "grad(f, argnums=(0, 1))", "--standalone")
    assert "srcad" not in text.replace("srcad.", "srcad.") or "import srcad" not in text
    assert "import srcad" not in text
    for shapes in [((3,), (3,)), ((2, 3), (3,)), ((1,), (4,)), ((), (2,))]:
        x, y = np.full(shapes[0], 2.0), np.full(shapes[1], 3.0)
        for f in (run(plain), run(text)):
            by_x, by_y = f(x, y)
            assert np.shape(by_x) == shapes[0] and np.shape(by_y) == shapes[1]
            assert np.sum(by_x * x) == pytest.approx(np.sum(x * y))
            assert np.sum(by_y * y) == pytest.approx(np.sum(x * y))


# where the text goes


def test_output(srcad, folder):
    text = dumped(srcad, "mod.py", "ünïcode")
    result = srcad("dump", "mod.py", "ünïcode", "--output", "out.py")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert (folder / "out.py").read_bytes() == text.encode("utf-8")
    assert sorted(path.name for path in folder.glob("*out*")) == ["out.py"]


def test_output_replaces_a_file_and_keeps_its_mode(srcad, folder):
    (folder / "out.py").write_text("old\n" * 1000)
    (folder / "out.py").chmod(0o640)
    assert srcad("dump", "mod.py", "sine", "--output", "out.py").exit_code == 0
    text = (folder / "out.py").read_text()
    assert text.startswith("import numpy as np\n\n\ndef sine_jacrev(x):\n")
    assert stat.S_IMODE((folder / "out.py").stat().st_mode) == 0o640


def test_output_leaves_the_file_where_there_is_trouble(srcad, folder):
    (folder / "out.py").write_text("old\n")
    assert srcad("dump", "mod.py", "generator", "--output", "out.py").exit_code == 2
    assert (folder / "out.py").read_text() == "old\n"
    assert srcad("dump", "mod.py", "generator", "--output", "new.py").exit_code == 2
    assert not (folder / "new.py").exists()


@pytest.mark.parametrize("output", ["missing/out.py", "."])
def test_output_that_cannot_be_written(srcad, output):
    result = srcad("dump", "mod.py", "power", "--output", output)
    assert result.exit_code == 2
    assert result.stdout == "" and output in result.stderr
    assert "Traceback" not in result.stderr


def test_output_to_a_device(srcad):
    assert srcad("dump", "mod.py", "power", "--output", os.devnull).exit_code == 0


def on_a_terminal(words, folder, **environment):
    """What a command writes to a terminal, and its exit status."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*SRCAD, *words],
        cwd=folder,
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
        env={
            **os.environ,
            "TERM": "xterm-256color",
            "COLUMNS": "80",
            "PYTHONUTF8": "1",
            **environment,
        },
    )
    os.close(slave)
    written = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:
            break
        if not part:
            break
        written += part
    process.communicate()
    os.close(master)
    return written.decode().replace("\r\n", "\n"), process.returncode


def test_colour_on_a_terminal_only(folder):
    """The text is the same, whole lines, nothing cut off or filled up."""
    words = ["dump", "mod.py", "grad(loss)", *LOSS]
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    piped = subprocess.run([*SRCAD, *words], cwd=folder, capture_output=True, env=environment)
    assert piped.returncode == 0 and b"\x1b" not in piped.stdout and piped.stderr == b""
    shown, status = on_a_terminal(words, folder, NO_COLOR="")
    assert status == 0
    assert "\x1b[" in shown
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == piped.stdout.decode()
    shown, _ = on_a_terminal(words, folder, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3\dm", shown)


def test_the_bytes_do_not_depend_on_the_locale(folder):
    texts = {
        subprocess.run(
            [*SRCAD, "dump", "mod.py", "plainly"],
            cwd=folder,
            capture_output=True,
            env={**os.environ, "PYTHONUTF8": utf8, "LC_ALL": locale, "PYTHONIOENCODING": encoding},
        ).stdout
        for utf8, locale, encoding in [
            ("1", "C.UTF-8", "utf-8"),
            ("0", "C", "ascii"),
            ("0", "C", "latin-1"),
        ]
    }
    assert len(texts) == 1
    assert "größe_bar".encode() in texts.pop()


# trouble


@pytest.mark.parametrize(
    "words, message",
    [
        (["mod.py", "generator"], r"^mod\.py:\d+: UnsupportedSyntaxError: `yield`"),
        (["mod.py", "ruleless"], r"^mod\.py:\d+: MissingRuleError: .*i0"),
        (["mod.py", "grad(sine)"], r"single number"),
        (["mod.py", "grad(integers)"], r"ArgumentTypeError: .*`x`.*int64"),
        (["mod.py", "integers"], r"ArgumentTypeError: .*`x`.*int64"),
        (["mod.py", "stars"], r"\*xs"),
        (["mod.py", "decorated"], r"\*given.*\n.*name the arguments"),
        (["mod.py", "tree", "--arg", "q: float64"], r"no argument `q`.*\n.*p"),
        (["mod.py", "power", "--arg", "x: float64[n]", "--arg", "x: float64[m]"], r"`x`.*twice"),
        (["mod.py", "power", "--arg", "x float64"], r"x float64"),
        (["mod.py", "power", "--arg", "x: float99[n]"], r"float99"),
        (["mod.py", "power", "--arg", "x: float64[n"], r"float64\[n"),
        (["mod.py", "power", "--arg", "x: float64[n - 1]"], r"size"),
        (["mod.py", "power", "--arg", ": float64"], r"declare"),
        (["mod.py", "summed", "--arg", "axis: int"], r"`axis`.*\n.*--arg"),
        (["mod.py", "nobody"], r"no `nobody`"),
        (["mod.py", "number"], r"`number`.*no function"),
        (["mod.py", "np"], r"`np`.*no function"),
        (["mod.py", "Group.nobody"], r"no `Group.nobody`"),
        (["mod.py", "grad(power, argnums=2)"], r"argnums=2"),
        (["mod.py", "grad(power, argnums=(0, 0))"], r"argnums.*twice"),
        (["mod.py", "grad(power, argnums='x')"], r"argnums"),
        (["mod.py", "grad(power, argnums=x)"], r"argnums.*literal"),
        (["mod.py", "grad(power, argnum=1)"], r"argnum.*\n.*argnums"),
        (["mod.py", "grad(power, 0, True)"], r"too many"),
        (["mod.py", "grad(power, 0, argnums=0)"], r"twice"),
        (["mod.py", "grad(power, has_aux=1)"], r"has_aux"),
        (["mod.py", "grad(power, **{})"], r"\*\*"),
        (["mod.py", "grad(*power)"], r"name|many"),
        (["mod.py", "grad(power, chunk_size=1)"], r"chunk_size"),
        (["mod.py", "jacrev(sine, chunk_size=0)"], r"chunk_size"),
        (["mod.py", "jacrev(sine, chunk_size=3)"], r"chunk|rows"),
        (["mod.py", "vmap(jacrev(sine, sparse=True))"], r"sparse arrays, which are not"),
        (["mod.py", "grad(grad(power))"], r"single number"),
        (["mod.py", "checkpoint(power)"], r"`checkpoint` is not implemented yet"),
        (["mod.py", "vmap(jvp(power))"], r"`jvp` in .* is no function to be transformed"),
        (["mod.py", "vmap(sine, chunk_size=2)"], r"chunks have no text"),
        (["mod.py", "vmap(sine, in_dims=3)"], r"in_dims"),
        (["mod.py", "vmap(sine, in_dims=f)"], r"no literal"),
        (["mod.py", "vmap(power, randomness='none')"], r"randomness='none' is unknown"),
        (["mod.py", "hessian(power, has_aux=True)"], r"no option of hessian"),
        (["mod.py", "integral(power)"], r"`integral` is no transform"),
        (["mod.py", "grad()"], r"grad\(\)"),
        (["mod.py", "grad(power"], r"no expression"),
        (["mod.py", ""], r"no expression|no derivative"),
        (["mod.py", "1 + 1"], r"no derivative|no function's name"),
        (["mod.py", "grad(lambda x: x)"], r"name"),
        (["mod.py", "__import__('os').system('touch hacked')"], r"no transform|no derivative|name"),
        (["mod.py", "grad([open('hacked', 'w')][0])"], r"name"),
        (["missing.py", "f"], r"missing\.py: no such file"),
        (["missing", "f"], r"no file or module `missing`"),
        (["missing.module", "f"], r"no file or module `missing.module`"),
        (["mod.missing", "f"], r"mod.missing"),
        ([".", "f"], r"folder|file|module"),
    ],
)
def test_trouble(srcad, folder, words, message):
    """Exit status 2, a message on standard error, nothing on standard output, nothing evaluated."""
    result = srcad("dump", *words)
    assert result.exit_code == 2, result.stdout
    assert result.stdout == ""
    assert re.search(message, result.stderr), result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "hacked").exists()


@pytest.mark.parametrize(
    "text, message",
    [
        ("def f(x:\n", "SyntaxError"),
        ("import nobody_has_this\n\ndef f(x):\n    return x\n", "nobody_has_this"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("raise SystemExit(0)\n", "SystemExit"),
        (b"\xff\xfe\x00", "broken"),
    ],
)
def test_a_module_that_cannot_be_imported(srcad, folder, text, message):
    (folder / "broken.py").write_bytes(text if isinstance(text, bytes) else text.encode())
    for where in ("broken.py", "broken"):
        result = srcad("dump", where, "f")
        assert result.exit_code == 2
        assert result.stdout == ""
        assert message in result.stderr and "broken" in result.stderr
        assert "Traceback" not in result.stderr


def test_what_a_module_prints_is_no_text(srcad, folder):
    (folder / "loud.py").write_text("print('hello')\n\n\ndef f(x: float):\n    return x * x\n")
    for where in ("loud.py", "loud"):
        result = srcad("dump", where, "f")
        assert result.exit_code == 0
        assert names(result.stdout) == ["f_grad"]
    assert "hello" not in result.stdout


def test_words_that_are_missing(srcad):
    for words in ([], ["mod.py"], ["mod.py", "power", "more"], ["mod.py", "power", "--nonsense"]):
        result = srcad("dump", *words)
        assert result.exit_code == 2
        assert "Usage: srcad dump" in result.stderr and result.stdout == ""


def test_help_and_version(srcad):
    for word in ("-h", "--help"):
        result = srcad(word)
        assert result.exit_code == 0 and "dump" in result.stdout and "verify" in result.stdout
    result = srcad("dump", "--help")
    for option in ("--arg", "--stage", "--standalone", "--output", "--side-by-side", "--format"):
        assert option in result.stdout
    result = srcad("--version")
    assert result.exit_code == 0 and re.search(r"\d+\.\d+\.\d+", result.stdout)


def test_as_a_process(folder):
    """One run as a user runs it: text to standard output, messages to standard error."""
    good = subprocess.run(
        [*SRCAD, "dump", "mod.py", "grad(power)"], cwd=folder, capture_output=True, text=True
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert names(good.stdout) == ["power_grad"]
    bad = subprocess.run(
        [*SRCAD, "dump", "mod.py", "grad(generator)"], cwd=folder, capture_output=True, text=True
    )
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.startswith("mod.py:")


def test_a_bug_of_srcad_is_trouble_too(srcad, monkeypatch):
    """Exit status 1 means that something differs."""
    from srcad.cli import expression

    def broken(*args, **options):
        raise RuntimeError("this is a bug")

    monkeypatch.setattr(expression, "generate", broken)
    result = srcad("dump", "mod.py", "power")
    assert result.exit_code == 2
    assert "this is a bug" in result.stderr and result.stdout == ""
