"""Why a row gets no prediction."""


class NotPredictedError(Exception):
    """A row that Lindos cannot predict: a ``category`` for counts, and one sentence of ``detail``."""

    def __init__(self, category: str, detail: str = "") -> None:
        """Keep category and detail."""
        self.category, self.detail = category, detail or category
        super().__init__(category, detail)
