"""Do ASAP-Net's published claims hold, here, on my data and my machine?"""

import os

# Threads of OpenMP that wait for one another keep a core for milliseconds by default. Where two jobs, or a job
# and a browser, share the cores, a training was then up to 40 times slower. Read once, when PyTorch is imported.
if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys():
    os.environ["GOMP_SPINCOUNT"] = "10000"
