"""An answer as one long table: a row a figure, for Parquet."""

from io import BytesIO

from lindos.answers.answer import Answer


def parquet(answer: Answer) -> bytes:
    """Write the figures of ``answer`` as the bytes of a Parquet file, with the Lindos version in its metadata."""
    import pyarrow.parquet

    buffer = BytesIO()
    pyarrow.parquet.write_table(answer.to_arrow(), buffer)
    return buffer.getvalue()
