"""The cache keeps what it is given, trusts nobody, and never fails."""

import errno
import json
import logging
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from srcad.core.fingerprint import digest_text
from srcad.loader import Cache, default_cache
from srcad.loader import cache as cache_module

KEY = digest_text("a request")
TEXT = "def f(x):\n    return 2 * x\n"
NOBODY = 65534

posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX permissions")
as_root = pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="needs root")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "cache"


def filled(root):
    cache = Cache(root)
    entry = cache.store(KEY, {"state": "s"}, TEXT)
    assert cache.path == str(root)
    return entry


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def expect_empty(cache):
    """Nothing is read, nothing is raised, and what is stored now is found."""
    entry = digest_text_of(TEXT)
    assert cache.find(KEY) == []
    assert cache.read(entry) is None
    assert cache.store(KEY, {"state": "t"}, TEXT) == entry
    assert cache.find(KEY) == [{"state": "t", "entry": entry}]
    assert cache.read(entry) == TEXT


def digest_text_of(text):
    return Cache(None).store(KEY, {}, text)


def run(script, *args, **environment):
    merged = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    merged = {name: value for name, value in merged.items() if value is not None}
    command = [sys.executable, "-c", script, *map(str, args)]
    result = subprocess.run(command, check=False, env=merged, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


class TestBothKinds:
    @pytest.fixture(params=["memory", "disk"])
    def cache(self, request, root):
        return Cache(root if request.param == "disk" else None)

    def test_round_trip(self, cache):
        expect_empty(cache)
        assert cache.entries() == [digest_text_of(TEXT)]

    def test_several_records_newest_first(self, cache):
        for number in range(20):
            cache.store(KEY, {"state": number}, f"answer = {number}\n")
        records = cache.find(KEY)
        assert [record["state"] for record in records] == list(range(19, 3, -1))
        assert cache.read(records[3]["entry"]) == "answer = 16\n"

    def test_same_state_is_replaced(self, cache):
        cache.store(KEY, {"state": 1}, "old = 1\n")
        cache.store(KEY, {"state": 2}, TEXT)
        entry = cache.store(KEY, {"state": 1}, "new = 1\n")
        assert [record["state"] for record in cache.find(KEY)] == [1, 2]
        assert cache.find(KEY)[0]["entry"] == entry

    def test_same_text_under_two_keys(self, cache):
        other = digest_text("another request")
        assert cache.store(KEY, {}, TEXT) == cache.store(other, {}, TEXT)
        assert len(cache.entries()) == 1
        assert len(cache.find(KEY)) == len(cache.find(other)) == 1

    def test_records_come_back_as_json(self, cache):
        cache.store(KEY, {"sizes": (1, 2), 3: None}, TEXT)
        (record,) = cache.find(KEY)
        assert record == {"sizes": [1, 2], "3": None, "entry": digest_text_of(TEXT)}
        record["sizes"] = "changed"
        assert cache.find(KEY)[0]["sizes"] == [1, 2]
        with pytest.raises(TypeError):
            cache.store(KEY, {"f": object()}, TEXT)

    def test_keys_and_entries_are_digests(self, cache):
        for key in ("", "../../etc/passwd", "ABCDEF0123", "a" * 200, KEY + "\n"):
            with pytest.raises(ValueError):
                cache.find(key)
            with pytest.raises(ValueError):
                cache.store(key, {}, TEXT)
        assert cache.read("../manifest/x") is None
        assert cache.location("../manifest/x") is None

    def test_clear(self, cache):
        cache.store(KEY, {}, TEXT)
        cache.clear()
        assert cache.entries() == []
        expect_empty(cache)

    def test_text_is_kept_to_the_byte(self, cache):
        text = "a = 'é\x0c'\r\nb = 1\r"
        entry = cache.store(KEY, {}, text)
        cache._texts.clear()
        assert cache.read(entry) == (text if cache.path else None)

    def test_memory_is_bounded(self, cache, monkeypatch):
        monkeypatch.setattr(cache_module, "_ITEMS_IN_MEMORY", 8)
        for number in range(20):
            cache.store(digest_text(str(number)), {}, f"{number}\n")
        assert len(cache._texts) == len(cache._records) == 8
        assert len(cache.entries()) == (20 if cache.path else 8)


class TestDisk:
    def test_layout_and_modes(self, root):
        entry = filled(root)
        assert files(root) == [f"entries/{entry}.py", f"manifest/{KEY}.json"]
        assert (root / "entries" / f"{entry}.py").read_text() == TEXT
        if os.name == "posix":
            for path in (root, root / "entries", root / "manifest"):
                assert stat.S_IMODE(path.stat().st_mode) == 0o700
            for name in files(root):
                assert stat.S_IMODE((root / name).stat().st_mode) == 0o600

    @posix
    def test_modes_do_not_depend_on_the_umask(self, root):
        previous = os.umask(0)
        try:
            filled(root)
        finally:
            os.umask(previous)
        assert Cache(root).find(KEY)
        assert stat.S_IMODE((root / "entries").stat().st_mode) == 0o700

    def test_another_process_finds_it(self, root):
        entry = filled(root)
        script = (
            "import sys; from srcad.loader import Cache; cache = Cache(sys.argv[1])\n"
            "(record,) = cache.find(sys.argv[2])\n"
            "print(record['state'], cache.read(record['entry']), cache.location(record['entry']))"
        )
        path = root / "entries" / f"{entry}.py"
        assert run(script, root, KEY) == f"s {TEXT} {path}\n"

    def test_two_caches_merge_their_records(self, root):
        first, second = Cache(root), Cache(root)
        first.store(KEY, {"state": 1}, "a = 1\n")
        second.store(KEY, {"state": 2}, "a = 2\n")
        first.store(KEY, {"state": 3}, "a = 3\n")
        for cache in (first, Cache(root)):
            assert [record["state"] for record in cache.find(KEY)] == [3, 2, 1]

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: data[:-5],
            lambda data: b"",
            lambda data: data.replace(b"2", b"3"),
            lambda data: data[::-1],
            lambda data: data + b"\n# more\n",
            lambda data: b"\xff\xfe" + data,
            lambda data: b"[]",
            lambda data: b"{}",
            lambda data: b"[" * 100_000,
            lambda data: b'{"digest": "", "records": [{"entry": "00"}]}',
        ],
    )
    @pytest.mark.parametrize("folder", ["entries", "manifest"])
    def test_damaged_files_are_absent_and_replaced(self, root, folder, damage):
        entry = filled(root)
        (path,) = (root / folder).iterdir()
        good = path.read_bytes()
        path.write_bytes(damage(good))
        cache = Cache(root)
        if folder == "entries":
            assert cache.read(entry) is None
            assert cache.entries() == []
        else:
            assert cache.find(KEY) == []
        cache.store(KEY, {"state": "s"}, TEXT)
        assert path.read_bytes() == good
        assert Cache(root).read(Cache(root).find(KEY)[0]["entry"]) == TEXT
        assert len(files(root)) == 2

    def test_manifest_under_another_key_is_ignored(self, root):
        filled(root)
        other = digest_text("another request")
        os.rename(root / "manifest" / f"{KEY}.json", root / "manifest" / f"{other}.json")
        assert Cache(root).find(other) == []

    def test_missing_entry(self, root):
        entry = filled(root)
        os.unlink(root / "entries" / f"{entry}.py")
        cache = Cache(root)
        assert [record["entry"] for record in cache.find(KEY)] == [entry]
        assert cache.read(entry) is None
        assert cache.location(entry) is None

    def test_directory_removed_while_in_use(self, root):
        cache = Cache(root)
        os.rmdir(root / "entries")
        expect_empty(cache)
        assert len(files(root)) == 2

    def test_clear_counts_and_removes_what_was_left_behind(self, root):
        filled(root)
        (root / "entries" / ".abc-1-2.tmp").write_text("half a fi")
        (root / "entries" / "notes.txt").write_text("not ours")
        assert Cache(root).clear() == 3
        assert files(root) == ["entries/notes.txt"]

    @pytest.mark.parametrize("function", ["mkdir", "open", "replace", "lstat"])
    @pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EACCES, errno.EMFILE])
    def test_trouble_with_the_disk_is_survived(self, root, monkeypatch, function, code):
        cache = Cache(root)

        def fail(*args, **kwargs):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(cache_module.os, function, fail)
        expect_empty(cache)
        if function == "mkdir":
            expect_empty(Cache(root))
        cache.entries()
        cache.clear()
        monkeypatch.undo()
        assert files(root) == []

    def test_full_disk_leaves_no_temporary_file(self, root, monkeypatch):
        cache = Cache(root)

        class Full:
            def __init__(self, descriptor, mode):
                self.descriptor = descriptor

            def __enter__(self):
                return self

            def __exit__(self, *args):
                os.close(self.descriptor)

            def write(self, data):
                os.write(self.descriptor, data[:3])
                raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(cache_module, "open", Full, raising=False)
        entry = cache.store(KEY, {}, TEXT)
        monkeypatch.undo()
        assert cache.read(entry) == TEXT
        assert files(root) == []
        assert "full" in cache.why

    def test_a_directory_in_the_way(self, root):
        entry = digest_text_of(TEXT)
        (root / "entries" / f"{entry}.py").mkdir(parents=True, mode=0o700)
        os.chmod(root, 0o700)
        os.chmod(root / "entries", 0o700)
        cache = Cache(root)
        expect_empty(cache)
        assert cache.location(entry) is None

    def test_a_file_in_the_way(self, root):
        root.write_text("")
        cache = Cache(root)
        assert cache.path is None
        expect_empty(cache)


@posix
class TestTrust:
    @pytest.mark.parametrize("mode", [0o602, 0o620, 0o666, 0o777])
    @pytest.mark.parametrize("folder", ["entries", "manifest"])
    def test_file_that_others_can_write(self, root, folder, mode):
        entry = filled(root)
        (path,) = (root / folder).iterdir()
        path.chmod(mode)
        cache = Cache(root)
        assert (cache.read(entry) is None) if folder == "entries" else (cache.find(KEY) == [])
        assert "can be written by other users" in cache.why
        cache.store(KEY, {"state": "s"}, TEXT)  # replaces it by one of our own
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert Cache(root).read(entry) == TEXT

    @pytest.mark.parametrize("folder", [".", "entries", "manifest"])
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_directory_that_others_can_write(self, root, folder, when):
        filled(root)
        before = files(root)
        cache = Cache(root) if when == "after" else None
        (root / folder).chmod(0o722)
        cache = cache or Cache(root)
        assert when == "after" or cache.path is None
        assert folder == "entries" or cache.find(KEY) == []
        assert folder == "manifest" or cache.read(digest_text_of(TEXT)) is None
        cache.store(KEY, {"state": "new"}, "new = 1\n")
        assert files(root) == before
        assert cache.clear() <= 1
        assert "can be written by other users" in cache.why

    @as_root
    @pytest.mark.parametrize("name", [".", "entries", "manifest", "an entry", "a manifest"])
    def test_what_belongs_to_another_user(self, root, name):
        entry = filled(root)
        paths = {
            "an entry": root / "entries" / f"{entry}.py",
            "a manifest": root / "manifest" / f"{KEY}.json",
        }
        os.chown(paths.get(name, root / name), NOBODY, NOBODY)
        cache = Cache(root)
        assert cache.find(KEY) == [] or cache.read(entry) is None
        assert "belongs to another user" in cache.why
        cache.store(KEY, {"state": "s"}, TEXT)
        assert cache.read(entry) == TEXT
        if name in paths:  # replaced
            assert paths[name].stat().st_uid == 0
            assert Cache(root).read(entry) == TEXT

    def test_cache_of_another_user(self, root, monkeypatch):
        filled(root)
        other = os.geteuid() + 1
        monkeypatch.setattr(cache_module.os, "geteuid", lambda: other)
        cache = Cache(root)
        assert cache.path is None
        expect_empty(cache)

    @pytest.mark.parametrize("folder", ["entries", "manifest"])
    def test_linked_file(self, root, tmp_path, folder):
        entry = filled(root)
        (path,) = (root / folder).iterdir()
        elsewhere = tmp_path / "elsewhere"
        os.rename(path, elsewhere)
        path.symlink_to(elsewhere)
        cache = Cache(root)
        assert (cache.read(entry) is None) if folder == "entries" else (cache.find(KEY) == [])
        content = elsewhere.read_bytes()
        cache.store(KEY, {"state": "s"}, TEXT)  # replaces the link, not what it points to
        assert not path.is_symlink()
        assert elsewhere.read_bytes() == content

    @pytest.mark.parametrize("folder", [".", "entries", "manifest"])
    def test_linked_directory(self, root, tmp_path, folder):
        filled(root)
        path = root / folder if folder != "." else root
        elsewhere = tmp_path / "elsewhere"
        os.rename(path, elsewhere)
        path.symlink_to(elsewhere)
        before = files(elsewhere)
        cache = Cache(root)
        assert cache.path is None
        expect_empty(cache)
        assert files(elsewhere) == before

    def test_fifo_does_not_block(self, root):
        entry = filled(root)
        path = root / "entries" / f"{entry}.py"
        path.unlink()
        os.mkfifo(path, 0o600)
        cache = Cache(root)
        assert cache.read(entry) is None
        cache.store(KEY, {}, TEXT)
        assert Cache(root).read(entry) == TEXT

    def test_one_debug_message(self, root, caplog):
        filled(root)
        (root / "entries").chmod(0o777)
        with caplog.at_level(logging.DEBUG):
            cache = Cache(root)
            for number in range(3):
                cache.store(KEY, {}, f"{number}\n")
                cache.find(KEY)
        assert [record.levelname for record in caplog.records] == ["DEBUG"]
        assert "can be written" in caplog.text

    @as_root
    def test_really_without_permission(self):
        """Root can write everywhere, so become nobody, in front of a directory that is root's."""
        script = (
            "import os, sys, platformdirs, logging; from srcad.loader import Cache\n"
            "root, key, text, user = sys.argv[1:]\n"
            "os.setgroups([]); os.setgid(int(user)); os.setuid(int(user))\n"
            "cache = Cache(root)\n"
            "found = [cache.read(record['entry']) for record in cache.find(key)]\n"
            "entry = cache.store(key, {'state': 'new'}, 'new = 1\\n')\n"
            "print(cache.path is None, found == [text], cache.read(entry) == 'new = 1\\n')\n"
        )
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            root = pathlib.Path(folder, "cache")
            assert run(script, root, KEY, TEXT, NOBODY) == "True False True\n"
            assert os.listdir(folder) == []

            filled(root)  # a cache that can be read but not written still serves
            for path in (root, *root.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
                path.chmod(0o500 if path.is_dir() else 0o400)
            before = files(root)
            assert run(script, root, KEY, TEXT, NOBODY) == "False True True\n"
            assert files(root) == before


class TestDefault:
    SCRIPT = (
        "from srcad.loader import default_cache; cache = default_cache()\n"
        "assert cache is default_cache()\n"
        f"cache.store({KEY!r}, {{}}, {TEXT!r}); assert cache.find({KEY!r})\n"
        "print(cache.path)"
    )

    def test_chosen_directory(self, root):
        path = root / "deep" / "er"
        assert run(self.SCRIPT, SRCAD_CACHE_DIR=str(path)) == f"{path}\n"
        assert len(files(path)) == 2

    @pytest.mark.parametrize("setting", ["", "off", " OFF "])
    def test_switched_off(self, setting, tmp_path):
        home = str(tmp_path)
        environment = {"SRCAD_CACHE_DIR": setting, "HOME": home, "XDG_CACHE_HOME": None}
        assert run(self.SCRIPT, **environment) == "None\n"
        assert files(tmp_path) == []

    @posix
    @pytest.mark.skipif(sys.platform == "darwin", reason="another directory")
    def test_home(self, tmp_path):
        environment = {"SRCAD_CACHE_DIR": None, "HOME": str(tmp_path), "XDG_CACHE_HOME": None}
        assert run(self.SCRIPT, **environment) == f"{tmp_path}/.cache/srcad\n"
        environment["XDG_CACHE_HOME"] = str(tmp_path / "xdg")
        assert run(self.SCRIPT, **environment) == f"{tmp_path}/xdg/srcad\n"

    @posix
    def test_no_home(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        missing = str(tmp_path / "missing")
        for home in (None, "", missing):
            environment = {"SRCAD_CACHE_DIR": None, "HOME": home, "XDG_CACHE_HOME": None}
            assert run(self.SCRIPT, **environment) == "None\n"
        assert list(tmp_path.iterdir()) == []

    @as_root
    def test_home_of_another_user(self, tmp_path):
        os.chown(tmp_path, NOBODY, NOBODY)
        environment = {"SRCAD_CACHE_DIR": None, "HOME": str(tmp_path), "XDG_CACHE_HOME": None}
        assert run(self.SCRIPT, **environment) == "None\n"
        assert list(tmp_path.iterdir()) == []

    def test_follows_the_environment(self, tmp_path, monkeypatch):
        monkeypatch.setenv("SRCAD_CACHE_DIR", str(tmp_path / "a"))
        first = default_cache()
        monkeypatch.setenv("SRCAD_CACHE_DIR", str(tmp_path / "b"))
        second = default_cache()
        monkeypatch.setenv("SRCAD_CACHE_DIR", str(tmp_path / "a"))
        assert default_cache() is first
        assert (first.path, second.path) == (str(tmp_path / "a"), str(tmp_path / "b"))

    def test_import_is_light(self):
        script = "import sys, srcad.loader.cache; print('platformdirs' in sys.modules)"
        assert run(script) == "False\n"


class TestConcurrency:
    WORKER = (
        "import sys, time; from srcad.loader import Cache, load\n"
        "root, key, start, number, same = sys.argv[1:]\n"
        "time.sleep(max(0, float(start) - time.time()))\n"
        "cache = Cache(root)\n"
        "for step in range(1 if same == 'True' else 20):\n"
        "    state = 0 if same == 'True' else f'{number}.{step}'\n"
        "    text = f'def f():\\n    return {state!r}\\n' + '# filler\\n' * 2000\n"
        "    entry = cache.store(key, {'state': state}, text)\n"
        "    assert Cache(root).read(entry) == text\n"
        "    for record in Cache(root).find(key):\n"
        "        text = Cache(root).read(record['entry'])\n"
        "        assert load(text, 'f', {})['f']() == record['state']\n"
        "print(entry)"
    )

    @pytest.mark.parametrize("same", [True, False])
    def test_many_processes(self, root, same):
        start = time.time() + 1.5
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", self.WORKER, str(root), KEY, str(start), str(n), str(same)],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for n in range(8)
        ]
        outputs = [worker.communicate() for worker in workers]
        assert all(worker.returncode == 0 for worker in workers), outputs
        entries = list((root / "entries").iterdir())
        assert len(entries) == (1 if same else 8 * 20)
        assert {path.suffix for path in entries} == {".py"}
        assert files(root / "manifest") == [f"{KEY}.json"]
        records = Cache(root).find(KEY)
        assert len(records) == 1 if same else 1 <= len(records) <= 16
        assert all(Cache(root).read(record["entry"]) for record in records)

    @pytest.mark.parametrize("on_disk", [False, True])
    def test_threads(self, root, on_disk):
        cache = Cache(root if on_disk else None)
        barrier, failures = threading.Barrier(16), []

        def work(number):
            try:
                barrier.wait()
                for _step in range(10):
                    entry = cache.store(KEY, {"state": number}, f"answer = {number}\n")
                    assert cache.read(entry) == f"answer = {number}\n"
                    assert any(record["state"] == number for record in cache.find(KEY))
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert sorted(record["state"] for record in cache.find(KEY)) == list(range(16))
        if on_disk:
            assert len(files(root)) == 17
            document = json.loads((root / "manifest" / f"{KEY}.json").read_text())
            assert 1 <= len(document["records"]) <= 16
            assert len(Cache(root).entries()) == 16

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
    def test_fork_while_a_lock_is_held(self, root):
        script = (
            "import os, sys; from srcad.core import fingerprint; from srcad.core.fingerprint import matches_source; from srcad.loader import default_cache\n"
            "cache = default_cache()\n"
            "with cache._lock, fingerprint._lock:\n"
            "    child = os.fork()\n"
            "    if child == 0:\n"
            f"        default_cache().store({KEY!r}, {{}}, 'a = 1\\n')\n"
            "        matches_source(lambda: 0, '')\n"
            "        os._exit(0)\n"
            "print(os.waitpid(child, 0)[1])"
        )
        assert run(script, SRCAD_CACHE_DIR=str(root)) == "0\n"
