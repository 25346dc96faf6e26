# Every way Python starts processes and passes descriptors: what it passes, it passes on purpose.
# NEEDS: /usr/bin/python3
# EXPECT: all processes done
# NEVER: double-close
# NEVER: use-after-close
# NEVER: leak-across-exec
cat >processes.py <<'PYTHON'
import multiprocessing, os, socket, subprocess, sys

def numbers():
    """What a child finds open beyond 2, told by the child itself."""
    return "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd') if int(n) > 2)[:-1])"

def child(*words, **how):
    return subprocess.run([sys.executable, "-S", "-E", "-c", *words], stdout=subprocess.PIPE, **how).stdout.decode().strip()

def square(n):
    return n * n

def worker(connection):
    connection.send(connection.recv() * 2)
    connection.close()

def main():
    # vfork, _fork_exec without vfork (preexec_fn), posix_spawn: three paths to the same end.
    print("plain", child(numbers()))
    print("all closed", child(numbers(), close_fds=True))
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    print("pass_fds", child(f"import os; os.write({writer}, b'passed'); print('written')", pass_fds=(writer,)),
          os.read(reader, 100))
    print("inheritable", child(f"import os; os.write({writer}, b'inherited'); print('written')", close_fds=False),
          os.read(reader, 100))
    os.close(reader)
    os.close(writer)
    print("preexec_fn", child("import os; print(os.getcwd() == '/')", preexec_fn=lambda: os.chdir("/")))
    print("new session", child("import os; print(os.getsid(0) == os.getpid())", start_new_session=True))
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "echo spawned; exit 5"], os.environ,
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, "spawned", os.O_WRONLY | os.O_CREAT, 0o600),
                                       (os.POSIX_SPAWN_DUP2, 1, 2), (os.POSIX_SPAWN_CLOSE, 0)])
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), open("spawned").read())
    for words in (["/no/such/program"], ["/etc/passwd"]):
        try:
            subprocess.run(words)
        except OSError as error:
            print(error.strerror)
    print(os.popen("echo popen").read(), os.system("exit 3") >> 8)
    running = [subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(8)]
    print([process.communicate(b"%d" % i)[0] for i, process in enumerate(running)])

    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        ours, theirs = context.Pipe()
        process = context.Process(target=worker, args=(theirs,))
        process.start()
        theirs.close()
        ours.send(21)
        print(method, ours.recv())
        process.join()
        ours.close()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(square, range(5)))
        pool.close()
        pool.join()

    left, right = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        left.close()
        message, fds, flags, address = socket.recv_fds(right, 100, 5)
        for fd in fds:
            os.write(fd, message)
            os.close(fd)
        os._exit(len(fds))
    right.close()
    pipes = [os.pipe() for _ in range(3)]
    socket.send_fds(left, [b"sent"], [pair[1] for pair in pipes])
    for pair in pipes:
        os.close(pair[1])
    print("send_fds", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), [os.read(pair[0], 100) for pair in pipes])
    for pair in pipes:
        os.close(pair[0])
    left.close()
    master, slave = os.openpty()
    os.close(slave)
    os.close(master)
    print("all processes done")

if __name__ == "__main__":
    main()
PYTHON
exec /usr/bin/python3 processes.py
