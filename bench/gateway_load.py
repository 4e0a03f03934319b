"""Loads of the bench of the gateway: as many calls as there is room for, and a paced one for minutes."""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from jutong.ledger.calls import frames

_WRK = """
local file = io.open("{path}", "rb")
local requests = {{}}
while true do
  local size = file:read(8)
  if not size then break end
  requests[#requests + 1] = file:read(tonumber(size))
end
file:close()
local place = 0
function request()
  place = place % #requests + 1
  return requests[place]
end
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_PACED = 64  # connections of the paced load


def measured(requests: Sequence[bytes], port: int, folder: Path, seconds: float, connections: int) -> dict[str, float]:
    """Send requests over and over for some seconds; return calls a second, quantiles in ms, and what was refused."""
    if shutil.which("wrk") is None:
        return asyncio.run(_generated(requests, port, seconds, connections))
    with (folder / "requests").open("wb") as file:
        for request in requests:
            file.write(b"%08d%b" % (len(request), request))
    script = folder / "load.lua"
    script.write_text(_WRK.format(path=folder / "requests"))
    # wrk itself gives up after two seconds, which is late and not unanswered; how late, the quantiles say.
    patient = ["--timeout", "10s", "--latency"]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{int(seconds)}s", *patient, "-s", str(script)]
    said = subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout
    quantiles = {
        name: float(number) * _UNITS[unit] for name, number, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)\b", said)
    }
    return {
        "per_second": _number(r"Requests/sec:\s+([\d.]+)", said),
        "p50_ms": quantiles["50"],
        "p99_ms": quantiles["99"],
        "refused": _number(r"Non-2xx or 3xx responses: (\d+)", said, otherwise=0)
        + sum(map(float, re.findall(r"(?:connect|read|write|timeout) (\d+)", said))),
    }


def _number(pattern: str, said: str, *, otherwise: float | None = None) -> float:
    found = re.search(pattern, said)
    if found is None:
        if otherwise is None:
            raise RuntimeError(said)
        return otherwise
    return float(found[1])


async def _exchanged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bool:
    """Send one request, read its answer, and say whether it was 200."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    await reader.readexactly(int(length[1]) if length else 0)
    return head.startswith(b"HTTP/1.1 200")


async def _generated(requests: Sequence[bytes], port: int, seconds: float, connections: int) -> dict[str, float]:
    """Measure without wrk: slower at the sending end, so its figures are lower bounds."""
    took: list[float] = []
    refused, place = 0, 0
    until = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal refused, place
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (started := time.perf_counter()) < until:
            place += 1
            refused += not await _exchanged(reader, writer, requests[place % len(requests)])
            took.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    took.sort()
    return {
        "per_second": len(took) / seconds,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[len(took) * 99 // 100] * 1000,
        "refused": float(refused),
    }


def soaked(requests: Iterator[bytes], port: int, *, per_second: int, seconds: float, pid: int) -> dict[str, float]:
    """Call at an even pace for minutes; return calls, errors, p99 in ms, and how much memory grew.

    Memory is what the server's processes have of their own (RssAnon): pages of the serving copy belong to its file.
    """
    return asyncio.run(_soaked(requests, port, per_second, seconds, pid))


async def _soaked(requests: Iterator[bytes], port: int, per_second: int, seconds: float, pid: int) -> dict[str, float]:
    took: list[float] = []
    sizes: list[int] = []
    errors, place, total = 0, 0, int(per_second * seconds)
    started = time.perf_counter()

    async def one() -> None:
        nonlocal errors, place
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while place < total:
            due, place = started + place / per_second, place + 1
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            # Timed from when the call was due: a server that stalls does not hide what waited behind it.
            errors += not await _exchanged(reader, writer, next(requests))
            took.append(time.perf_counter() - due)
        writer.close()

    async def watch() -> None:
        while place < total:
            sizes.append(_own_memory(pid))
            await asyncio.sleep(1)

    await asyncio.gather(watch(), *(one() for _ in range(_PACED)))
    took.sort()
    part = max(1, len(sizes) // 10)
    # The first tenth warms caches up.
    before, after = statistics.median(sizes[part : 2 * part] or sizes), statistics.median(sizes[-part:])
    return {
        "calls": float(total),
        "errors": float(errors),
        "per_second": total / (time.perf_counter() - started),
        "p99_ms": took[len(took) * 99 // 100] * 1000,
        "memory_mb": after / 1024,
        "memory_grew": after / before - 1,
    }


def _own_memory(pid: int) -> int:
    """Return the kilobytes of anonymous memory of a process and all beneath it."""
    size = 0
    try:
        found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        size += int(found[1]) if found else 0
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            size += _own_memory(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return size


def on_record(journal: Path) -> int:
    """Return how many calls of known callers the journals of a gateway hold."""
    return sum(
        b'"code":"not-known"' not in record
        for path in journal.glob("*.journal")
        for record, _ in frames(path.read_bytes())
    )
