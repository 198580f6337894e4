"""Courses to simulate, small and with everything switched on."""

from typing import Any

from lindos.campaign import EVERYTHING, NEVER, Cause, CheckpointTier, Course, PoolSpares, Stragglers

HOUR, DAY = 3600.0, 86_400.0


def remote(interval: float = 1200.0, save: float = 20.0, **changes: Any) -> CheckpointTier:
    """A remote tier that steps wait for."""
    given = {"blocking_time": save, "write_time": 0.0, "restore_time": save, "survives": EVERYTHING}
    return CheckpointTier(name="remote", interval=interval, **(given | changes))


def device(mtbf: float = 20_000 * HOUR, **changes: Any) -> Cause:
    """A device of 1,024 that takes its node of 8 with it."""
    given: dict[str, Any] = {
        "name": "device", "units": 1024, "devices": 8, "repair_time": DAY, "detection_time": 60.0
    }  # fmt: skip
    return Cause(mtbf=mtbf, **(given | changes))


def course(**changes: Any) -> Course:
    """Twenty days on 1,024 devices that fail every 20 hours, restarted whole."""
    given: dict[str, Any] = {
        "duration": 20 * DAY,
        "causes": (device(),),
        "tiers": (remote(),),
        "num_devices": 1024,
        "replica_devices": 64,
        "startup_time": 600.0,
        "restart_time": 600.0,
        "stall_time": 180.0,
    }
    if "work" in changes:
        given["duration"] = None
    return Course(**(given | changes))


def everything(**changes: Any) -> Course:
    """All that can be switched on: laws, pools, racks, teams, tiers, pauses, slow devices, corruption, joining."""
    causes = (
        device(name="infant", law="weibull", shape=0.6, mtbf=40_000 * HOUR),
        device(name="wear", units=128, law="lognormal", shape=0.7, mtbf=9_000 * HOUR, age=2_000 * HOUR),
        device(name="lemon", units=4, mtbf=200 * HOUR, most=3),
        device(name="tray", pool=1, online=5 * DAY, devices=4),
        device(name="feed", pool=1, units=4, mtbf=4_000 * HOUR, devices=256, repair_time=6 * HOUR),
        device(name="software", units=1, mtbf=60 * HOUR, devices=0, blast=EVERYTHING),
    )
    tiers = (
        CheckpointTier(name="memory", interval=60.0, blocking_time=0.2, write_time=20.0, restore_time=5.0, survives=8),
        remote(1800.0, 5.0, write_time=120.0, restore_time=60.0),
    )
    given: dict[str, Any] = {
        "causes": causes,
        "tiers": tiers,
        "pools": (PoolSpares(spares=64), PoolSpares(spares=72, num_racks=15, rack_devices=68, rack_spares=4)),
        "elastic": False,
        "diagnosis_time": 120.0,
        "misdiagnosis": 0.1,
        "repair_teams": 8,
        "announced": 0.2,
        "maintenance_every": 6 * DAY,
        "maintenance_time": 2 * HOUR,
        "stragglers": Stragglers(units=1024, mtbf=40_000 * HOUR, slowdown=0.3, duration=4 * HOUR),
        "flaps": Cause(name="flaps", units=1024, mtbf=20_000 * HOUR, devices=0, detection_time=30.0),
        "corruption": Cause(name="corruption", units=1024, mtbf=90_000 * HOUR, devices=0, detection_time=5 * HOUR),
        "joins": ((0.0, 0.6), (5 * DAY, 1.0)),
    }
    return course(**(given | changes))


#: Tiers where nothing is ever saved: for recoveries that read no checkpoint.
UNSAVED = (remote(NEVER, 0.0, restore_time=0.0),)
