"""The shared training module: real networks, trained and recorded. Imports no screen."""

import os

# One thread per operation, in every thread. ``torch.set_num_threads`` holds for the thread that calls it; a server's
# others would each start a team of OpenMP threads, which wait for each other in busy loops: on two busy cores a small
# training in a new thread took up to thirty times its processor time.
os.environ.setdefault("OMP_NUM_THREADS", "1")
