"""What threads and Arrow have freed goes back to the system: a server that was busy once is small again.

Without it each thread keeps what its largest bodies took, and the process grows until every thread has met them.
"""

import subprocess
import sys

import pytest

_THREADS = """
import ctypes, resource, threading
from pathlib import Path
from service.allocator import use_one_heap
use_one_heap()
import pyarrow as pa

def resident():
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def fill():
    held = [bytearray(b"x") * 100_000 for _ in range(100)]
    arrow = [pa.allocate_buffer(100_000) for _ in range(100)]
    together.wait()

freed = bytearray(30_000_000)
del freed  # from here on glibc takes as much as this off its heaps
together, before = threading.Barrier(6), resident()
threads = [threading.Thread(target=fill) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print((resident() - before) // 2**20, pa.default_memory_pool().backend_name)
"""
_SHAPES = """
import ctypes, resource
from pathlib import Path
from service.allocator import keep_few_shapes, use_one_heap
use_one_heap()
keep_few_shapes()
import torch
torch.set_num_threads(1)
network = torch.nn.LSTM(8, 32, batch_first=True)

def resident(lengths):
    with torch.inference_mode():
        for length in lengths:
            network(torch.zeros(1, length, 8))
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

before = resident(range(1, 130))
print((resident(range(130, 330)) - before) // 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process")
def test_series_of_all_lengths_leave_little_behind() -> None:
    """Each length that a network in torch had met left 0.2 MB, up to a thousand of them."""
    run = subprocess.run([sys.executable, "-c", _SHAPES], capture_output=True, text=True, check=True, timeout=60)
    assert int(run.stdout) < 10, f"{run.stdout} MiB of 30 stay"


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process")
def test_what_threads_free_is_free() -> None:
    run = subprocess.run([sys.executable, "-c", _THREADS], capture_output=True, text=True, check=True, timeout=60)
    grown, pool = run.stdout.split()
    assert int(grown) < 10, f"{grown} MiB of 120 stay"
    assert pool == "system"
