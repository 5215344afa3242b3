"""Ping-pong pairs on SimPy: `ping_pong.py processes|callbacks PAIRS COUNT` prints a sample as JSON."""

import json
import sys
import time

import simpy


class Rally:
    """The same delays as those of the other benches, 0.2 to 2 ms, for a number of balls."""

    def __init__(self):
        self.thrown = 0
        self.most = 0
        self.state = 1

    def on(self):
        return self.thrown < self.most

    def throw(self):
        self.thrown += 1
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return 200 + (self.state >> 8) % 1800


def callbacks(environment, rally, pairs):
    """A timeout for each ball, with a callback of the player that it flies to."""
    receivers = [None] * (2 * pairs)

    def player(node):
        def receive(event):
            if rally.on():
                flight = simpy.Timeout(environment, rally.throw(), event._value + 1)
                flight.callbacks.append(receivers[node ^ 1])

        return receive

    for node in range(2 * pairs):
        receivers[node] = player(node)

    def play():
        for node in range(0, 2 * pairs, 2):
            serve = simpy.Event(environment)
            serve._value = 0
            receivers[node](serve)
        environment.run()

    return play


def processes(environment, rally, pairs):
    """A process for each player, which waits for its ball at a store, and one for each flight's time."""
    stores = [simpy.Store(environment) for _ in range(2 * pairs)]

    def player(node):
        while True:
            hits = yield stores[node].get()
            if rally.on():
                yield environment.timeout(rally.throw())
                yield stores[node ^ 1].put(hits + 1)

    for node in range(2 * pairs):
        environment.process(player(node))

    def play():
        for node in range(0, 2 * pairs, 2):
            stores[node].put(0)
        environment.run()

    return play


def main():
    style, pairs, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rally = Rally()
    environment = simpy.Environment()
    play = {"processes": processes, "callbacks": callbacks}[style](environment, rally, pairs)
    rally.most = -(-count // 10)
    play()
    rally.thrown, rally.most = 0, count
    begin = time.process_time_ns()
    play()
    ns = max(1, time.process_time_ns() - begin)
    if rally.thrown < count:
        raise RuntimeError(f"{rally.thrown} of {count} events were handled")
    print(json.dumps({"count": rally.thrown, "ns": ns, "check": str(environment.now)}))


main()
