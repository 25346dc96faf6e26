"""pytest --fdtrace: a test that leaks a descriptor fails, with the C stacks of its leaks and the Python lines.

    PYTHONPATH=/path/of/this/folder pytest -p fdtrace_pytest --fdtrace

pytest starts itself again with the tracer preloaded, so nothing else has to be set up; where libfdtrace.so is, is told by
--fdtrace-library, by FDTRACE_LIBRARY, or found beside this file, in the build folder or where `make install` puts it.

A test answers for what was opened from the beginning of its set-up to the end of its tear-down, and is still open when
the garbage has been collected. Fixtures of a wider scope than one test answer to nobody: what they open is marked as
ignored. A test that fails anyway, or is skipped, is not asked. What is meant to stay open: fdtrace_ignore(fd), which the
fixture of that name provides.
"""

import bisect
import ctypes
import functools
import gc
import os
import sys
import threading
import time

import pytest
from _pytest.runner import runtestprotocol

STARTED_AGAIN = "FDTRACE_PYTEST"
EXPLANATION_SIZE = 1 << 16
FRAMES_MOST = 24
FLAG_INHERITED, FLAG_HIDDEN, FLAG_IGNORED = 2, 4, 8


class Descriptor(ctypes.Structure):
    """struct fdtrace_descriptor of fdtrace.h."""

    _fields_ = [
        ("fd", ctypes.c_int),
        ("thread", ctypes.c_int),
        ("born", ctypes.c_uint64),
        ("generation", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("kind", ctypes.c_char_p),
        ("call", ctypes.c_char_p),
        ("name", ctypes.c_char * 168),
    ]


class Tracer:
    """The functions of fdtrace.h, found in this very process. LookupError: there is no tracer."""

    def __init__(self):
        library = ctypes.CDLL(None)
        try:
            self._mark = library.fdtrace_mark
            self._leaks = library.fdtrace_leaks_since
            self._explain = library.fdtrace_explain
            self._snapshot = library.fdtrace_snapshot
            self.ignore = library.fdtrace_ignore
        except AttributeError as error:
            raise LookupError("no tracer is loaded") from error
        self._mark.restype = ctypes.c_uint64
        self._leaks.argtypes = [ctypes.c_uint64]
        self._explain.argtypes = [ctypes.c_uint64, ctypes.c_char_p, ctypes.c_size_t]
        self._snapshot.argtypes = [ctypes.POINTER(Descriptor), ctypes.c_int]

    def mark(self):
        return self._mark()

    def leaks_since(self, mark):
        return self._leaks(mark)

    def explain(self, mark):
        """How many leaks there are, and the report of them."""
        text = ctypes.create_string_buffer(EXPLANATION_SIZE)
        count = self._explain(mark, text, EXPLANATION_SIZE)
        return count, text.value.decode("utf-8", "replace")

    def open_since(self, mark):
        count = self._snapshot(None, 0)
        descriptors = (Descriptor * max(count, 1))()
        count = min(self._snapshot(descriptors, count), count)
        excused = FLAG_INHERITED | FLAG_HIDDEN | FLAG_IGNORED
        return [d for d in descriptors[: max(count, 0)] if d.fd > 2 and d.born >= mark and not d.flags & excused]


class Births:
    """Where Python code was when it made descriptors, for one test at a time.

    Three sources, from certain to likely: wrapped functions of os, whose answer is the number; the audit event of open,
    whose path must be the descriptor's name; that of socket objects, the nearest one of the same thread.
    """

    RETURNING_NUMBERS = ("pipe", "pipe2", "dup", "dup2", "eventfd", "memfd_create", "openpty", "pidfd_open")

    def __init__(self):
        self.active = False
        self.returned, self.opened, self.sockets = {}, {}, {}
        for name in self.RETURNING_NUMBERS:
            if hasattr(os, name):
                setattr(os, name, self._wrap(getattr(os, name)))
        sys.addaudithook(self._hear)

    def begin(self):
        self.returned, self.opened, self.sockets = {}, {}, {}
        self.active = True

    def end(self):
        self.active = False

    def _wrap(self, function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            answer = function(*args, **kwargs)
            if self.active:
                where = (time.monotonic_ns(), self._stack(sys._getframe(1)))
                for fd in answer if isinstance(answer, tuple) else (answer,):
                    self.returned[fd] = where
            return answer

        return wrapper

    def _hear(self, event, args):
        if not self.active or event not in ("open", "socket.__new__"):
            return
        where = (time.monotonic_ns(), self._stack(sys._getframe(1)))
        thread = threading.get_native_id()
        if event == "socket.__new__":
            self.sockets.setdefault(thread, []).append(where)
        elif isinstance(args[0], (str, bytes)):
            self.opened.setdefault((thread, os.fsencode(args[0])), []).append(where)

    @staticmethod
    def _stack(frame):
        stack = []
        while frame is not None and len(stack) < FRAMES_MOST:
            module = frame.f_globals.get("__name__", "")
            if module.partition(".")[0] in ("_pytest", "pluggy"):
                break
            if module != __name__:
                stack.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
            frame = frame.f_back
        return stack

    def find(self, descriptor):
        """The Python stack, innermost frame first; [] when it cannot be told."""
        born, call = descriptor.born, descriptor.call.decode()
        when, stack = self.returned.get(descriptor.fd, (0, []))
        if when >= born and stack:
            return stack
        before = self.opened.get((descriptor.thread, descriptor.name), [])
        if not before and call == "socket":
            before = self.sockets.get(descriptor.thread, [])
        index = bisect.bisect_right(before, born, key=lambda where: where[0])
        if index > 0 and call.startswith(("open", "socket")):
            return before[index - 1][1]
        if call.startswith(("accept", "socketpair")):  # the object is made around the number
            after = self.sockets.get(descriptor.thread, [])
            index = bisect.bisect_left(after, born, key=lambda where: where[0])
            return after[index][1] if index < len(after) else []
        return []


def python_lines(births, descriptors):
    lines = []
    for descriptor in descriptors:
        stack = births.find(descriptor)
        if stack:
            lines.append(f"descriptor {descriptor.fd} was made by Python code at:")
            lines += [f"  {file}:{line} in {function}" for file, line, function in stack]
    return "\n".join(lines)


class Plugin:
    def __init__(self, tracer):
        self.tracer = tracer
        self.births = Births()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):
        """Reports are held back until the test has been torn down: only then it is known what it left open."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        mark = self.tracer.mark()
        self.births.begin()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        self.births.end()
        self.judge(mark, reports)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def judge(self, mark, reports):
        call = next((report for report in reports if report.when == "call"), None)
        if call is None or any(report.outcome != "passed" for report in reports):
            return
        leaks = self.tracer.leaks_since(mark)
        if leaks > 0:
            gc.collect()
            leaks, explanation = self.tracer.explain(mark)
        if leaks < 0:
            call.outcome, call.longrepr = "failed", "fdtrace could not record: descriptors were not checked"
        if leaks > 0:
            pieces = ["descriptors that were opened by this test are still open:",
                      python_lines(self.births, self.tracer.open_since(mark)), explanation.rstrip()]
            call.outcome, call.longrepr = "failed", "\n\n".join(piece for piece in pieces if piece)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        mark = self.tracer.mark()
        yield
        if fixturedef.scope != "function":
            for descriptor in self.tracer.open_since(mark):
                self.tracer.ignore(descriptor.fd)


@pytest.fixture
def fdtrace_ignore(pytestconfig):
    """fdtrace_ignore(fd): the descriptor is meant to stay open. Without --fdtrace it does nothing."""
    plugin = pytestconfig.pluginmanager.getplugin("fdtrace")
    return plugin.tracer.ignore if plugin is not None else lambda fd: 0


def find_library(given):
    here = os.path.dirname(os.path.abspath(__file__))
    places = [given, os.environ.get("FDTRACE_LIBRARY")]
    places += [os.path.join(here, folder, "libfdtrace.so") for folder in (".", "../build", "../../lib", "../../../lib")]
    return next((os.path.abspath(place) for place in places if place and os.path.isfile(place)), None)


def start_again(config):
    """Replaces this process by the same command with the tracer preloaded."""
    library = find_library(config.getoption("fdtrace_library"))
    if library is None:
        raise pytest.UsageError("--fdtrace: libfdtrace.so was not found; say where with --fdtrace-library=PATH")
    if STARTED_AGAIN in os.environ:
        raise pytest.UsageError(f"--fdtrace: {library} was preloaded and is not there; is this Python statically linked?")
    preload = [library] + [word for word in os.environ.get("LD_PRELOAD", "").replace(" ", ":").split(":") if word]
    environment = dict(os.environ, LD_PRELOAD=":".join(preload), **{STARTED_AGAIN: "1"})
    environment.setdefault("FDTRACE_OPTIONS", "report=none")
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable] + sys.orig_argv[1:], environment)


def pytest_addoption(parser):
    group = parser.getgroup("fdtrace", "descriptor leaks")
    group.addoption("--fdtrace", action="store_true", help="fail tests that leave descriptors open")
    group.addoption("--fdtrace-library", metavar="PATH", help="libfdtrace.so, where it is not found by itself")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if not config.getoption("fdtrace"):
        return
    try:
        tracer = Tracer()
    except LookupError:
        start_again(config)
    else:
        os.environ.pop(STARTED_AGAIN, None)
        config.pluginmanager.register(Plugin(tracer), "fdtrace")
