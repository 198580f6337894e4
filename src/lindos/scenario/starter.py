"""A commented scenario to start from, and the JSON Schema for editors."""

from pathlib import Path
from typing import Any

from lindos.errors import InputError
from lindos.files import check_places, write_whole
from lindos.scenario.schema import Scenario

STARTER = """\
# A Lindos scenario. Run it with: lindos run scenario.yaml
# Every number with a dimension carries its unit: 450 GB/s, 90 days, $0.07/kWh, 1.2 GW, 550k.
# Only the sections that you write are answered; a cluster is always priced, and compared with the TOP500 unless you
# write `compare_top500: false`. `lindos catalog list` shows every name you can use.
name: my-cluster
title: A thousand H200 training Llama 3.1 70B
statement: The announcement, with its author and date; the report begins with it.
date: 2026-01-01

# A file of your own prices, hardware, models and rates over the catalogue, beside this file:
# catalog: my-prices.yaml

cluster:
  pools:                       # one entry per kind of device
    - system: hgx-h200         # nodes or racks: hgx-h100, gb200-nvl72, gb300-nvl72, ...
      gpus: 1024
      # fabric: quantum-2-400g # scale-out network; the system's usual one by default
      # oversubscription: 2    # of the network above the first switches
      # online: 2026-03        # day from which the pool works

job:
  model: llama-3.1-70b         # a catalogue model, or the path of a Hugging Face config.json
  precision: bf16              # bf16, fp8, mxfp8 or nvfp4
  sequence_length: 8192
  global_batch_size: 1024      # sequences per step; the critical batch by default
  plan: {}                     # degrees to fix, such as tensor_parallel: 8; the others are searched for
  goal:
    tokens: 1T tokens          # or training_flop: 5e24 FLOP, or duration: 90 days

campaign:
  recovery: restart            # a failure stops the whole job; replica: one data-parallel replica drops out
  # spare_fraction: 2 %        # GPUs set aside to replace failed ones; none by default
  # restart_time: 5 min        # also: device_mtbf, detection_time, repair_time, checkpoint_bandwidth
  # repair_time: 4 h to 3 days # a range is drawn from
  # checkpoints:               # from the freshest to the one that survives everything
  #   - {tier: memory, bandwidth: 10 TB/s, asynchronous: true, blocking_time: 0.2 s}
  #   - {tier: remote, asynchronous: true, blocking_time: 1 s}
  # failures:                  # more of them; of: device, node, rack, switch, pod, feed, software or operator
  #   - {name: power feed, of: feed, mtbf: 3 years to 30 years, devices: 512, repair_time: 4 h}
  # stragglers: {mtbf: 20 years, slowdown: 15 %, duration: 2 h}
  # maintenance: {every: 30 days, lasting: 4 h}

site:
  name: generic-us
  # electricity_price: $0.07/kWh
  # pue: 1.25
  # power_limit: 5 MW
  volume_discount: 10 %
  years: 5

# Inference that cloud providers carry: mean traffic over a day.
inference:
  model: llama-3.1-70b
  input_tokens: 100B tokens/day
  output_tokens: 10B tokens/day

roadmap:
  start: 2026-01-01
  start_h100_equivalents: 1024
  target_h100_equivalents: 100k
  by: 2029-12-31

claims: []                     # ids of catalogue claims to check, such as X4
"""


def write_starter(path: Path, *, force: bool = False) -> None:
    """Write the commented scenario to a file.

    Parameters
    ----------
    path
        Place of the file.
    force
        Whether to overwrite an existing file.

    Raises
    ------
    InputError
        If the file exists and ``force`` is not set, or it cannot be written.
    """
    check_places([path], option="file")
    if path.exists() and not force:
        raise InputError("file", str(path), "a file that does not exist yet", "Add --force to overwrite it.")
    write_whole({path: STARTER.encode()}, option="file")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scenario file."""
    schema = Scenario.model_json_schema()
    # A scenario that extends another takes from it what it leaves out.
    schema["anyOf"] = [{"required": schema.pop("required")}, {"required": ["extends"]}]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Lindos scenario"}
