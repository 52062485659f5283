"""Items of a data set, read ahead on threads.

The core works without the interpreter's lock, so that threads read in parallel, and no process has
to be started, fed and emptied.
"""

from __future__ import annotations

import os
import threading
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Final, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import RandomSampler, SequentialSampler, Subset, default_collate
from torch.utils.data._utils.pin_memory import pin_memory as pinned_copy

from rapidicom._common.cores import core_count
from rapidicom._common.progress import interrupted_by
from rapidicom.integrations.torch.buffers import Buffers, reading_into
from rapidicom.integrations.torch.crops import random_numbers_of
from rapidicom.integrations.torch.reading import one_of_readers
from rapidicom.integrations.torch.series import SeriesDataset
from rapidicom.integrations.torch.slices import SliceDataset

__all__ = ["Prefetch", "prefetch"]

# How long an iterator that becomes garbage waits for its threads, in seconds: a read ends within a
# tenth, but a transform runs to its end.
_PATIENCE: Final = 5.0


def prefetch(
    dataset: Any,
    ahead: int = 4,
    threads: int | None = None,
    pin_memory: bool = False,
    *,
    on_error: Literal["raise", "collect"] = "raise",
    shuffle: bool = False,
    sampler: Iterable[int] | None = None,
    batch_size: int | None = None,
    collate_fn: Callable[[list[Any]], Any] | None = None,
) -> Prefetch:
    """Iterate over the items of a data set, reading some of them ahead on threads.

    Items come in order. At most `ahead + 1` exist at a time: those that are read or wait, and the
    one handed out. It begins with the first item that is asked for, and ends at once, with its
    threads, when it is used up, closed, or no longer referred to; a read that is under way then
    stops.

    Volumes are read into the memory of items to which nothing refers any more; an item that is
    kept, or a view of it, keeps its own.

    Transforms run on these threads, several at a time. Random crops take their numbers from a
    generator of each item's own, seeded from torch's: `torch.manual_seed` before the loop makes it
    repeatable, whatever thread reads what.

    Args:
        dataset: A `SeriesDataset`, a `SliceDataset`, a `Subset` of one, or anything with a length
            and items by number.
        ahead: How many items to read before they are asked for.
        threads: How many read at a time; default: one a core, and at most `ahead`.
        pin_memory: Whether tensors are in pinned memory, which is copied to a GPU faster. Pixels
            are read straight into it where the data set is ours and says their `dtype`. Without a
            GPU it is ignored with a warning, as by `DataLoader`.
        on_error: `"raise"` raises what went wrong with an item when its turn comes, and goes on
            with the one after it if asked to, in the same batch. `"collect"` leaves such items out,
            and lists number and error in `errors`.
        shuffle: Whether to go through the items in random order.
        sampler: The numbers of the items in the order wanted, such as a sampler of torch.
        batch_size: Hand out batches of so many items; the last one may have fewer. `ahead` still
            counts items.
        collate_fn: What makes a batch of a list of items; default: torch's `default_collate`.

    Returns:
        An iterator, which `close()` and a `with` block end early.

    Raises:
        ValueError: `ahead`, `threads` or `batch_size` is below 1; `on_error` is not known; or both
            `shuffle` and a `sampler` are passed.
        TypeError: The data set has no length or no items by number.

    Examples:
        >>> from rapidicom.integrations.torch import SeriesDataset, prefetch
        >>> data = SeriesDataset("tests/data/brain-mr", crop=(16, 32, 32))
        >>> [item["image"].shape for item in prefetch(data, ahead=2)]
        [torch.Size([1, 16, 32, 32])]
    """
    for name, count in (("ahead", ahead), ("threads", threads), ("batch_size", batch_size)):
        if count is not None and (isinstance(count, bool) or int(count) != count or count < 1):
            raise ValueError(f"{name} must be 1 or more, not {count!r}")
    if on_error not in ("raise", "collect"):
        raise ValueError(f"on_error must be 'raise' or 'collect', not {on_error!r}")
    if shuffle and sampler is not None:
        raise ValueError("pass shuffle=True or a sampler, not both")
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise TypeError(f"{type(dataset).__name__} has no length, or no items by number")
    if pin_memory and not torch.cuda.is_available():
        warnings.warn("pin_memory=True has no effect: there is no GPU", stacklevel=2)
        pin_memory = False
    if sampler is None:
        sampler = RandomSampler(dataset) if shuffle and len(dataset) else SequentialSampler(dataset)
    if threads is None:
        threads = core_count()
    items = _Items(dataset, sampler, ahead, min(threads, ahead), pin_memory, batch_size is None)
    if collate_fn is None:
        collate_fn = _collated if _are_fresh(dataset) else default_collate
    return Prefetch(items, on_error, batch_size, collate_fn, pin_memory)


class Prefetch(Iterator[Any]):
    """Items of a data set that are read ahead: see `prefetch`, which makes it.

    Attributes:
        errors: With `on_error="collect"`, the number and the error of each item left out so far.
    """

    __module__ = "rapidicom.integrations.torch"

    def __init__(
        self,
        items: _Items,
        on_error: str,
        batch_size: int | None,
        collate: Callable[[list[Any]], Any],
        pin_memory: bool,
    ) -> None:
        self._items = items
        self._on_error = on_error
        self._batch_size = batch_size
        self._collate = collate
        self._pin_memory = pin_memory
        self.errors: list[tuple[int, BaseException]] = []
        self._batch: list[Any] = []
        # At the end of the interpreter too: its threads must not outlive it.
        self._finalizer = weakref.finalize(self, items.stop, _PATIENCE)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        try:
            return self._next_item() if self._batch_size is None else self._next_batch()
        except (StopIteration, KeyboardInterrupt):
            self.close()
            raise

    def _next_batch(self) -> Any:
        # After an error, it goes on with the items that it has.
        batch = self._batch
        while len(batch) < (self._batch_size or 1):
            try:
                batch.append(self._next_item())
            except StopIteration:
                if not batch:
                    raise
                break
        self._batch = []
        try:
            collated = self._collate(batch)
        except StopIteration as error:
            raise RuntimeError("collate_fn raised StopIteration") from error
        return pinned_copy(collated) if self._pin_memory else collated

    def _next_item(self) -> Any:
        while True:
            number, item, error = self._items.take()
            if error is None:
                return item
            if self._on_error == "raise" or not isinstance(error, Exception):
                if isinstance(error, StopIteration):
                    # It would end the loop, and all items after this one were lost (PEP 479).
                    raise RuntimeError(f"item {number} raised StopIteration") from error
                raise error
            # Its frames hold what was read.
            self.errors.append((number, error.with_traceback(None)))

    def close(self) -> None:
        """End: stop what is read, drop what waits, and wait for the threads to end."""
        self._items.stop(None)
        self._batch = []
        self._finalizer.detach()

    def __len__(self) -> int:
        """Return how many items, or batches, there are in all, if none is left out."""
        count = len(self._items)
        return count if self._batch_size is None else -(-count // self._batch_size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _are_fresh(dataset: Any) -> bool:
    """Return whether nobody else has the items of a data set, which are dictionaries."""
    if type(dataset) is Subset:
        return _are_fresh(dataset.dataset)
    return type(dataset) in (SeriesDataset, SliceDataset) and dataset.transform is None


def _collated(items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what `default_collate` does, a batch of one item without copying its pixels."""
    batch: dict[str, Any] = {}
    for key in items[0]:
        values = [item[key] for item in items]
        stacked = _stacked(values) if isinstance(values[0], torch.Tensor) else None
        batch[key] = default_collate(values) if stacked is None else stacked
    return batch


def _stacked(tensors: list[torch.Tensor]) -> torch.Tensor | None:
    """Return pixels as one tensor, or `None` where `default_collate` must copy them, or raise.

    torch would copy on all cores, and its threads would then wait in a loop for more, in the way of
    those that read.
    """
    first = tensors[0]
    if len(tensors) == 1:
        return first[None]
    if any((one.shape, one.dtype) != (first.shape, first.dtype) for one in tensors):
        return None
    if not all(one.is_contiguous() and one.device.type == "cpu" for one in tensors):
        return None
    batch = torch.empty((len(tensors), *first.shape), dtype=first.dtype)
    for place, tensor in zip(batch, tensors, strict=True):
        np.copyto(_bytes_of(place), _bytes_of(tensor))
    return batch


def _bytes_of(tensor: torch.Tensor) -> NDArray[np.uint8]:
    memory: NDArray[np.uint8] = tensor.reshape(-1).view(torch.uint8).numpy()
    return memory


class _Stopped(BaseException):
    """Ends a read that nobody waits for any more."""


class _Items:
    """The items of a data set, those ahead read by threads.

    The threads hold this, and not the iterator: that one can become garbage while they wait.
    """

    def __init__(
        self,
        dataset: Any,
        sampler: Any,
        ahead: int,
        threads: int,
        pin_memory: bool,
        hands_out: bool,
    ) -> None:
        self._sampler = sampler
        self._read = _reader(dataset, pin_memory=pin_memory and hands_out)
        self._ahead, self._thread_count = ahead, threads
        # As many as there are items at a time.
        self._buffers = Buffers(ahead + 1)
        self._changed = threading.Condition()
        # What is not begun: place in the order, and number.
        self._waiting: deque[tuple[int, int]] = deque()
        # What was read, by place: number, item, error.
        self._done: dict[int, tuple[int, Any, BaseException | None]] = {}
        self._asked = self._taken = 0
        self._numbers: Iterator[Any] | None = None
        self._seed = 0
        self._threads: list[threading.Thread] = []
        self._process = os.getpid()
        self._is_stopped = False

    def __len__(self) -> int:
        return len(self._sampler)

    def take(self) -> tuple[int, Any, BaseException | None]:
        """Return the next item, and let the one that may now be read be begun.

        Raises:
            StopIteration: There are no more.
        """
        if self._is_stopped:
            raise StopIteration
        if self._process != os.getpid():
            raise RuntimeError("the threads of prefetch did not come along when the process forked")
        self._begin()
        if self._taken == self._asked:
            raise StopIteration
        with self._changed:
            while self._taken not in self._done:
                self._changed.wait()
            found = self._done.pop(self._taken)
        self._taken += 1
        self._begin()
        return found

    def _begin(self) -> None:
        """Hand numbers to the threads, as many as may be ahead."""
        if self._numbers is None:
            self._numbers = iter(self._sampler)
            # Drawn from torch's generator, as `DataLoader` does.
            self._seed = int(torch.empty((), dtype=torch.int64).random_())
        while self._asked - self._taken < self._ahead:
            number = next(self._numbers, None)
            if number is None:
                return
            # First the thread: nothing would ever read a number that waits without one.
            if len(self._threads) < min(self._thread_count, self._asked + 1):
                self._start_thread()
            with self._changed:
                self._waiting.append((self._asked, int(number)))
                self._changed.notify_all()
            self._asked += 1

    def _start_thread(self) -> None:
        name = f"rapidicom-prefetch-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The system has no more threads: those that run do the work.
            if not self._threads:
                raise
            return
        self._threads.append(thread)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._waiting or self._is_stopped):
                    self._changed.wait()
                if self._is_stopped:
                    return
                place, number = self._waiting.popleft()
            outcome = self._outcome(place, number)
            with self._changed:
                if self._is_stopped:
                    return
                self._done[place] = outcome
                self._changed.notify_all()
            # A thread that waits holds no item.
            del outcome

    def _outcome(self, place: int, number: int) -> tuple[int, Any, BaseException | None]:
        try:
            with (
                interrupted_by(self._check),
                random_numbers_of(self._seed + place),
                one_of_readers(self._thread_count),
                reading_into(self._buffers),
            ):
                return number, self._read(number), None
        except BaseException as error:
            return number, None, error

    def _check(self) -> None:
        if self._is_stopped:
            raise _Stopped

    def stop(self, patience: float | None) -> None:
        """End the threads.

        Args:
            patience: How many seconds to wait for each; `None` for as long as it takes.
        """
        if self._process != os.getpid():
            return
        with self._changed:
            self._is_stopped = True
            self._waiting.clear()
            self._done.clear()
            self._changed.notify_all()
        self._buffers.close()
        for thread in self._threads:
            # One of them may collect the garbage that the iterator has become.
            if thread is not threading.current_thread():
                thread.join(patience)


def _reader(dataset: Any, *, pin_memory: bool) -> Callable[[int], Any]:
    """Return the function that reads an item by its number."""
    if not pin_memory:
        function: Callable[[int], Any] = dataset.__getitem__
        return function
    if isinstance(dataset, (SeriesDataset, SliceDataset)):
        return lambda number: dataset.read(number, pin_memory=True)
    if type(dataset) is Subset:
        of_whole = _reader(dataset.dataset, pin_memory=True)
        return lambda number: of_whole(dataset.indices[number])
    return lambda number: pinned_copy(dataset[number])
