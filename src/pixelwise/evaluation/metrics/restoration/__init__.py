"""Metrics of one restored image, averaged over images. Step `restore`.

`compute(image: RestoredImage) -> float`, see `pixelwise.evaluation.restored_image`.
"""
