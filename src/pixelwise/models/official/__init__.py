"""The authors' checkpoints, option names and tensor names."""
