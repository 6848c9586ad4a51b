"""Import before torch, on machines without a driver: lets backward passes of fake CUDA tensors run.

At the start of a backward pass the engine asks CUDA for each device's context; without a driver that raises. Here a
`libcuda.so.1` that does nothing says that the context is there. Nothing is computed by it: the tensors have no values.
"""

import ctypes
import subprocess
import sys
import tempfile
from pathlib import Path

assert "torch" not in sys.modules, "import this before torch"
DRIVER = """cuCtxGetCurrent cuCtxSetCurrent cuDeviceGet cuDeviceGetAttribute cuDevicePrimaryCtxRetain cuFuncGetAttribute
cuFuncSetAttribute cuFuncSetCacheConfig cuGetErrorString cuLaunchCooperativeKernel cuLaunchKernel cuLinkAddData_v2
cuLinkComplete cuLinkCreate_v2 cuModuleGetFunction cuModuleLoad cuModuleLoadData cuModuleLoadDataEx cuModuleUnload
cuOccupancyMaxActiveBlocksPerMultiprocessor cuPointerGetAttribute cuTensorMapEncodeTiled"""
SOURCE = (
    "".join(f"int {name}(void) {{ return 0; }}\n" for name in DRIVER.split())
    + r"""
static int devices;
void set_devices(int n) { devices = n; }
int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) { *flags = 0; *active = 1; return 0; }
signed char _ZN3c104cuda12device_countEv(void) { return devices; } /* c10::cuda::device_count */
"""
)

with tempfile.TemporaryDirectory() as _name:
    _folder = Path(_name)
    (_folder / "driver.c").write_text(SOURCE)
    _library = _folder / "libcuda.so.1"
    _command = ["cc", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o", str(_library), str(_folder / "driver.c")]
    subprocess.run(_command, check=True)
    _driver = ctypes.CDLL(str(_library), mode=ctypes.RTLD_GLOBAL)

import torch  # noqa: E402

torch._C._ensureCUDADeviceGuardSet()  # takes the guard that does nothing, since there is no device yet
_driver.set_devices(127)  # as many as that guard claims
