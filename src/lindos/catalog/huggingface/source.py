"""Read the file of a configuration, and flatten it to its language model if it also sees or hears."""

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lindos.errors import InputError

MAX_BYTES = 5_000_000
#: Sections with the language model of a model that also sees or hears.
TEXT_SECTIONS = ("text_config", "llm_config", "language_config", "thinker_config", "text_model_config")
#: Sections whose counts belong to the model; their keys become dotted.
SECTIONS = ("ffn_config", "attn_config")
#: Beginnings of sections that describe how the model sees, hears or speaks.
_OTHER_INPUTS = ("vision", "audio", "image", "video", "speech", "vq", "talker", "code2wav", "token2wav")
#: Keys of the outer model that override those of the section of the language model: they are about the head.
_INHERITED = ("tie_word_embeddings",)


def read_file(path: Path) -> dict[str, Any]:
    """Read a ``config.json``.

    Parameters
    ----------
    path
        The file, or the folder that contains it.

    Raises
    ------
    InputError
        If the file cannot be read, is larger than 5 MB, is not JSON or is no object.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return read_file(path / "config.json")
        if status.st_size > MAX_BYTES:
            raise InputError("model", f"{path} of {status.st_size / 1e6:,.0f} MB", "a configuration of at most 5 MB")
        if not stat.S_ISREG(status.st_mode):  # a device or a pipe may never end
            raise InputError("model", str(path), "a config.json that can be read")
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        hint = f"The system says: {error.strerror or 'it cannot be read'}."
        raise InputError("model", str(path), "a config.json that can be read", hint) from None
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        hint = f"Line {error.lineno}: {error.msg}." if isinstance(error, json.JSONDecodeError) else ""
        raise InputError("model", str(path), "a config.json in JSON", hint) from None
    if not isinstance(data, dict):
        raise InputError("model", str(path), "a config.json that holds one object")
    return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The language model that a configuration describes."""

    data: Mapping[str, Any]  # its keys; those of sections that belong to it are dotted
    model_types: tuple[Any, ...]  # types from the outside in, as written
    left_out: tuple[str, ...]  # sections that describe something else, such as vision_config


def language_model(config: Mapping[str, Any]) -> Source:
    """Flatten a configuration to that of its language model.

    Parameters
    ----------
    config
        The parsed ``config.json``.
    """
    types, left_out, data = [config.get("model_type")], set(), dict(config)
    for _ in TEXT_SECTIONS:
        section = next((key for key in TEXT_SECTIONS if isinstance(data.get(key), Mapping)), None)
        if section is None:
            break
        left_out |= {key for key in _sections(data) if key != section}
        data = {**data[section], **{key: data[key] for key in _INHERITED if data.get(key) is not None}}
        types.append(data.get("model_type"))
    other_inputs = {key for key in _sections(data) if key.startswith(_OTHER_INPUTS)}
    data = {key: value for key, value in data.items() if key not in other_inputs and key not in TEXT_SECTIONS}
    for section in SECTIONS:
        inner = data.pop(section, None)
        if isinstance(inner, Mapping):
            data |= {f"{section}.{key}": value for key, value in inner.items()}
    return Source(data=data, model_types=tuple(types), left_out=tuple(sorted(left_out | other_inputs)))


def _sections(data: Mapping[str, Any]) -> list[str]:
    return [key for key, value in data.items() if isinstance(value, Mapping) and key.endswith("_config")]
