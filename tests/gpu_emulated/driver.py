"""A stand-in for NVIDIA's driver, to be loaded before torch: it lets autograd work on devices that are not there.

When a backward pass begins, autograd asks c10 how many CUDA devices there are, and the driver whether each has a
context. Both answers come from a small C library here, whose other functions do nothing. Needs a C compiler and Linux.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COUNT = "_ZN3c104cuda12device_countEv"  # c10::cuda::device_count()
IGNORED = """
CtxGetCurrent CtxSetCurrent DeviceGet DeviceGetAttribute DevicePrimaryCtxRetain FuncGetAttribute
FuncSetAttribute FuncSetCacheConfig GetErrorString LaunchCooperativeKernel LaunchKernel LinkAddData_v2 LinkComplete
LinkCreate_v2 ModuleGetFunction ModuleLoad ModuleLoadData ModuleLoadDataEx ModuleUnload
OccupancyMaxActiveBlocksPerMultiprocessor PointerGetAttribute TensorMapEncodeTiled
"""
SOURCE = f"""
static int count;
void set_count(int devices) {{ count = devices; }}
signed char {COUNT}(void) {{ return count; }}
int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) {{ *flags = 0; *active = 1; return 0; }}
{"".join(f"int cu{name}(void) {{ return 0; }}" for name in IGNORED.split())}
"""


def load() -> None:
    """Put the stand-in in the driver's place and import torch; afterwards there seem to be as many devices as ever."""
    assert "torch" not in sys.modules, "the driver's stand-in comes before torch"
    with tempfile.TemporaryDirectory() as name:
        source, library = Path(name, "driver.c"), Path(name, "libcuda.so.1")
        source.write_text(SOURCE)
        compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
        flags = ["-shared", "-fPIC", "-Wl,-soname,libcuda.so.1"]
        subprocess.run([compiler, *flags, "-o", str(library), str(source)], check=True)
        driver = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    import torch

    torch._C._ensureCUDADeviceGuardSet()  # with no device yet, the guard that does nothing is taken
    driver.set_count(127)  # as many devices as that guard claims
    torch.cuda.is_available, torch.cuda.device_count = lambda: False, lambda: 0  # outside `emulated` there are none
    # Views of tensors of inference mode have no version, which wrapping tensors need. Decorators take it at import.
    torch.inference_mode = lambda mode=True: torch.no_grad() if mode else contextlib.nullcontext()
