# NEEDS: /usr/bin/python3
# EXPECT: all done
cat >session.py <<'PYTHON'
import asyncio, errno, io, multiprocessing, os, select, socket, subprocess, sys, tempfile, threading

print(subprocess.run(["tr", "a-z", "A-Z"], input=b"subprocess\n", stdout=subprocess.PIPE).stdout)
print(subprocess.run("echo shell; exit 3", shell=True, stdout=subprocess.PIPE, close_fds=True))
print([subprocess.Popen(["true"]).wait() for _ in range(5)])
try:
    subprocess.run(["/no/such/program"])
except FileNotFoundError as error:
    print(error)

with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "file"), "w+b") as file:
    file.write(b"x" * 100000)
    file.seek(0)
    print(len(file.read()), os.listdir(folder))

reader, writer = os.pipe()
thread = threading.Thread(target=lambda: (os.write(writer, b"thread"), os.close(writer)))
thread.start()
print(os.read(reader, 100), os.read(reader, 100))
thread.join()
os.close(reader)
try:
    os.close(reader)
except OSError as error:
    print(error)

left, right = socket.socketpair()
with left, right, tempfile.TemporaryFile() as file:
    file.write(b"sent as a descriptor")
    file.flush()
    socket.send_fds(left, [b"one"], [file.fileno()])
    message, fds, flags, address = socket.recv_fds(right, 10, 1)
    print(message, os.pread(fds[0], 100, 0))
    os.close(fds[0])

async def echo():
    async def answer(reader, writer):
        writer.write(await reader.readline())
        writer.close()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"asyncio\n")
    print(await reader.readline())
    writer.close()
    process = await asyncio.create_subprocess_exec("echo", "child", stdout=subprocess.PIPE)
    print(await process.communicate())

asyncio.run(echo())
with multiprocessing.Pool(2) as pool:
    print(pool.map(abs, [-1, -2, -3]))
if os.fork() == 0:
    os.closerange(3, 200)
    os._exit(4)
print(os.wait()[1])
print("all done")
PYTHON
exec /usr/bin/python3 session.py
