"""An answer as one long table with a row per figure, for Parquet."""

from io import BytesIO

from lindos.answers.answer import Answer


def parquet(answer: Answer) -> bytes:
    """Return the figures of an answer as the bytes of a Parquet file, with the Lindos version in its metadata.

    Parameters
    ----------
    answer
        The answer.
    """
    import pyarrow.parquet

    buffer = BytesIO()
    pyarrow.parquet.write_table(answer.to_arrow(), buffer)
    return buffer.getvalue()
