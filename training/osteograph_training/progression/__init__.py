"""Progression of knee osteoarthritis on a radiograph: the joint closed by a smooth field, and what a network adds near it."""
