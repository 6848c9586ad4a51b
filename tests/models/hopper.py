"""Triton kernels compiled for compute capability 9.0, which needs no GPU."""

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

SHARED_MEMORY = 227 * 1024  # bytes that one block can have


def compiled(kernel, constants, types, warps=4):
    """A kernel for values of its `tl.constexpr` arguments; `types` of the others, "i32" where nothing is said."""
    names = kernel.arg_names
    signature = {name: "constexpr" if name in constants else types.get(name, "i32") for name in names}
    source = ASTSource(kernel, signature, constexprs={(names.index(name),): value for name, value in constants.items()})
    return triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": warps, "num_stages": 2})
