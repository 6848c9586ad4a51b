"""From params.yaml to jobs: which there are, what makes one stale, how one runs."""
