"""Runs blocking code of agents in threads that can be given up: no call waits longer than its limit.

A thread cannot be killed. One that outlives its limit is abandoned: an exception is raised in it, which ends pure
Python loops at once, and code that blocks elsewhere as soon as it comes back to Python.
"""

import asyncio
import contextvars
import ctypes
import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread

MOST_THREADS = 64  # of one revision, abandoned ones included


class Abandoned(BaseException):
    """Raised inside a thread that ran out of time. Not an Exception, so that agents' own handlers let it through."""


class NoFreeThread(Exception):
    """All threads of a revision are busy, perhaps with calls that never end."""


class Interruptible:
    """Wraps one blocking call so that another thread can interrupt it, but never what runs after it."""

    def __init__(self, function: Callable[[], Any], on_late_end: Callable[[], None] = lambda: None) -> None:
        """``on_late_end`` is called, in the thread, when a call ends that had been interrupted."""
        self._function = function
        self._on_late_end = on_late_end
        self._interrupted = False
        self._thread: int | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Any:
        began = False
        try:
            try:
                with self._lock:
                    if self._interrupted:  # before it began
                        return None
                    self._thread, began = threading.get_ident(), True
                return self._function()
            finally:
                # No interruption can come after this; one that came before arrives inside the outer ``try``.
                with self._lock:
                    self._thread = None
        except Abandoned:
            return None
        finally:
            if began and self._interrupted:
                self._on_late_end()

    def interrupt(self) -> bool:
        """Whether there was a running call to interrupt; one that has not begun will not begin."""
        with self._lock:
            self._interrupted = True
            if self._thread is None:
                return False
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(Abandoned))
            return True


class ThreadPool:
    """The threads of one revision, so that an agent that hangs takes none from the others."""

    def __init__(self, most: int = MOST_THREADS) -> None:
        self._most = most
        self._abandoned = 0
        self._lock = threading.Lock()
        self._limiter = anyio.CapacityLimiter(most)

    async def run(self, function: Callable[[], Any]) -> Any:
        """Call ``function`` in a thread, with the caller's context variables; on cancellation leave it behind.

        Raises NoFreeThread while as many threads as a revision may have are still stuck in calls left behind.
        """
        if self._abandoned >= self._most:
            raise NoFreeThread
        call = Interruptible(function, on_late_end=self._came_back)
        try:
            return await anyio.to_thread.run_sync(call, abandon_on_cancel=True, limiter=self._limiter)
        except asyncio.CancelledError:
            with self._lock:
                self._abandoned += call.interrupt()
            raise

    def _came_back(self) -> None:
        with self._lock:
            self._abandoned -= 1


async def run_in_own_thread(function: Callable[[], Any], seconds: float) -> Any:
    """Call ``function`` in a thread of its own. Raises TimeoutError when it takes longer, and leaves it behind."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()
    call = Interruptible(lambda: context.run(function))

    def settle(setter: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            setter(value)

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # whatever an author's module raises is for the waiting caller, exits included
            if isinstance(error, StopIteration):
                error = RuntimeError("StopIteration")  # a future cannot carry it
            setter, result = done.set_exception, error
        else:
            setter = done.set_result
        loop.call_soon_threadsafe(settle, setter, result)

    threading.Thread(target=run, name="load an agent", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await done
    except TimeoutError:
        call.interrupt()
        raise
