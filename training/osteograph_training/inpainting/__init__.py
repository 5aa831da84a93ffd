"""Inpainting of MRI: what a mask hides in a slice, or a whole lost slice, from the rest of the slice and its neighbours (Med-cDiff's third task)."""
