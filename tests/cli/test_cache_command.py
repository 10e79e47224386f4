"""`srcad cache` and `srcad doctor`."""

import importlib.metadata
import json
import os
import stat
import sys

import numpy as np
import pytest

import srcad as library
from srcad.cli import doctor as room
from srcad.cli.doctor import EXTRAS, NEEDED, OLDEST_PYTHON, kept, version
from srcad.loader import Cache

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX permissions")


def square(x):
    return np.sum(x * x)


def test_path_list_and_clear(srcad, folder):
    cache = folder / "cache"
    assert srcad("cache", "path").stdout == f"{cache}\n"
    assert srcad("cache", "list").stdout == ""
    library.grad(square)(np.ones(3))
    (entry,) = (cache / "entries").glob("*.py")
    os.utime(entry, (86400 * 366, 86400 * 366))
    head, line = srcad("cache", "list").stdout.splitlines()
    assert head.split() == ["key", "function", "bytes", "used"]
    assert line.split()[1:] == ["square_grad", str(entry.stat().st_size), "1971-01-02"]
    (told,) = json.loads(srcad("cache", "list", "--format", "json").stdout)
    assert (cache / "manifest" / f"{told['key']}.json").exists() and told["key"].startswith(
        line.split()[0]
    )
    size = entry.stat().st_size
    assert srcad("cache", "clear").stdout == (
        f"Removed 1 derivative (2 files, {size} bytes) from {cache}.\n"
    )
    assert not [path for path in cache.rglob("*") if path.is_file()]
    told = json.loads(srcad("cache", "clear", "--format", "json").stdout)
    assert (told["derivatives"], told["files"], told["bytes"]) == (0, 0, 0)


def test_without_a_folder(srcad, monkeypatch):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    result = srcad("cache", "path")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "switched off" in result.stderr
    assert "Nothing to remove" in srcad("cache", "clear").stdout


def test_doctor_of_a_sound_place(srcad):
    result = srcad("doctor")
    assert result.exit_code == 0, result.stdout
    assert "WRONG" not in result.stdout and np.__version__ in result.stdout
    told = {each["name"]: each for each in json.loads(srcad("doctor", "--format", "json").stdout)}
    assert told["a gradient"]["ok"] and told["sources"]["ok"]


@posix
def test_doctor_of_a_folder_that_others_can_write_to(srcad, folder):
    (folder / "cache").mkdir()
    os.chmod(folder / "cache", 0o777)
    result = srcad("doctor")
    assert result.exit_code == 1
    (line, cure) = result.stdout.splitlines()[-4:-2]
    assert line.startswith("WRONG") and "can be written by other users" in line
    assert "SRCAD_CACHE_DIR" in cure


def test_doctor_of_a_cache_that_goes_wrong_later(tmp_path):
    cache = Cache(tmp_path / "cache")
    assert kept(cache).ok
    os.rmdir(tmp_path / "cache" / "entries")
    (tmp_path / "cache" / "entries").write_text("in the way")
    assert not kept(cache).ok
    assert stat.S_ISREG(os.stat(tmp_path / "cache" / "entries").st_mode)


def test_doctor_of_versions(monkeypatch):
    installed = {"numpy": "1.26.4", "scipy": "1.13.0rc1"}

    def found(name):
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(room.metadata, "version", found)
    old = version("numpy", "2.0")
    assert not old.ok and old.found == "1.26.4" and "numpy>=2.0" in old.cure
    assert not version("gast", "0.6").ok
    assert version("scipy", "1.13", extra=True).ok and version("numba", "0.61", extra=True).ok


def test_doctor_of_a_derivative_that_is_wrong(monkeypatch):
    def slope(x):
        return np.sum(x * x)

    verify = library.verify
    monkeypatch.setattr(room, "probe", np.floor)  # whose gradient is refused: it returns no number
    assert not room.derivative().ok
    monkeypatch.setattr(room, "probe", slope)
    assert room.derivative().ok
    monkeypatch.setattr(room.srcad, "verify", lambda f, x: verify(library.grad(slope), x, rtol=0))
    assert "DIFFERS" in room.derivative().found


def test_what_doctor_needs_is_what_the_project_declares():
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    with open(os.path.join(root, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    declared = dict(line.split(">=") for line in project["dependencies"] if ";" not in line)
    assert declared == NEEDED
    extras = project["optional-dependencies"]
    assert dict(extras[name][0].split(">=") for name in EXTRAS) == EXTRAS
    assert project["requires-python"] == ">=" + ".".join(map(str, OLDEST_PYTHON))
