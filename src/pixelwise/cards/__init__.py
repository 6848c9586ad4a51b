"""Graphics cards: which there are, whether PyTorch can use them, and which one a job takes; no file here computes."""
