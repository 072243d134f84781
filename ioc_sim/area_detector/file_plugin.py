"""What all plugins that write files share.

=============  =====================  ============================================================================
FileWriteMode  event                  what happens
=============  =====================  ============================================================================
Single         an array, `AutoSave`   one file is opened, written and closed; `FileNumber` +1 if `AutoIncrement`
Single         `WriteFile`            likewise with the last array
Single         `Capture` 1            an error; `Capture` stays 0
Capture        `Capture` 1            the buffer is emptied; arrays are kept until there are `NumCapture` of them,
                                      then `Capture` 0, and with `AutoSave` as with `WriteFile`
Capture        `WriteFile`            the arrays of the buffer are written, to one file where the format can
Stream         `Capture` 1            the file is opened for arrays like the last one: without one an error, unless
                                      `LazyOpen`: then the first array opens it
Stream         an array               it is appended; after `NumCapture` of them (0: without end) as `Capture` 0
Stream         `Capture` 0            the file is closed
Stream         an array of another    it is not written; `WriteStatus` Write error; the file stays open
               size or type
any            the writer fails       `WriteStatus` Write error with severity MAJOR, `WriteMessage`; the file is
                                      closed with what is in it; `Capture` 0
any            `FilePath`             ends in a slash; `FilePathExists_RBV`; missing levels are made, up to
                                      -`CreateDirectory`, when the path or the first file asks for it
=============  =====================  ============================================================================

A put of `Capture` or `WriteFile` completes when that has ended. As on a real detector the camera knows nothing of all
this: its acquisition ends well, whatever became of the files. All that touches the disk runs in the plugin's thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from ioc_sim.area_detector import file_names as names
from ioc_sim.area_detector.array import NDArray
from ioc_sim.area_detector.disk import Disk
from ioc_sim.area_detector.pipeline import Pipeline
from ioc_sim.area_detector.plugin import Plugin
from ioc_sim.area_detector.port import FINE, MAJOR
from ioc_sim.area_detector.write_ahead import WriteAhead
from ioc_sim.area_detector.writer import Writer, alike
from ioc_sim.completions import Completions
from ioc_sim.errors import said

NO_ARRAY = "ERROR, must collect an array to get dimensions first"
MOST_CAPTURED = 100_000
AT_ONCE = 16
"""Arrays handed to the disk's thread at once; a put waits until they are written."""
MOST_BYTES = 1 << 30
"""That arrays kept in memory may have."""


class FilePlugin(Plugin):
    """A plugin that writes files.

    Parameters
    ----------
    name, prefix, pipeline, source, queue, layers
        As of `Plugin`.
    root : Path
        No file is written outside this directory.
    """

    counts = False
    several = True
    """Whether a file can hold more than one array."""

    def __init__(
        self,
        name: str,
        prefix: str,
        pipeline: Pipeline,
        source: str,
        queue: int,
        layers: tuple[str, ...],
        root: Path,
    ) -> None:
        super().__init__(name, prefix, pipeline, source, queue, layers)
        self.root, self.disk = root, Disk()
        self._writer: Writer | None = None
        self._path = Path()
        self._like: NDArray | None = None
        self._ahead: WriteAhead | None = None
        self._buffer: list[NDArray] = []
        self._captured = Completions()
        self._captured_last = 0
        self.start_with(FilePath=names.normal(str(root)), FilePathExists="Yes", FileTemplate="%s%s_%3.3d")
        self.on("FilePath", self._put_path)
        self.on("CreateDirectory", self._put_depth)
        self.on("FileTemplate", self._put_template)
        self.on("Capture", self._put_capture)
        self.on("WriteFile", self._put_write)
        self.on("ReadFile", self._put_read)
        self.on("NumCapture", self._put_number)
        self.on("FreeCapture", self._put_free)
        self.on("FileWriteMode", self._put_mode)
        self.records["FileTemplate"].check = names.check_template

    def new_writer(self) -> Writer:
        """Return what writes the next file, with the settings that stand now."""
        raise NotImplementedError

    # ---- settings

    async def _put_path(self, path: str) -> None:
        self.put_back("FilePath", names.normal(path))
        await self._look()

    async def _put_depth(self, depth: int) -> None:
        self.set("CreateDirectory", depth)

    async def _look(self) -> bool:
        """Make the directory if asked to; publish and return whether it exists."""
        path, depth = self["FilePath"], -self["CreateDirectory"]

        def look() -> bool:
            try:
                if depth > 0:
                    names.make_directory(self.root, path, depth)
                names.inside(self.root, Path(path))
            except OSError:
                return False
            return names.exists(path)

        found = await self.in_thread(look)
        self.set("FilePathExists", "Yes" if found else "No")
        return found

    async def _put_template(self, template: str) -> None:
        self.set("FileTemplate", template)

    async def _put_number(self, number: int) -> None:
        self.set("NumCapture", min(max(number, 0), MOST_CAPTURED if self["FileWriteMode"] == "Capture" else 2**31 - 1))

    async def _put_free(self, _: Any) -> None:
        self._free()
        self.records["FreeCapture"].post("Done")

    async def _put_mode(self, mode: str) -> None:
        async with self._working:
            if self["Capture"] == "Capturing":
                await self._end_capture()
            self.set("FileWriteMode", mode)

    # ---- puts that write

    async def _put_capture(self, value: str) -> None:
        async with self._working:
            if value == "Done":
                if self["Capture"] == "Capturing":
                    await self._end_capture()
                return
            if self["Capture"] != "Capturing" and not await self._begin_capture():
                self.records["Capture"].post("Done")
                return
        await self._captured.wait()

    async def _begin_capture(self) -> bool:
        mode, lazy = self["FileWriteMode"], self["LazyOpen"] == "Yes"
        if mode == "Single":
            return self._fail("ERROR: capture not supported in Single mode")
        if self.last is None and (mode == "Capture" or not lazy):
            return self._fail(NO_ARRAY)
        self._free()
        self._like = self.last if mode == "Capture" else None
        if mode == "Stream" and self.several and not lazy:
            assert self.last is not None
            if not await self._open(self.last, many=True):
                return False
        elif mode == "Stream":
            self._succeed()
        self.records["Capture_RBV"].post("Capturing")
        if mode == "Stream":
            self.set("WriteFile", "Writing")
        return True

    async def _end_capture(self) -> None:
        """Close what is open; the puts complete."""
        await self._close()
        self.records["Capture"].post("Done")
        self.records["Capture_RBV"].post("Done")
        self.set("WriteFile", "Done")
        self._captured.release()

    async def _put_write(self, value: str) -> None:
        if value == "Write":
            async with self._working:
                self.set("WriteFile", "Writing")
                if self.last is None:
                    self._fail(NO_ARRAY)
                elif self["FileWriteMode"] == "Single":
                    await self._write_one(self.last)
                elif self["FileWriteMode"] == "Capture":
                    await self._write_buffer()
        if self["Capture"] != "Capturing":
            self.set("WriteFile", "Done")
        self.records["WriteFile"].post("Done")

    async def _put_read(self, value: str) -> None:
        if value == "Read":
            self._fail("ERROR: files cannot be read back here")
        self.records["ReadFile"].post("Done")

    # ---- arrays

    def together(self, queue: Sequence[NDArray]) -> int:
        """Return how many of the arrays that wait belong in the file that is open, up to `AT_ONCE` of them."""
        if self._like is None or not (self["FileWriteMode"] == "Stream" and self.several):
            return 1
        left = self["NumCapture"] - self["NumCaptured"] if self["NumCapture"] > 0 else AT_ONCE
        like = self._like
        return len(list(takewhile(lambda one: alike(one, like), islice(queue, min(left, AT_ONCE)))))

    def begin(self, arrays: Sequence[NDArray]) -> None:
        """Hand all arrays for the open file to the thread: it writes while here the one before is made known."""
        if len(arrays) > 1 and self._writer is not None and self["Capture"] == "Capturing":
            self._ahead = WriteAhead(self._writer, self._thread, arrays)

    async def work(self, array: NDArray) -> NDArray | None:
        """Keep or write an array; what was written is handed on."""
        mode, capturing = self["FileWriteMode"], self["Capture"] == "Capturing"
        if mode == "Single":
            written = self["AutoSave"] == "Yes" and await self._write_one(array)
        elif mode == "Capture":
            written = capturing and await self._keep(array)
        else:
            written = capturing and await self._append(array)
        if not written:
            return None
        self.counted()
        return array

    async def _keep(self, array: NDArray) -> bool:
        if self._like is not None and not alike(array, self._like):
            return self._fail("Invalid frame. Ignoring.")
        if (len(self._buffer) + 1) * array.data.nbytes > MOST_BYTES:
            await self._end_capture()
            return self._fail(f"ERROR: no more than {MOST_BYTES >> 20} MB can be captured")
        self._buffer.append(array)
        self.set("NumCaptured", len(self._buffer))
        if len(self._buffer) >= self["NumCapture"]:
            if self["AutoSave"] == "Yes":
                await self._write_buffer()
            await self._end_capture()
        return True

    async def _append(self, array: NDArray) -> bool:
        if self._writer is None and not await self._open(array, many=self.several):
            await self._end_capture()
            return False
        if self._like is not None and not alike(array, self._like):
            return self._fail("Invalid frame. Ignoring.")
        if not await self._write(array):
            await self._end_capture()
            return False
        if not self.several:
            await self._close()
        captured = self["NumCaptured"] + 1
        self.set("NumCaptured", captured)
        if 0 < self["NumCapture"] <= captured:
            await self._end_capture()
        return True

    async def _write_one(self, array: NDArray) -> bool:
        self.set("NumCaptured", 1)
        self.set("WriteFile", "Writing")
        written = await self._open(array, many=False) and await self._write(array)
        await self._close()
        self.set("WriteFile", "Done")
        return written and self["WriteStatus"] == "Write OK"

    async def _write_buffer(self) -> None:
        if not self._buffer:
            self._fail("ERROR, no capture buffer present")
            return
        for array in self._buffer:
            if self._writer is None and not await self._open(array, many=self.several):
                break
            if not await self._write(array):
                break
            if not self.several:
                await self._close()
        await self._close()
        self._free()

    def _free(self) -> None:
        self._buffer.clear()
        self.set("NumCaptured", 0)

    async def finish(self) -> None:
        """Close the file that is open: the server ends."""
        async with self._working:
            if self["Capture"] == "Capturing":
                await self._end_capture()

    # ---- the file

    async def _open(self, array: NDArray, *, many: bool) -> bool:
        """Open the next file; return whether that succeeded."""
        self._succeed()
        await self._look()
        number, template = self["FileNumber"], self["FileTemplate"]
        full = names.filled(template, self["FilePath"], self["FileName"], number)
        self._writer, self._like = self.new_writer(), array
        try:
            path = await self.in_thread(names.checked, self.root, full + self["TempSuffix"], names.has_number(template))
            self.set("FullFileName", full)
            await self.in_thread(self._writer.open, path, array, many)
        except (OSError, ValueError, RuntimeError) as error:
            self._fail(f"Error opening file {full}: {said(error)}")
            await self._abandon()
            return False
        self._path = path
        if self["AutoIncrement"] == "Yes":
            self.put_back("FileNumber", number + 1)
        return True

    async def _write(self, array: NDArray) -> bool:
        assert self._writer is not None
        try:
            if self._ahead is None or not await self._ahead.written(array):
                await self.in_thread(self._writer.write, array)
        except (OSError, ValueError, RuntimeError) as error:
            self._fail(f"Error writing file {self['FullFileName']}: {said(error)}")
            await self._close()
            return False
        return True

    async def _close(self) -> None:
        writer, self._writer, self._like = self._writer, None, None
        ahead, self._ahead = self._ahead, None
        if writer is None:
            return
        if ahead is not None:
            ahead.end()
        try:
            await self.in_thread(writer.close)
            if suffix := self["TempSuffix"]:
                await self.in_thread(self._path.rename, str(self._path).removesuffix(suffix))
        except (OSError, ValueError, RuntimeError) as error:
            self._fail(f"Error closing file {self['FullFileName']}: {said(error)}")

    async def _abandon(self) -> None:
        """Forget a file that could not be opened."""
        writer, self._writer, self._like = self._writer, None, None
        if writer is not None:
            try:
                await self.in_thread(writer.close)
            except (OSError, ValueError, RuntimeError):
                return

    def _succeed(self) -> None:
        self.set("WriteMessage", "")
        record = self.records["WriteStatus"]
        if record.value != "Write OK":
            record.post("Write OK", status=FINE[0], severity=FINE[1])

    def _fail(self, message: str) -> bool:
        self.set("WriteMessage", message[:255])
        self.records["WriteStatus"].post("Write error", status=MAJOR[0], severity=MAJOR[1])
        return False
