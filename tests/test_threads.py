"""Operations of torch in a server's threads: each uses the one thread that it runs in."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import threading
from pathlib import Path
import core
import torch

def work():
    torch.rand(200_000).exp().sum()
    torch.rand(300, 300) @ torch.rand(300, 300)
    counts.append(len(list(Path("/proc/self/task").iterdir())) - before)

counts, before = [], len(list(Path("/proc/self/task").iterdir()))
for _ in range(3):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(max(counts))
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted where Linux lists them")
def test_an_operation_in_a_new_thread_starts_no_others():
    root = Path(__file__).resolve().parent.parent
    run = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=True)
    assert int(run.stdout) <= 1  # the new thread itself
