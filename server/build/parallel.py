"""Requests of a build that run at the same time: how many, who may work on which project, and in what order they are heard.

Requests form a tree: whoever asks waits for those that it asked. A request that waits takes no place of the nodes. Of one project one
request runs targets at a time, besides those that it waits for itself; requests that would wait for each other in a circle go on
instead, since all others in the circle wait meanwhile. What requests report is passed on in the order in which they were asked for, the
first one's at once: a build with several nodes reads like one with one.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from server.build.events import BuildLog, Listener, Record

Answer = TypeVar("Answer")

_MOST_THREADS = 512
_POLL_SECONDS = 0.2


@dataclass(slots=True, eq=False)
class RequestNode:
    """A request in the tree. `asked` are those that it waits for; `blocker` is the request that has the project it wants."""

    parent: RequestNode | None
    asked: list[RequestNode] = field(default_factory=list)
    blocker: RequestNode | None = None

    def is_within(self, other: RequestNode) -> bool:
        """Is it `other`, or was it asked for on behalf of it?"""
        node: RequestNode | None = self
        while node is not None:
            if node is other:
                return True
            node = node.parent
        return False

    def waits_for(self, other: RequestNode) -> bool:
        """Does it wait, at however many removes, for `other`?"""
        seen: set[RequestNode] = set()
        pending = [self]
        while pending:
            node = pending.pop()
            if node is other:
                return True
            if node not in seen:
                seen.add(node)
                pending += [*node.asked, *([node.blocker] if node.blocker is not None else [])]
        return False


class ParallelBuilds:
    """The nodes of one build. Invariant: a running request holds a permit; `_owners` and what nodes wait for change under `_changed`."""

    def __init__(self, n_nodes: int) -> None:
        self.n_nodes = n_nodes
        self._permits = threading.Semaphore(n_nodes)
        self._changed = threading.Condition()
        self._owners: dict[Hashable, RequestNode] = {}
        self._threads = ThreadPoolExecutor(_MOST_THREADS, "build")
        self._is_cancelled = threading.Event()

    def close(self) -> None:
        """Ends the threads; requests that still run are told to stop."""
        self._is_cancelled.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Inside the block the present thread has one of the nodes."""
        self._permits.acquire()
        try:
            yield
        finally:
            self._permits.release()

    @contextmanager
    def _giving_way(self) -> Iterator[None]:
        """Inside the block others may have the node. An interruption there ends the build, and no node is waited for again."""
        self._permits.release()
        try:
            yield
        except BaseException:
            self._is_cancelled.set()
            raise
        self._permits.acquire()

    @contextmanager
    def owning(self, project: Hashable, node: RequestNode) -> Iterator[None]:
        """Inside the block `node` runs targets of the project; it waits until it may."""
        before = self._enter(project, node)
        try:
            yield
        finally:
            with self._changed:
                if before is None:
                    del self._owners[project]
                else:
                    self._owners[project] = before
                self._changed.notify_all()

    def _enter(self, project: Hashable, node: RequestNode) -> RequestNode | None:
        if not self._try(project, node):
            with self._giving_way(), self._changed:
                while not self._may_enter(project, node):
                    node.blocker = self._owners[project]
                    self._changed.wait(_POLL_SECONDS)
                    self._check_cancelled()
                node.blocker = None
                return self._take(project, node)
        with self._changed:
            return self._take(project, node)

    def _try(self, project: Hashable, node: RequestNode) -> bool:
        with self._changed:
            return self._may_enter(project, node)

    def _may_enter(self, project: Hashable, node: RequestNode) -> bool:
        owner = self._owners.get(project)
        return owner is None or node.is_within(owner) or owner.waits_for(node)

    def _take(self, project: Hashable, node: RequestNode) -> RequestNode | None:
        before = self._owners.get(project)
        self._owners[project] = node
        return before

    def _check_cancelled(self) -> None:
        if self._is_cancelled.is_set():
            raise KeyboardInterrupt

    def run_all(self, parent: RequestNode, log: BuildLog, jobs: Sequence[Callable[[RequestNode, BuildLog], Answer]]) -> list[Answer]:
        """The answers of `jobs` in order; each runs with a node and a log of its own. The first exception of one is raised at the end."""
        nodes = [RequestNode(parent) for _ in jobs]
        output = _InOrder(log, len(jobs), self._check_cancelled)
        logs = [log.fork(output.listener(index)) for index in range(len(jobs))]
        with self._changed:
            parent.asked += nodes

        def run(index: int) -> Answer:
            try:
                with self.running():
                    self._check_cancelled()
                    return jobs[index](nodes[index], logs[index])
            except KeyboardInterrupt:
                self._is_cancelled.set()
                raise
            finally:
                output.ended(index)
                with self._changed:
                    parent.asked.remove(nodes[index])
                    self._changed.notify_all()

        futures: list[Future[Answer]] = [self._threads.submit(contextvars.copy_context().run, run, index) for index in range(len(jobs))]
        with self._giving_way():
            answers = [_outcome(future) for future in futures]
        for forked in logs:
            log.join(forked)
        return [answer() for answer in answers]


def _outcome(future: Future[Answer]) -> Callable[[], Answer]:
    """Waits for the end, whatever it is; called, the result gives the answer or raises."""
    future.exception()
    return future.result


class _InOrder:
    """Passes on what several logs report, one log after the other. Invariant: all before `_first` have ended and were passed on."""

    def __init__(self, log: BuildLog, n_logs: int, check: Callable[[], None]) -> None:
        self._log = log
        self._check = check
        self._lock = threading.RLock()
        self._waiting: list[list[Record]] = [[] for _ in range(n_logs)]
        self._ended = [False] * n_logs
        self._first = 0

    def listener(self, index: int) -> Listener:
        """What the log of that number reports to."""

        def listen(record: Record) -> None:
            self._check()
            with self._lock:
                if index == self._first:
                    self._log.deliver(record)
                else:
                    self._waiting[index].append(record)

        return listen

    def ended(self, index: int) -> None:
        """The log of that number says no more."""
        with self._lock:
            self._ended[index] = True
            while self._first < len(self._ended) and self._ended[self._first]:
                self._first += 1
                if self._first < len(self._ended):
                    for record in self._waiting[self._first]:
                        self._log.deliver(record)
                    self._waiting[self._first] = []
