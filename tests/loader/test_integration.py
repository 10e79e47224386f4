"""The cache as a user meets it: derivatives in many processes, before and after changes, with files that were tampered with."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 8

MODULE = """\
import numpy as np

SCALE = 2.0


def deepest(x):
    return x ** 2


def helper(x):
    return np.sum(deepest(x))


def loss(x, k=3.0):
    return k * helper(x) * SCALE


def vector(x):
    return np.sin(x) * x


def make(k):
    def inner(x):
        return np.sum(k * x)

    return inner


def make_from(f):
    def inner(x):
        return np.sum(f(x))

    return inner


def square(x):
    return x ** 2


def cube(x):
    return x ** 3
"""

# What every process begins with: `report` says where the derivative came from.
BEGIN = """\
import json, os, sys, time
import numpy as np
import srcad, cold

x = np.array([0.5, -1.0, 2.0])

def came_from(derivative):
    (compiled,), = derivative.dispatcher.table.values()
    return compiled.entry.__code__.co_filename

def parsed():
    return sorted(name for name in sys.modules if name in (
        "srcad.api.compile", "srcad.parser.function", "srcad.transformer.reverse"))

def report(**found):
    print(json.dumps({k: v.tolist() if hasattr(v, "tolist") else v for k, v in found.items()}))
"""

GRADIENT = "d = srcad.grad(cold.loss)\ng = d(x)\nreport(g=g, file=came_from(d), parsed=parsed())\n"


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """A copy of srcad: an edit of its files while the tests run would make every entry stale."""
    folder = tmp_path_factory.mktemp("package")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "srcad", folder / "srcad", ignore=ignored)
    subprocess.run([sys.executable, "-m", "compileall", "-q", folder], check=True)
    return folder


@pytest.fixture
def place(tmp_path, package, monkeypatch):
    """A folder with the module, and a cache that is empty."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(package)]))
    (tmp_path / "cold.py").write_text(MODULE)
    return tmp_path


def start(place, script, **environment):
    merged = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "SRCAD_CACHE_DIR": str(place / "cache"),
        **environment,
    }
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + textwrap.dedent(script)],
        cwd=place,
        env={name: value for name, value in merged.items() if value is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors == ""
    return [json.loads(line) for line in output.splitlines()]


def run(place, script, **environment):
    return finish(start(place, script, **environment))


def once(place, script=GRADIENT, **environment):
    (found,) = run(place, script, **environment)
    return found


def entries(place):
    return sorted((place / "cache" / "entries").iterdir())


def manifests(place):
    return sorted((place / "cache" / "manifest").iterdir())


def assert_sound(place):
    """Every file is whole: entries are named after their content, nothing is left lying about."""
    for path in entries(place):
        assert path.suffix == ".py"
        assert path.stem == hashlib.sha256(path.read_bytes()).hexdigest()[:32]
        compile(path.read_text(), path.name, "exec")
    for path in manifests(place):
        assert path.suffix == ".json"
        assert json.loads(path.read_text())["records"]


X = np.array([0.5, -1.0, 2.0])
EXPECTED = (2 * 3.0 * X * 2.0).tolist()


# many at once


def together(place, script):
    """Processes that begin at the same moment: several for each core of most machines."""
    wait = """
    open(f"ready-{os.getpid()}", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.001)
    """
    running = [
        start(place, textwrap.dedent(wait) + textwrap.dedent(script)) for _ in range(PROCESSES)
    ]
    while len(list(place.glob("ready-*"))) < PROCESSES:
        assert all(process.poll() in (None, 0) for process in running), running[0].stderr
    (place / "go").touch()
    return [found for process in running for found in finish(process)]


def test_many_processes_ask_for_the_same_derivative(place):
    """All right, one entry in the cache, none damaged."""
    found = together(place, GRADIENT)
    assert [each["g"] for each in found] == [EXPECTED] * PROCESSES
    assert len(entries(place)) == 1 and len(manifests(place)) == 1
    assert_sound(place)
    assert once(place)["parsed"] == []


def test_many_processes_ask_for_several(place):
    script = """
    values = [srcad.grad(cold.loss)(x), srcad.grad(cold.loss, (0, 1))(x)[1],
              srcad.value_and_grad(cold.loss)(x)[1], srcad.jacrev(cold.vector)(x),
              srcad.vjp(cold.vector, x)[1](np.ones(3))[0]]
    report(values=[np.asarray(value).tolist() for value in values])
    """
    found = together(place, script)
    assert all(each == found[0] for each in found)
    assert len(entries(place)) == 5 == len(manifests(place))
    assert_sound(place)


def test_sixteen_threads_ask_for_the_same_derivative(place):
    script = """
    import threading
    d = srcad.grad(cold.loss)
    found, begin = [], threading.Barrier(16)
    def work():
        begin.wait()
        found.append(d(x).tolist())
    threads = [threading.Thread(target=work) for _ in range(16)]
    [t.start() for t in threads]; [t.join() for t in threads]
    report(all=found)
    """
    assert once(place, script)["all"] == [EXPECTED] * 16
    assert len(entries(place)) == 1
    assert_sound(place)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
# warm


def test_a_fresh_process_finds_the_entry_without_parsing(place):
    first = once(place)
    assert first["parsed"] != []
    second = once(place)
    assert second["g"] == EXPECTED
    assert second["parsed"] == []
    assert Path(second["file"]) == entries(place)[0]


@pytest.mark.parametrize(
    "call",
    [
        "srcad.grad(cold.loss, (0, 1))(x)",
        "srcad.value_and_grad(cold.loss)(x)",
        "srcad.jacrev(cold.vector)(x)",
        "srcad.jacrev(cold.vector, chunk_size=1)(x)",
        "srcad.jacrev(cold.vector, chunk_size=2)(x)",
        "srcad.vjp(cold.vector, x)[1](np.ones(3))",
        "srcad.vjp(cold.loss, x, 2.0)[1](1.0)",
        "srcad.grad(cold.make(2.0))(x)",
        "srcad.grad(cold.make_from(np.sin))(x)",
        "srcad.grad(cold.make_from(cold.square))(x)",
        "srcad.grad(lambda p: cold.helper(p['a'][0]))({'a': [x]})",
        "srcad.grad(cold.loss)(x.astype('float32'))",
    ],
)
def test_every_transform_is_warm(place, call):
    script = f"report(value=repr({call}), parsed=parsed())"
    if "lambda" in call:  # a function without a file has no source
        (place / "call.py").write_text("import cold\nf = lambda p: cold.helper(p['a'][0])\n")
        script = script.replace("lambda p: cold.helper(p['a'][0])", "__import__('call').f")
    first, second = once(place, script), once(place, script)
    assert first["parsed"] and not second["parsed"]
    assert first["value"] == second["value"]
    assert len(entries(place)) == 1
    assert_sound(place)


def test_one_entry_for_each_signature(place):
    script = """
    d = srcad.grad(cold.loss)
    for given in (x, x[:1], x.astype("float32"), np.ones((2, 2)), 1.5):
        d(given)
    report(parsed=parsed())
    """
    once(place, script)
    assert len(manifests(place)) == 5
    assert once(place, script)["parsed"] == []
    assert_sound(place)


def test_moved_elsewhere_it_is_the_same_function(place, tmp_path):
    """The key is the code, not the file."""
    once(place)
    other = tmp_path / "other"
    other.mkdir()
    (other / "cold.py").write_text("\n\n# moved down\n" + MODULE)
    found = once(other, SRCAD_CACHE_DIR=str(place / "cache"))
    assert found["g"] == EXPECTED
    assert_sound(place)


# after a change


@pytest.mark.parametrize(
    "old, new, factor",
    [
        ("x ** 2\n\n\ndef helper", "5 * x ** 2\n\n\ndef helper", 5.0),
        ("np.sum(deepest(x))", "np.sum(deepest(x)) * 4", 4.0),
        ("k * helper(x)", "7 * k * helper(x)", 7.0),
        ("k=3.0", "k=6.0", 2.0),
        ("SCALE = 2.0", "SCALE = 8.0", 4.0),
        ("SCALE = 2.0", "SCALE = np.array(8.0)", 4.0),
        ("SCALE = 2.0", "SCALE = 8", 4.0),
    ],
    ids=["deepest", "helper", "function", "default", "global", "array", "integer"],
)
def test_an_edit_between_two_processes(place, old, new, factor):
    assert once(place)["g"] == EXPECTED
    assert MODULE.count(old) == 1
    (place / "cold.py").write_text(MODULE.replace(old, new))
    for _ in range(2):
        np.testing.assert_allclose(once(place)["g"], factor * np.array(EXPECTED))
    (place / "cold.py").write_text(MODULE)
    assert once(place)["g"] == EXPECTED
    assert_sound(place)


def test_two_modules_with_the_same_function_and_other_helpers(place):
    """The function's code is one; what its names stand for is not."""
    text = "import numpy as np\n\n\ndef helper(x):\n    return x ** {power}\n\n\ndef f(x):\n    return np.sum(helper(x))\n"
    for power in (2, 3):
        (place / f"power_{power}.py").write_text(text.format(power=power))
    script = """
    import importlib
    for name in sys.argv[1:] or %r:
        report(g=srcad.grad(importlib.import_module(name).f)(x), parsed=parsed())
    """
    for order in (["power_2", "power_3"], ["power_3", "power_2"], ["power_2"], ["power_3"]):
        for name, found in zip(order, run(place, textwrap.dedent(script) % (order,))):
            power = int(name[-1])
            np.testing.assert_allclose(found["g"], power * X ** (power - 1))
    assert found["parsed"] == []


CLOSURES = {
    "cold.make(2.0)": [2.0, 2.0, 2.0],
    "cold.make(3.0)": [3.0, 3.0, 3.0],
    "cold.make(np.array([1.0, 2.0, 3.0]))": [1.0, 2.0, 3.0],
    "cold.make(np.ones((2, 3)))": [2.0, 2.0, 2.0],
    "cold.make(np.float32(4.0))": [4.0, 4.0, 4.0],
    "cold.make(5)": [5.0, 5.0, 5.0],
    "cold.make_from(np.sin)": np.cos(X).tolist(),
    "cold.make_from(np.cos)": (-np.sin(X)).tolist(),
    "cold.make_from(np.exp)": np.exp(X).tolist(),
    "cold.make_from(cold.square)": (2 * X).tolist(),
    "cold.make_from(cold.cube)": (3 * X**2).tolist(),
    "cold.make_from(cold.make_from(cold.square))": (2 * X).tolist(),
    "cold.make_from(cold.make_from(cold.cube))": (3 * X**2).tolist(),
    "cold.make_from(cold.make(2.0))": [2.0, 2.0, 2.0],
    "cold.make_from(cold.make(np.array([1.0, 2.0, 3.0])))": [1.0, 2.0, 3.0],
}


@pytest.mark.parametrize("reverse", [False, True])
def test_closures_of_one_code_object(place, reverse):
    """Whatever their cells hold, none gets another's derivative: in one process, and from the cache."""
    asked = list(CLOSURES)[:: -1 if reverse else 1]
    script = "\n".join(f"report(g=srcad.grad({each})(x))" for each in asked)
    for _ in range(2):
        for each, found in zip(asked, run(place, script)):
            np.testing.assert_allclose(found["g"], CLOSURES[each], err_msg=each)
    for each in asked[::4]:
        found = once(place, f"report(g=srcad.grad({each})(x))")
        np.testing.assert_allclose(found["g"], CLOSURES[each], err_msg=each)
    script = "\n".join(f"report(g=srcad.vjp({each}, x)[1](1.0)[0])" for each in asked)
    for _ in range(2):
        for each, found in zip(asked, run(place, script)):
            np.testing.assert_allclose(found["g"], CLOSURES[each], err_msg=each)
    assert_sound(place)


def test_a_rule_of_the_users_is_part_of_the_key(place):
    script = """
    from srcad.rules import elementwise
    def special(x):
        return np.sin(x)
    @elementwise(special)
    def rule(x, y):
        return {}
    report(g=srcad.grad(cold.make_from(special))(x))
    """
    script = textwrap.dedent(script)
    for formula, expected in [
        ("np.cos(x)", np.cos(X)),
        ("100 * x", 100 * X),
        ("np.cos(x)", np.cos(X)),
    ]:
        for _ in range(2):
            found = once(place, script.replace("{}", formula))
            np.testing.assert_allclose(found["g"], expected)


# files that cannot be trusted

HACK = "import os\nopen('hacked', 'w').close()\n"


def hacked(place):
    return (place / "hacked").exists()


def damage(path, how):
    text = path.read_text()
    if how == "truncated":
        path.write_text(text[: len(text) // 2])
    elif how == "emptied":
        path.write_text("")
    elif how == "edited":
        path.write_text(HACK + text)
    elif how == "appended":
        path.write_text(text + "\n" + HACK)
    elif how == "binary":
        path.write_bytes(b"\x00\xff" * 100)
    elif how == "one byte":
        path.write_text(text.replace("2", "3", 1))
    elif how == "removed":
        path.unlink()
    elif how == "world-writable":
        path.chmod(0o666)
    elif how == "group-writable":
        path.chmod(0o660)
    elif how == "edited and world-writable":
        path.write_text(HACK + text)
        path.chmod(0o666)
    elif how == "a link":
        other = path.parent.parent.parent / "elsewhere.py"
        other.write_text(HACK + text)
        path.unlink()
        path.symlink_to(other)
    elif how == "a folder":
        path.unlink()
        path.mkdir()


DAMAGE = [
    "truncated",
    "emptied",
    "edited",
    "appended",
    "binary",
    "one byte",
    "removed",
    "world-writable",
    "group-writable",
    "edited and world-writable",
    "a link",
    "a folder",
]


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_entry_is_never_executed(place, how):
    """It is made again, and the next process is warm."""
    once(place)
    (path,) = entries(place)
    damage(path, how)
    found = once(place)
    assert found["g"] == EXPECTED
    assert found["parsed"], "what was damaged was believed"
    assert not hacked(place)
    if how == "a folder":  # in the way of the new file: everything works in memory
        return
    assert not path.is_symlink()
    assert not stat.S_IMODE(path.stat().st_mode) & 0o022
    assert_sound(place)
    assert once(place)["parsed"] == []


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_manifest_is_not_believed(place, how):
    once(place)
    (path,) = manifests(place)
    damage(path, how)
    found = once(place)
    assert found["g"] == EXPECTED
    assert not hacked(place)
    if how != "a folder":
        assert found["parsed"] or how == "one byte"
        assert once(place)["parsed"] == []
        assert_sound(place)


def test_an_entry_of_another_derivative_in_its_place(place):
    """Renaming a file does not make it another's: the name is the digest of the content."""
    once(place)
    (right,) = entries(place)
    once(place, "srcad.grad(cold.make(3.0))(x); report()")
    (other,) = [path for path in entries(place) if path != right]
    right.write_bytes(other.read_bytes())
    assert once(place)["g"] == EXPECTED
    assert_sound(place)


def test_a_manifest_of_another_derivative_in_its_place(place):
    once(place)
    (right,) = manifests(place)
    once(place, "srcad.grad(cold.make(3.0))(x); report()")
    (other,) = [path for path in manifests(place) if path != right]
    right.write_bytes(other.read_bytes())
    assert once(place)["g"] == EXPECTED


@pytest.mark.parametrize("folder", ["", "entries", "manifest"])
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
def test_a_folder_that_others_may_write_is_not_used(place, folder, mode):
    once(place)
    (path,) = entries(place)
    text = path.read_text()
    (place / "cache" / folder).chmod(mode)
    path.write_text(HACK + text)
    found = once(place)
    assert found["g"] == EXPECTED and found["parsed"]
    assert not hacked(place)
    assert path.read_text() == HACK + text or mode != 0o777


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="needs root")
@pytest.mark.parametrize("whose", ["cache", "entries", "entry"])
def test_files_of_another_user_are_not_executed(place, whose):
    once(place)
    (path,) = entries(place)
    os.chown({"cache": place / "cache", "entries": path.parent, "entry": path}[whose], 65534, 65534)
    found = once(place)
    assert found["g"] == EXPECTED and found["parsed"]


def test_what_a_killed_process_left_is_no_entry(place):
    once(place)
    (path,) = entries(place)
    (path.parent / f".{path.stem[:8]}-1-abc.tmp").write_text(HACK)
    assert once(place)["parsed"] == []
    assert not hacked(place)


# without a cache


@pytest.mark.parametrize("setting", ["off", "", "OFF"])
def test_the_cache_switched_off(place, setting):
    for _ in range(2):
        found = once(place, SRCAD_CACHE_DIR=setting)
        assert found["g"] == EXPECTED and found["parsed"]
        assert found["file"].startswith("<srcad ")
    assert not (place / "cache").exists()


def test_a_traceback_shows_generated_lines_without_a_file(place):
    script = """
    import traceback
    d = srcad.value_and_grad(lambda_free := cold.loss)
    d(x)
    try: d(np.array(["a", "b"], object))
    except Exception: pass
    (compiled,), = d.dispatcher.table.values()
    import inspect
    report(source=inspect.getsource(compiled.entry))
    """
    found = once(place, script, SRCAD_CACHE_DIR="off")
    assert "def loss_value_and_grad(" in found["source"]


@pytest.mark.parametrize(
    "environment",
    [
        {"SRCAD_CACHE_DIR": None, "HOME": None, "XDG_CACHE_HOME": None},
        {"SRCAD_CACHE_DIR": None, "HOME": "/nonexistent", "XDG_CACHE_HOME": None},
        {"SRCAD_CACHE_DIR": "/proc/self/nothing"},
        {"SRCAD_CACHE_DIR": "/dev/null/cache"},
        {"SRCAD_CACHE_DIR": "\0".join(["a" * 300])},
    ],
)
def test_no_folder_for_the_cache(place, environment):
    """No HOME, nothing that could be written: everything works in memory."""
    found = once(place, **environment)
    assert found["g"] == EXPECTED
    assert not (place / "cache").exists()


def test_a_disk_that_cannot_be_written(place):
    """What is there already is used; nothing else is tried, and nothing is raised."""
    once(place)
    before = [(path, path.stat().st_mtime_ns) for path in [*entries(place), *manifests(place)]]
    script = """
    import errno
    from srcad.loader import cache
    def refuse(*args, **options):
        raise OSError(errno.EROFS, "Read-only file system")
    original = os.open
    def read_only(path, flags, *rest, **options):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            refuse()
        return original(path, flags, *rest, **options)
    def mkdir(path, *mode):
        raise FileExistsError(path) if os.path.exists(path) else OSError(errno.EROFS, path)
    os.open, os.mkdir, os.replace, os.unlink = read_only, mkdir, refuse, refuse
    d = srcad.grad(cold.loss)
    g = d(x)
    warm = parsed()
    both = srcad.grad(cold.loss, (0, 1))(x)
    report(g=g, warm=warm, k=float(both[1]))
    """
    found = once(place, script)
    assert found["g"] == EXPECTED
    assert found["warm"] == []
    assert found["k"] == pytest.approx(2 * np.sum(X**2))
    assert [
        (path, path.stat().st_mtime_ns) for path in [*entries(place), *manifests(place)]
    ] == before


def test_a_full_disk(place):
    script = """
    import errno
    from srcad.loader import cache
    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")
    os.replace = full
    report(g=srcad.grad(cold.loss)(x))
    """
    assert once(place, script)["g"] == EXPECTED
    assert entries(place) == [] == manifests(place)


def test_a_cleared_cache_under_a_running_process(place):
    script = """
    import shutil
    d = srcad.grad(cold.loss)
    first = d(x)
    shutil.rmtree(os.environ["SRCAD_CACHE_DIR"])
    again = d(x)
    other = srcad.grad(cold.loss)(x)
    fresh = srcad.grad(cold.make(2.0))(x)
    report(g=[first.tolist(), again.tolist(), other.tolist()], fresh=fresh)
    """
    found = once(place, script)
    assert found["g"] == [EXPECTED] * 3 and found["fresh"] == [2.0, 2.0, 2.0]
    assert_sound(place)
