"""Super-resolution of MRI: the scanner's physics, its correction, a diffusion teacher and the small student distilled from it."""
