"""Questions put to trained models: variants under one budget, samplers of few steps, what a feature changes and where."""
