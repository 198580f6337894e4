"""What a layer keeps of a sequence while a model is served."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """Numbers that one layer keeps for every token, and bytes that it keeps for a sequence whatever its length."""

    numbers: float = 0.0  # of a token, in the format of the cache
    tokens: int = 0  # that it keeps at most; zero for all
    state: float = 0.0  # bytes of a sequence

    def size(self, context_length: float, number_size: float) -> float:
        """Count the bytes of a sequence.

        Parameters
        ----------
        context_length
            Tokens of the sequence.
        number_size
            Bytes of a number of the cache.
        """
        kept = min(self.tokens, context_length) if self.tokens else context_length
        return self.numbers * kept * number_size + self.state
