"""Do ASAP-Net's published claims hold, here, on my data and my machine?"""

import contextlib
import ctypes
import os

# Threads of OpenMP that wait for one another keep a core for milliseconds by default. Where two jobs, or a job
# and a browser, share the cores, a training was then up to 40 times slower. Read once, when PyTorch is imported.
if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys():
    os.environ["GOMP_SPINCOUNT"] = "10000"

# By default each large tensor is new memory from the system, which clears it page by page: a fifth of a training
# step and a quarter of DnCNN's time on a CPU. Freed memory is kept for the next tensor instead, in huge pages, for
# a tenth more memory. The numbers are M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of glibc's malloc.h; PyTorch reads the
# variable at its first tensor.
if not {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"} & os.environ.keys():
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library has no such setting
        _libc = ctypes.CDLL(None)
        _libc.mallopt(-3, 2**30)
        _libc.mallopt(-1, 2**31 - 1)
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
