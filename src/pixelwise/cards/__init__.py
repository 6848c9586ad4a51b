"""Graphics cards: which there are, whether PyTorch can use them, and which one a job takes; no file here computes."""

import os

# By itself CUDA counts the fastest card first, and `nvidia-smi` by the bus: a number in CUDA_VISIBLE_DEVICES would mean
# two cards. CUDA reads this once, when it is first used.
os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
