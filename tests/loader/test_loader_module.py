"""Loaded text runs with what is bound to it, and can be seen where it runs."""

import bdb
import contextlib
import inspect
import io
import linecache
import pdb
import threading
import traceback

import pytest

from srcad.core.fingerprint import digest_text, matches_source
from srcad.loader import Cache, load

TEXT = '''\
"""Doubles."""


def heat_grad(x):
    # "\x0c" in a comment ends no line
    y = scale * x
    return y / x
'''


def test_binds_the_namespace_and_leaves_it_alone():
    bound = {"scale": 2.0}
    first = load(TEXT, "heat_grad", bound)
    second = load(TEXT, "heat_grad", {"scale": 3.0})
    assert first["heat_grad"](4.0) == 2.0
    assert second["heat_grad"](4.0) == 3.0
    assert bound == {"scale": 2.0}
    assert first["heat_grad"].__module__ == "heat_grad"
    assert first["heat_grad"].__code__ is second["heat_grad"].__code__  # compiled once
    assert load("", "a", {"__name__": "given"})["__name__"] == "given"


def test_file_name_is_stable_and_tells_texts_apart():
    def filename(text):
        return load(text, "heat_grad", {})["heat_grad"].__code__.co_filename

    assert filename(TEXT) == "<srcad heat_grad 128dba28>"
    assert filename(TEXT + "# another\n") != filename(TEXT)


@pytest.mark.parametrize("on_disk", [False, True])
def test_traceback_and_inspect_show_the_text(on_disk, tmp_path):
    cache = Cache(tmp_path / "cache" if on_disk else None)
    entry = cache.store(digest_text("key"), {}, TEXT)
    path = cache.location(entry)
    assert (path is not None) == on_disk
    f = load(TEXT, "heat_grad", {"scale": 1.0}, path=path)["heat_grad"]
    linecache.checkcache()
    with pytest.raises(ZeroDivisionError) as caught:
        f(0.0)
    shown = "".join(traceback.format_exception(None, caught.value, caught.value.__traceback__))
    assert "    return y / x\n" in shown
    assert (str(tmp_path) if on_disk else "<srcad heat_grad ") in shown
    assert inspect.getsource(f) == TEXT[TEXT.index("def ") :]
    linecache.clearcache()
    load(TEXT, "heat_grad", {}, path=path)
    assert inspect.getsource(f) == TEXT[TEXT.index("def ") :]


def test_what_is_shown_is_what_was_loaded(tmp_path):
    cache = Cache(tmp_path / "cache")
    path = cache.location(cache.store(digest_text("key"), {}, TEXT))
    f = load(TEXT, "heat_grad", {}, path=path)["heat_grad"]
    with open(path, "w") as file:
        file.write("edited\n" * 20)
    linecache.checkcache()
    assert inspect.getsource(f) == TEXT[TEXT.index("def ") :]


def test_pdb_shows_the_text():
    f = load(TEXT, "heat_grad", {"scale": 1.0})["heat_grad"]
    output = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("step\nstep\nlist\nquit\n"), stdout=output, nosigint=True)
    with contextlib.suppress(bdb.BdbQuit):
        debugger.runcall(f, 1.0)
    assert "y = scale * x" in output.getvalue()
    assert "-> " in output.getvalue()


def test_syntax_error_shows_the_text():
    with pytest.raises(SyntaxError) as caught:
        load("def f(:\n", "broken", {})
    assert caught.value.filename.startswith("<srcad broken ")
    assert linecache.getline(caught.value.filename, 1) == "def f(:\n"


def test_loaded_text_is_the_source_of_what_it_defines():
    f = load(TEXT, "heat_grad", {})["heat_grad"]
    assert matches_source(f, "".join(linecache.getlines(f.__code__.co_filename)))


def test_future_imports_of_the_loader_are_not_inherited():
    f = load("def f(x: 1 + 1): pass\n", "f", {})["f"]
    assert f.__annotations__ == {"x": 2}


def test_threads():
    results = []
    barrier = threading.Barrier(8)

    def work(number):
        barrier.wait()
        for _ in range(50):
            module = load(TEXT + "# threads\n", "heat_grad", {"scale": float(number)})
            results.append(module["heat_grad"](1.0) == number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 400
