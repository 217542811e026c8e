"""Say what AWS knows of a host, on the controller: its CPU credits and its alarms; in the form of host_status.py.

Usage: cloud_status.py INSTANCE_ID ALARM_PREFIX
Region, endpoint and credentials are boto3's own business.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

# The alarm's own limit.
CREDITS = 10.0


def credits_of(cloudwatch: Any, instance: str) -> tuple[str, str]:
    """Return the mark and the words for the CPU credits that an instance has left."""
    now = datetime.now(UTC)
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/EC2",
        MetricName="CPUCreditBalance",
        Dimensions=[{"Name": "InstanceId", "Value": instance}],
        StartTime=now - timedelta(minutes=30),
        EndTime=now,
        Period=300,
        Statistics=["Average"],
    )["Datapoints"]
    if not points:
        return "?", "AWS told none in 30 min"
    balance = max(points, key=lambda point: point["Timestamp"])["Average"]
    return "LOOK" if balance < CREDITS else "ok", f"{balance:.0f} left"


def alarms_of(cloudwatch: Any, prefix: str) -> tuple[str, str]:
    """Return the mark and the words for the alarms of an environment."""
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    states = {alarm["AlarmName"]: alarm["StateValue"] for page in pages for alarm in page["MetricAlarms"]}
    if not states:
        return "LOOK", "there are none: provision"
    ringing = sorted(name for name, state in states.items() if state == "ALARM")
    silent = sum(state == "INSUFFICIENT_DATA" for state in states.values())
    if ringing:
        return "LOOK", f"ringing: {', '.join(ringing)}"
    return "ok", f"none of {len(states)} rings" + (f", {silent} have nothing to judge by" if silent else "")


def main(instance: str, prefix: str) -> None:
    cloudwatch = boto3.client("cloudwatch")
    for name, (mark, says) in {
        "credits": credits_of(cloudwatch, instance),
        "alarms": alarms_of(cloudwatch, prefix),
    }.items():
        print(f"{mark:<5} {name:<12} {says}")


if __name__ == "__main__":
    main(*sys.argv[1:])
