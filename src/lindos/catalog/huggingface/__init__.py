"""Any Hugging Face ``config.json`` as a model: dense, grouped-query, latent attention, mixture of experts.

Keys differ between model families; conventions stand in ``families.yaml``, defaults of the library in ``library.yaml``.
What a configuration leaves out takes the library's default where there is one, and is an input error where there is
none. What Lindos cannot compute or does not understand is refused by name.
"""

from lindos.catalog.huggingface.reading import Reading, model_from_config, read_config

__all__ = ["Reading", "model_from_config", "read_config"]
