# Python's threads, processes and events: what Linux prints, in an order that chance does not change.
import asyncio
import concurrent.futures
import multiprocessing
import os
import queue
import signal
import socket
import sys
import threading

PAIRS = 16
ITEMS = 50


def threads():
    lock = threading.Lock()
    total = [0]
    together = threading.Barrier(2 * PAIRS)
    own = threading.local()

    def add():
        together.wait()
        own.count = 0
        for _ in range(200):
            own.count += 1
            with lock:
                total[0] += 1
        with lock:
            total[0] += own.count

    run_all([threading.Thread(target=add) for _ in range(2 * PAIRS)])
    print("added", total[0])

    pipe = queue.Queue(8)
    received = []

    def produce(first):
        for i in range(ITEMS):
            pipe.put(first + i)

    def consume():
        while (item := pipe.get()) is not None:
            with lock:
                received.append(item)

    consumers = [threading.Thread(target=consume) for _ in range(PAIRS)]
    for each in consumers:
        each.start()
    run_all([threading.Thread(target=produce, args=(i * ITEMS,)) for i in range(PAIRS)])
    for _ in consumers:
        pipe.put(None)
    for each in consumers:
        each.join()
    print("received", sorted(received) == list(range(PAIRS * ITEMS)))

    ready = threading.Condition()
    with ready:
        print("condition", ready.wait(0.01))
    event = threading.Event()
    timer = threading.Timer(0.01, event.set)
    timer.start()
    print("event", event.wait(60))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        print("pool", list(pool.map(lambda x: x * x, range(10))))
    seen = []
    signal.signal(signal.SIGUSR1, lambda *_: seen.append(threading.current_thread().name))
    sender = threading.Thread(target=lambda: os.kill(os.getpid(), signal.SIGUSR1))
    sender.start()
    sender.join()
    while not seen:
        pass
    print("signal in", seen)


def run_all(threads):
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def square(connection):
    while (number := connection.recv()) is not None:
        connection.send(number * number)
    sys.exit(7)


def count(lock, value, times):
    for _ in range(times):
        with lock:
            value.value += 1


def fill(items, first):
    for i in range(10):
        items.put(first + i)


def cube(number):
    return number**3


def processes():
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        here, there = context.Pipe()
        child = context.Process(target=square, args=(there,))
        child.start()
        answers = []
        for number in (3, 1000):
            here.send(number)
            answers.append(here.recv())
        here.send(None)
        child.join()
        print(method, answers, child.exitcode)
    context = multiprocessing.get_context("fork")
    lock, value = context.Lock(), context.RawValue("i", 0)
    children = [context.Process(target=count, args=(lock, value, 100)) for _ in range(4)]
    run_all(children)
    print("counted", value.value)
    items = context.Queue()
    children = [context.Process(target=fill, args=(items, 10 * i)) for i in range(3)]
    for each in children:
        each.start()
    print("queued", sorted(items.get() for _ in range(30)) == list(range(30)))
    for each in children:
        each.join()
    with context.Pool(3) as pool:
        print("pool", pool.map(cube, range(8)))
    child = context.Process(target=signal.pause)
    child.start()
    child.terminate()
    child.join()
    print("terminated", child.exitcode)


async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def ask(text):
    reader, writer = await asyncio.open_unix_connection("socket")
    writer.write(text)
    answer = await reader.readline()
    writer.close()
    return answer


async def events():
    async with await asyncio.start_unix_server(serve, "socket"):
        print(await asyncio.gather(*(ask(b"line %d\n" % i) for i in range(5))))
    program = await asyncio.create_subprocess_exec(
        "/bin/cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    print(await program.communicate(b"through a pipe"), program.returncode)
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, cube, 5))
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except asyncio.TimeoutError:
        print("too late")
    came = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR2, came.set)
    os.kill(os.getpid(), signal.SIGUSR2)
    print(await came.wait())
    one, other = socket.socketpair()
    one.setblocking(False)
    other.setblocking(False)
    sending = asyncio.ensure_future(loop.sock_sendall(one, b"x" * 500000))
    received = 0
    while received < 500000:
        received += len(await loop.sock_recv(other, 65536))
    await sending
    print("received", received)


if __name__ == "__main__":
    threads()
    sys.stdout.flush()
    processes()
    sys.stdout.flush()
    asyncio.run(events())
