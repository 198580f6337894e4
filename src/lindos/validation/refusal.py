"""Why a row gets no prediction."""


class NotPredictedError(Exception):
    """A row that Lindos cannot predict: a ``category`` to count, and one sentence of ``detail``."""

    def __init__(self, category: str, detail: str = "") -> None:
        """Hold both."""
        self.category, self.detail = category, detail or category
        super().__init__(category, detail)
