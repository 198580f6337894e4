"""Any Hugging Face ``config.json`` as a model: dense, grouped-query, latent attention, mixture of experts.

Keys differ between model families: their conventions are in ``families.yaml``, defaults of the library in
``library.yaml``. A missing value takes the library's default where there is one, and is an input error where there is
none. A configuration that Lindos cannot compute or does not understand is refused, with the key that is the reason.
"""

from lindos.catalog.huggingface.reading import Reading, model_from_config, read_config

__all__ = ["Reading", "model_from_config", "read_config"]
