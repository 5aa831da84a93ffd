"""The one exception that the command line prints as a sentence instead of a traceback."""


class TrainingError(Exception):
    """A fault of the input or the configuration, said in one sentence."""
