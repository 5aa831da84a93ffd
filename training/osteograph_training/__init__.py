"""Trains and exports Osteograph bundles."""
