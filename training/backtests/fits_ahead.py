"""Fits of a backtest's origins, several at a time: none of them needs another's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

View = TypeVar("View")
Fitted = TypeVar("Fitted")

AT_ONCE = 2
"""Threads serve: the libraries that fit let others run meanwhile."""


def fitted_ahead(
    views: Iterable[View], fit: Callable[[View], Fitted], *, every: int, at_once: int = AT_ONCE
) -> Iterator[tuple[View, Fitted]]:
    """Each view with what ``fit`` made of the newest ``every``-th view up to it, in the order of ``views``.

    While one is used the fits of the next ``at_once`` run, so that no more views than theirs are held. What a fit
    raises is raised where its first view would come.

    >>> list(fitted_ahead([1, 2, 3, 4, 5], lambda view: 10 * view, every=2))
    [(1, 10), (2, 10), (3, 30), (4, 30), (5, 50)]
    """
    with ThreadPoolExecutor(at_once, thread_name_prefix="fit") as pool:
        waiting: deque[tuple[View, Future[Fitted]]] = deque()
        for number, view in enumerate(views):
            if number % every == 0:
                fitted = pool.submit(fit, view)
            waiting.append((view, fitted))
            if len(waiting) > at_once * every:
                first, made = waiting.popleft()
                yield first, made.result()
        for view, made in waiting:
            yield view, made.result()
