"""Restoration of radiographs: noise taken away, resolution added, what a mask hides filled in (Med-cDiff's tasks, on real films)."""
