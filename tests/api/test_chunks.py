"""Jacobians chunk by chunk: by executors, into arrays that are there, with a bar, as memory allows.

Expected are the derivatives that all rows at once give, which other tests hold against differences, or closed forms.
"""

import itertools
import multiprocessing
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import tracemalloc
import types
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import srcad
from srcad import ArgumentError, SrcadError, jacfwd, jacobian, jacrev
from srcad.api.memory import of_groups
from srcad.api.tasks import Seed, Sweep, compute
from srcad.errors import ChunkError
from srcad.loader import load

SCALE = np.array([2.0, 3.0, 4.0, 5.0, 6.0])

# What the workers import; the tests are modules that they could not.
HELPERS = """
import os, signal, sys

def killed(sweep, start, stop):
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

def compilers():
    heavy = {"gast", "srcad.parser", "srcad.rules", "srcad.transformer", "srcad.api.compile"}
    return sorted(heavy & set(sys.modules))

def twice(x):
    return 2 * x
"""


def mixed(x, p, flag=True):
    """Outputs and arguments in containers, a matrix among each, an outer array, something beside the output."""
    u = np.tanh(np.cumsum(x) * SCALE) if flag else x
    return {"u": u, "more": (np.sum(u * p["W"]), np.outer(u, p["W"][0]))}, "aux"


def curve(x):
    return np.sin(np.cumsum(x)) * x


@pytest.fixture
def x():
    return np.linspace(0.1, 1.0, 5)


@pytest.fixture
def p():
    return {"W": np.arange(10.0).reshape(2, 5) / 10, "b": 1.0}


@pytest.fixture(scope="module")
def helpers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("helpers")
    (folder / "chunk_helpers.py").write_text(HELPERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *sys.path]))
        import chunk_helpers

        yield chunk_helpers


@pytest.fixture(scope="module")
def processes(helpers):
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def leaves(tree):
    if isinstance(tree, dict):
        tree = [tree[key] for key in sorted(tree)]
    return (
        [leaf for part in tree for leaf in leaves(part)]
        if isinstance(tree, (tuple, list))
        else [tree]
    )


def same(found, expected):
    found, expected = leaves(found), leaves(expected)
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert type(one) is type(other)
        if isinstance(other, str):
            assert one == other
            continue
        assert np.asarray(one).dtype == np.asarray(other).dtype
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-14)


def empty(tree, order="C"):
    """Arrays of the same structure, full of something that no Jacobian holds."""
    if isinstance(tree, dict):
        return {key: empty(part, order) for key, part in tree.items()}
    if isinstance(tree, tuple):
        return tuple(empty(part, order) for part in tree)
    return np.full(np.shape(tree), np.nan, order=order)


@pytest.mark.parametrize("transform", [jacrev, jacfwd, jacobian])
@pytest.mark.parametrize("executor", ["processes", "threads"])
def test_executors(transform, executor, x, p, request):
    executor = request.getfixturevalue(executor)
    expected = transform(mixed, (0, 1), has_aux=True)(x, p)
    for chunk_size in (None, 1, 3, "auto"):
        chunks = {"chunk_size": chunk_size, "executor": executor}
        same(transform(mixed, (0, 1), has_aux=True, **chunks)(x, p), expected)
    out = empty(expected[0])
    found = transform(mixed, (0, 1), has_aux=True, executor=executor, out=out)(x, p)
    assert found[0] is out and found[1] == "aux"
    np.testing.assert_allclose(out["u"][0], expected[0]["u"][0])
    for one, other in zip(leaves(out), leaves(expected[0])):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-14)


def test_workers_import_no_compiler(processes, helpers, x):
    jacrev(curve, executor=processes, chunk_size=1)(x)
    assert processes.submit(helpers.compilers).result() == []


def test_a_hessian(processes, x):
    def energy(x):
        return np.sum(np.sin(x) * x) * np.prod(x)

    expected = srcad.hessian(energy)(x)
    out = np.empty((5, 5))
    assert srcad.hessian(energy, executor=processes, out=out, chunk_size=2)(x) is out
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-14)
    found = srcad.hessian(energy, (0,), chunk_size=3)
    same(found(x), srcad.hessian(energy, (0,))(x))
    assert found.__doc__ == srcad.hessian(energy).__doc__
    with pytest.raises(ArgumentError, match="chunk_size=0"):
        srcad.hessian(energy, chunk_size=0)


@pytest.mark.parametrize("transform", [jacrev, jacfwd])
@pytest.mark.parametrize("chunk_size", [None, 1, 3])
def test_out(transform, chunk_size, x, p, tmp_path):
    """Of any layout, on the disk too."""
    expected = transform(mixed, 1, has_aux=True)(x, p)[0]
    for order in ("C", "F"):
        out = empty(expected, order)
        found = transform(mixed, 1, has_aux=True, chunk_size=chunk_size, out=out)(x, p)[0]
        assert found is out
        for one, other in zip(leaves(out), leaves(expected)):
            np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-14)
    J = np.memmap(tmp_path / "J", float, "w+", shape=(7, 5))
    part = J[1:6]
    assert transform(curve, out=part, chunk_size=chunk_size)(x) is part
    J.flush()
    kept = np.fromfile(tmp_path / "J").reshape(7, 5)
    np.testing.assert_allclose(kept[1:6], transform(curve)(x))
    assert not kept[0].any() and not kept[6].any()


@pytest.mark.parametrize("transform", [jacrev, jacfwd])
def test_an_output_that_stands_at_two_places(transform, x):
    out = np.empty((5, 5)), np.empty((5, 5))

    def twins(x):
        y = np.cumsum(x)
        return y, y

    assert transform(twins, out=out)(x) is out
    for each in out:
        np.testing.assert_array_equal(each, np.tril(np.ones((5, 5))))


def read_only(array):
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("out", "match"),
    [
        (np.zeros((5, 4)), r"shape \(5, 4\).*\(5, 5\)"),
        (np.zeros((5, 5), "float32"), "float32.*float64"),
        (np.zeros((5, 5), ">f8"), ">f8"),
        (read_only(np.zeros((5, 5))), "cannot be written"),
        (np.lib.stride_tricks.as_strided(np.zeros(25), (5, 5), (0, 8)), "share memory"),
        (np.ma.zeros((5, 5)), "MaskedArray"),
        ([1.0], "list"),
        ((np.zeros((5, 5)),), "tuple"),
    ],
    ids=str,
)
def test_what_cannot_be_written_to(out, match, x):
    for transform in (jacrev, jacfwd):
        with pytest.raises(ArgumentError, match=match):
            transform(curve, out=out)(x)


def test_where_something_is_wrong_in_a_structure(x, p):
    out = empty(jacrev(mixed, 1, has_aux=True)(x, p)[0])
    out["more"] = (out["more"][0], {**out["more"][1], "W": out["u"]["W"]})
    with pytest.raises(ArgumentError, match=r"out\['more'\]\[1\]\['W'\] has shape"):
        jacrev(mixed, 1, has_aux=True, out=out)(x, p)
    same_twice = np.empty((5, 5))
    with pytest.raises(ArgumentError, match=r"out\[1\] shares memory"):
        jacrev(lambda x: (x, 2 * x), out=(same_twice, same_twice))(x)
    J = np.ones((5, 5))
    with pytest.raises(ArgumentError, match="an argument"):
        jacrev(lambda x: x * SCALE, out=J)(J[0])
    with pytest.raises(ArgumentError, match="an argument"):
        jacrev(lambda x, M: M @ x, out=J)(x, J)


def test_refusals(x, threads):
    with pytest.raises(ArgumentError, match="no executor"):
        jacrev(curve, executor=object())
    for options in ({"executor": threads}, {"out": np.empty((5, 5))}):
        with pytest.raises(SrcadError, match=f"{next(iter(options))}.*sparse"):
            jacrev(curve, sparse=True, **options)
        for outer in (srcad.grad, jacrev, srcad.vmap):
            with pytest.raises(SrcadError, match=f"{next(iter(options))}=. of a jacrev"):
                outer(jacrev(curve, **options))


def test_executors_that_give_up(x):
    class Given(Executor):
        def __init__(self, answer):
            self.answer = answer

        def submit(self, *task):
            return self.answer

    with pytest.raises(ArgumentError, match="no future"):
        jacrev(curve, executor=Given(3))(x)
    with pytest.raises(ArgumentError, match="no executor"):
        jacrev(curve, executor=ProcessPoolExecutor)
    cancelled = Future()
    cancelled.cancel()
    with pytest.raises(ChunkError, match="rows 0 to 4 .*CancelledError"):
        jacrev(curve, executor=Given(cancelled), chunk_size=5)(x)
    with ThreadPoolExecutor(1) as over:
        pass
    with pytest.raises(ChunkError, match="shutdown") as error:
        jacrev(curve, executor=over, out=np.empty((5, 5)))(x)
    assert "does not hold the Jacobian" in str(error.value)


def test_an_interrupt(x):
    """What has not begun is cancelled."""
    with ThreadPoolExecutor(1) as pool:
        futures = []

        class Interrupted(Executor):
            _max_workers = 1

            def submit(self, *task):
                if len(futures) == 3:
                    raise KeyboardInterrupt
                futures.append(pool.submit(begun.wait if not futures else compute))
                return futures[-1]

        begun = threading.Event()
        with pytest.raises(KeyboardInterrupt):
            jacrev(curve, executor=Interrupted(), chunk_size=1)(x[:3].repeat(2))
        begun.set()
        assert [future.cancelled() for future in futures[1:]] == [True, True]


class Deadly(Executor):
    """Hands tasks on, but the one that begins at a row."""

    def __init__(self, executor, at, task):
        self.executor, self.at, self.task, self.futures = executor, at, task, []

    def submit(self, task, sweep, start, stop):
        task = self.task if start == self.at else task
        self.futures.append(self.executor.submit(task, sweep, start, stop))
        return self.futures[-1]


def test_a_worker_that_dies(helpers):
    x = np.linspace(0.1, 1.0, 12)
    out = np.full((12, 12), np.nan)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        deadly = Deadly(pool, 4, helpers.killed)
        with pytest.raises(SrcadError, match="a worker died") as error:
            jacrev(curve, chunk_size=2, executor=deadly, out=out)(x)
        assert "rows 4 to 5 of the Jacobian of `curve`" in str(error.value)
        assert "partly written" in str(error.value)
        assert all(future.done() for future in deadly.futures)
        # A pool that is broken is said to be, and it is not said of `out` what is not so.
        with pytest.raises(SrcadError, match="a worker died") as error:
            jacfwd(curve, chunk_size=2, executor=pool)(x)
        assert "partly written" not in str(error.value)
    assert np.isnan(out[4:]).all()


def test_an_exception_in_a_worker(processes, threads, x):
    """NumPy's way with errors is the caller's; the others are cancelled, and the pool works on."""
    x[3] = 0.0
    for executor in (processes, threads):
        with np.errstate(invalid="raise"), pytest.raises(ChunkError, match="FloatingPointError"):
            jacrev(lambda x: np.sqrt(np.abs(x)), executor=executor, chunk_size=1)(x)
        same(jacrev(curve, executor=executor)(x), jacrev(curve)(x))
    out = np.empty((5, 5))
    with np.errstate(invalid="raise"), pytest.raises(ChunkError, match="partly written") as error:
        jacrev(lambda x: np.sqrt(np.abs(x)), out=out, chunk_size=1)(x)
    assert isinstance(error.value.__cause__, FloatingPointError)


def half(bound, text="def back(y_bar, k):\n    return helper(k) * y_bar\n"):
    """A half of a derivative that calls something by name, at a point."""
    namespace = load(text, "back", bound)
    made = types.SimpleNamespace(
        text=text, names={"backward": "back", "batched": "yes"}, lines=(), externals=bound, hidden={}
    )  # fmt: skip
    compiled = types.SimpleNamespace(made=made, namespace=namespace, backward=namespace["back"])
    return Sweep(compiled, [np.arange(3.0)], Seed((3,), np.dtype(float), True), single=True)


def test_what_the_text_calls_by_name(helpers, processes, monkeypatch):
    sweep = half({"helper": helpers.twice, "unread": lambda x: x})
    ((rows,), _) = processes.submit(compute, sweep, 1, 3).result()
    np.testing.assert_array_equal(rows, [[0.0, 2.0, 0.0], [0.0, 0.0, 4.0]])

    with pytest.raises(ChunkError, match="`helper`.*cannot be sent"):
        half({"helper": lambda k: k}).sent

    there = pickle.loads(pickle.dumps(sweep))
    monkeypatch.delattr(helpers, "twice")
    with pytest.raises(ChunkError, match="`helper` cannot be imported in the worker"):
        there(0, 1)


class Processes(Executor):
    """What several processes would do, each task at once: `whose` says which one takes the next."""

    _max_workers = 2

    def __init__(self, whose):
        self.whose, self.open, self.wholes = whose, {}, []

    def submit(self, task, *args):
        data = pickle.dumps(args)
        self.wholes.append(len(data) > 500)  # with text and values
        worker = next(self.whose)
        known = sys.modules[compute.__module__]._OPEN
        known.clear()
        known.update(self.open.get(worker, {}))
        future = Future()
        future.set_result(task(*pickle.loads(data))._replace(worker=worker))
        self.open[worker] = dict(known)
        return future


@pytest.mark.parametrize(
    ("whose", "wholes"),
    [
        (itertools.repeat("a"), 2),
        (itertools.chain("aa", itertools.repeat("b")), 3),  # one takes what was meant for both
        (itertools.count(), 40),  # another one for each
    ],
    ids=["one", "two", "many"],
)
def test_what_is_saved_is_sent_to_whom_has_not_got_it(whose, wholes):
    x = np.linspace(0.1, 1.0, 40)
    executor = Processes(whose)
    same(jacrev(curve, chunk_size=1, executor=executor)(x), jacrev(curve)(x))
    assert executor.wholes[:3] == [True, True, False] and sum(executor.wholes) == wholes


@pytest.mark.parametrize("here", [True, False])
def test_what_is_large_is_a_file_of_this_machine(here, processes, monkeypatch, tmp_path):
    """Processes that have not got the file are sent it; none is left behind, nor written to."""
    outer = np.linspace(0.0, 1.0, 70_000)

    def large(x):
        return np.cumsum(x) * np.sum(np.sin(x[:, None] * outer) * SCALE[0])

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    x, sizes = np.linspace(0.1, 1.0, 5), []

    class Watched(Executor):
        _max_workers = 2

        def submit(self, *task):
            (kept,) = tmp_path.iterdir()
            assert kept.stat().st_size > 5 * outer.nbytes and kept.stat().st_mode & 0o077 == 0
            sizes.append(len(pickle.dumps(task)))
            if here:
                return processes.submit(*task)
            task = pickle.loads(pickle.dumps(task))
            kept.rename(tmp_path / "x")
            future = Future()
            future.set_result(task[0](*task[1:]))
            (tmp_path / "x").rename(kept)
            return future

    found = jacrev(large, executor=Watched(), chunk_size=1)(x)
    np.testing.assert_allclose(found, jacrev(large)(x), rtol=1e-12)
    assert list(tmp_path.iterdir()) == []
    assert (max(sizes) < 10_000) is here
    if not here:
        assert sum(size > 5 * outer.nbytes for size in sizes) == 1


def test_a_worker_of_another_version(helpers):
    there = half({"helper": helpers.twice}).sent
    with pytest.raises(ChunkError, match=r"the worker has srcad .*, and the caller srcad 0\.0"):
        there._replace(module=there.module._replace(release="srcad 0.0"))(0, 1)
    with pytest.raises(ChunkError, match="not what was sent"):
        there._replace(module=there.module._replace(text="def back(): pass\n"))(0, 1)


def test_dask(helpers, x):
    """A real cluster: a result, and a chunk that kills whoever computes it."""
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    quiet = {"distributed.scheduler.allowed-failures": 0, "distributed.admin.tick.limit": "1m"}
    with (
        dask.config.set(quiet),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        with pytest.raises(ArgumentError, match="get_executor"):
            jacrev(curve, executor=client)
        executor = client.get_executor()
        expected = jacrev(curve)(x)
        out = np.full((5, 5), np.nan)
        assert jacrev(curve, executor=executor, chunk_size=2, out=out)(x) is out
        np.testing.assert_allclose(out, expected)
        deadly = Deadly(executor, 2, helpers.killed)
        with pytest.raises(SrcadError, match="rows 2 to 3 .*a worker died"):
            jacrev(curve, executor=deadly, chunk_size=2)(x)


MPI = """
import numpy as np
from mpi4py.futures import MPIPoolExecutor
from srcad import SrcadError, jacrev
import chunk_helpers

if __name__ == "__main__":
    x = np.linspace(0.1, 1.0, 6)
    out = np.full((6, 6), np.nan)
    with MPIPoolExecutor() as pool:
        jacrev(lambda x: np.cumsum(x) ** 2, executor=pool, chunk_size=2, out=out)(x)
        print(np.allclose(out, np.tril(2 * np.cumsum(x)[:, None] * np.ones(6))), flush=True)
        try:
            with np.errstate(all="raise"):
                jacrev(lambda x: np.sqrt(x) * np.sum(x), executor=pool, chunk_size=2)(0 * x)
        except SrcadError as error:
            print(str(error).splitlines()[0], flush=True)
        pool.submit(chunk_helpers.killed, None, 0, 0).result()
        print("alive")
"""


def test_mpi(helpers, tmp_path):
    """Two workers and the caller; where a worker is killed, MPI ends them all."""
    pytest.importorskip("mpi4py")
    if shutil.which("mpiexec") is None:
        pytest.skip("no mpiexec")
    (tmp_path / "program.py").write_text(MPI)
    settings = {
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    }
    found = subprocess.run(
        ["mpiexec", "-n", "3", sys.executable, "-m", "mpi4py.futures", "program.py"],
        cwd=tmp_path,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    first, second, *rest = found.stdout.splitlines()
    assert first == "True", found.stderr
    assert re.fullmatch(
        r"rows 0 to 1 of the Jacobian .* not computed: FloatingPointError: .*", second
    )
    assert rest == [] and found.returncode != 0


@pytest.mark.parametrize("where", ["argument", "outer", "numpy"])
def test_draws_are_the_same_for_all_blocks(where, x):
    """The forward sweep runs once for each output, or argument, and draws as the function does: once."""
    outer = np.random.default_rng(0)

    def scaled(x, y, rng):
        s = rng.normal()
        return s * x * y, s * np.sum(x)

    def outside(x, y, rng):
        s = outer.normal()
        return s * x * y, s * np.sum(x)

    def of_numpy(x, y, rng):
        s = np.random.normal()
        return s * x * y, s * np.sum(x)

    function = {"argument": scaled, "outer": outside, "numpy": of_numpy}[where]
    for transform in (jacrev, jacfwd, jacobian):
        rng = np.random.default_rng(0)
        state = outer.bit_generator.state
        first, second = transform(function, (0, 1), chunk_size=2)(x, np.ones(5), rng)
        s = second[0][0]
        np.testing.assert_allclose(first[0], s * np.eye(5))
        np.testing.assert_allclose(first[1], s * np.diag(x))
        np.testing.assert_array_equal(second[1], 0.0)
        outer.bit_generator.state = state
        if where == "argument":  # it stands where one call leaves it
            again = np.random.default_rng(0)
            assert s == again.normal() and rng.normal() == again.normal()


def test_as_memory_allows(x, monkeypatch):
    """A row of `curve` takes four arrays of n numbers at most: the more memory, the more rows."""
    x = np.linspace(0.1, 1.0, 400)
    sizes = []
    for left in (1 << 40, 4_000_000, 400_000, 1):
        derivative = jacrev(curve, chunk_size="auto")
        names = type(derivative).together.__globals__
        for module in (names, names["chosen"].__globals__):
            monkeypatch.setitem(module, "available", lambda left=left: left)
        np.testing.assert_allclose(derivative(x), jacrev(curve)(x))
        note = derivative.explain(x).note
        assert '(chunk_size="auto")' in note and "available" in note
        sizes.append(note.split()[0])
    assert sizes[0] == "all" and sizes[-1] == "1"
    assert 400 > int(sizes[1]) > int(sizes[2]) > 1
    assert 4e6 / 4 / int(sizes[1]) >= 400 * 8  # at least the row itself
    text = jacfwd(curve, chunk_size="auto").explain(srcad.spec("float64[n]")).note
    assert re.fullmatch(r"columns at a time as memory .*: one takes \d+ n bytes at most", text)


@pytest.mark.parametrize(
    ("listing", "files", "left"),
    [
        (  # a job's group has no limit, and is in one that has; copies of files can be given up
            "0::/slurm/job",
            {
                "slurm/job/memory.max": "max",
                "slurm/job/memory.current": "100",
                "slurm/memory.max": "1000",
                "slurm/memory.high": "900",
                "slurm/memory.current": "700",
                "slurm/memory.stat": "anon 300\ninactive_file 50",
            },
            [350, 250],
        ),
        (  # of a container's path only the last group is mounted, as the root
            "5:cpu:/docker/1\n4:memory,hugetlb:/docker/1\n0::/",
            {
                "memory/memory.limit_in_bytes": "1000",
                "memory/memory.usage_in_bytes": "900",
                "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 20",
            },
            [120],
        ),
        ("", {}, []),
    ],
    ids=["version 2", "version 1", "none"],
)
def test_limits_of_control_groups(listing, files, left, tmp_path):
    (tmp_path / "cgroup").write_text(listing)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert of_groups(str(tmp_path / "cgroup"), str(tmp_path)) == left


@pytest.mark.parametrize("transform", [jacrev, jacfwd])
def test_a_file_takes_the_place_of_memory(transform, tmp_path):
    """What is allocated meanwhile is a small part of the Jacobian, which a file holds."""
    x = np.linspace(0.1, 1.0, 1200)
    J = np.memmap(tmp_path / "J", float, "w+", shape=(1200, 1200))
    peaks = []
    for options in ({"out": J, "chunk_size": 50}, {"chunk_size": 50}):
        derivative = transform(curve, **options)
        derivative(x)
        tracemalloc.start()
        found = derivative(x)
        peaks.append(tracemalloc.get_traced_memory()[1] / J.nbytes)
        tracemalloc.stop()
    assert peaks[0] < 0.3 and peaks[1] > 1.0
    np.testing.assert_allclose(np.fromfile(tmp_path / "J").reshape(J.shape), found, rtol=1e-12)


def test_a_bar_where_it_takes_longer_than_a_second(x, monkeypatch, capsys):
    jacrev(curve, chunk_size=2, progress=True)(x)
    assert capsys.readouterr() == ("", "")

    class Elapsed:
        def __init__(self, seconds, show):
            assert seconds == 1.0
            self.start = show

        def cancel(self):
            pass

    monkeypatch.setattr("threading.Timer", Elapsed)
    jacrev(curve, chunk_size=2, progress=True)(x)
    out, err = capsys.readouterr()
    assert not out and "100%" in err


def test_what_is_saved_shadows_no_builtin():
    """`zip` saves how far it goes as min(...); the halves call min, too."""

    def f(u, w, ks):
        for _, _ in zip(ks, u):
            w = 0.5 * w + np.quantile(u, 0.3)
        return np.append(u[:-1], w)

    u, ks = np.arange(4.0) ** 2, np.array([0, 1])
    found = srcad.jacfwd(f, chunk_size=2)(u, 1.0, ks)
    np.testing.assert_allclose(found, srcad.jacrev(f)(u, 1.0, ks))
