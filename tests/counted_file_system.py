"""A file system in memory that counts requests and takes its time, as a bucket does."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from fsspec.asyn import AsyncFileSystem


class Counted(AsyncFileSystem):
    """Objects by path; each request for bytes takes `latency` seconds.

    Attributes:
        objects: Their bytes, by path.
        requests: What was asked for: path, first byte, byte after the last; listings have neither.
        latency: Seconds that an answer takes.
        under_way: How many requests were under way at most.
    """

    protocol = "counted"
    cachable = True
    objects: ClassVar[dict[str, bytes]] = {}
    requests: ClassVar[list[tuple[str, int | None, int | None]]] = []
    latency: ClassVar[float] = 0.0
    most: ClassVar[int] = 0
    _now: ClassVar[int] = 0

    async def _cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **_: Any
    ) -> bytes:
        kind = type(self)
        kind.requests.append((path, start, end))
        kind._now += 1
        kind.most = max(kind.most, kind._now)
        try:
            await asyncio.sleep(self.latency)
        finally:
            kind._now -= 1
        if path not in self.objects:
            raise FileNotFoundError(path)
        return self.objects[path][start:end]

    async def _ls(self, path: str, detail: bool = True, **_: Any) -> Any:
        type(self).requests.append((path, None, None))
        await asyncio.sleep(self.latency)
        prefix = path.rstrip("/") + "/"
        found = [
            {"name": name, "size": len(data), "type": "file"}
            for name, data in self.objects.items()
            if name.startswith(prefix)
        ]
        if not found and path in self.objects:
            found = [{"name": path, "size": len(self.objects[path]), "type": "file"}]
        if not found:
            raise FileNotFoundError(path)
        return found if detail else [one["name"] for one in found]

    async def _find(self, path: str, detail: bool = False, **_: Any) -> Any:
        found = {one["name"]: one for one in await self._ls(path)}
        return found if detail else list(found)

    async def _info(self, path: str, **_: Any) -> Any:
        return (await self._ls(path))[0]

    @classmethod
    def forget(cls) -> None:
        """Forget what was asked for."""
        cls.requests.clear()
        cls.most = 0

    @classmethod
    def sent(cls) -> int:
        """Return how many bytes were sent."""
        return sum(
            len(cls.objects.get(path, b"")[start:stop])
            for path, start, stop in cls.requests
            if start is not None
        )
