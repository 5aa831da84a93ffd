"""Refining: a network in pixels over the joint of what the generator decodes, so that small findings follow their grades."""
