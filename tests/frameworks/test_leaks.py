"""A worked example of frameworks/fdtrace_pytest.py: which of these tests fail is decided by what they leave open."""

import os
import socket

import pytest

kept = []


def open_config():
    return open("/etc/passwd")


@pytest.fixture(scope="module")
def shared():
    file = open_config()
    yield file
    file.close()


@pytest.fixture
def own():
    file = open_config()
    yield file
    file.close()


def test_closes_what_it_opens():
    with open_config() as file:
        assert file.readline()


def test_leaves_it_to_the_garbage_collector():
    cycle = [open_config()]
    cycle.append(cycle)


def test_leaks_a_file():
    kept.append(open_config())


def test_leaks_a_pipe():
    kept.append(os.pipe())


def test_leaks_a_socket():
    kept.append(socket.socket(socket.AF_UNIX))


def test_keeps_one_on_purpose(fdtrace_ignore):
    kept.append(open_config())
    fdtrace_ignore(kept[-1].fileno())


def test_uses_fixtures(shared, own):
    assert shared.readline() and own.readline()


def test_leaks_beside_fixtures(shared, own):
    kept.append(os.dup(own.fileno()))


def test_is_skipped():
    kept.append(open_config())
    pytest.skip("and not asked")


@pytest.mark.xfail(strict=True)
def test_fails_anyway():
    kept.append(open_config())
    assert False
