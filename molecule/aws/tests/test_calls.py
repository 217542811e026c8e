"""What was asked of AWS, as the stand-in recorded it: allowed by AWS's own model, and the instance as specified."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from test_read_back import TAGS, account, encryption_key


@cache
def calls() -> list[dict[str, Any]]:
    lines = Path(os.environ["ENSSOL_CALLS"]).read_text().splitlines()
    # The drift is ours too, but not what is judged here: it comes with other credentials' calls of the same kinds.
    return [call for call in map(json.loads, lines) if "mark" not in call]


@cache
def model_of(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def misfit(shape: Shape, value: Any) -> str:
    """Why AWS's model does not allow a string or a number; empty when it does."""
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name == "string" and shape.enum and value not in shape.enum:
        return f"{value} is none of {shape.enum}"
    size = len(value) if shape.type_name == "string" else value
    if shape.type_name in {"string", "integer", "long"} and not int(least or size) <= size <= int(most or size):
        return f"{value} is outside {least} to {most}"
    return ""


def members(shape: Shape, value: Any) -> Iterator[tuple[Shape, Any, str]]:
    """What a value is made of, with the model of each."""
    if shape.type_name == "structure":
        yield from ((shape.members[name], one, name) for name, one in value.items() if one is not None)
    elif shape.type_name == "list":
        yield from ((shape.member, one, "[]") for one in value)
    elif shape.type_name == "map":
        yield from ((shape.value, one, key) for key, one in value.items())


def problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """What AWS's model does not allow: botocore itself checks types, but neither words nor most bounds."""
    if shape.type_name == "structure":
        yield from (f"{path}.{name} is missing" for name in shape.required_members if value.get(name) is None)
    if why := misfit(shape, value):
        yield f"{path}: {why}"
    for member, one, name in members(shape, value):
        yield from problems(member, one, f"{path}.{name}")


def misfits(made: list[dict[str, Any]]) -> set[str]:
    """What AWS's own models do not allow of these calls."""
    return {
        problem
        for call in made
        for shape in [model_of(call["service"]).operation_model(call["action"]).input_shape]
        if shape
        for problem in problems(shape, call["parameters"] or {}, f"{call['service']}.{call['action']}")
    }


def test_every_call_is_one_that_awss_own_model_allows() -> None:
    assert misfits(calls()) == set()
    assert {call["service"] for call in calls()} >= {"ec2", "iam", "kms", "route53", "sts"}


def test_the_judge_sees_a_wrong_word_and_a_wrong_number() -> None:
    shape = model_of("ec2").operation_model("ModifyInstanceMetadataOptions").input_shape
    assert shape
    value = {"InstanceId": "i-1", "HttpTokens": "banana"}
    assert len(list(problems(shape, value, ""))) == 1
    shape = model_of("kms").operation_model("ScheduleKeyDeletion").input_shape
    assert shape
    assert list(problems(shape, {"KeyId": "x", "PendingWindowInDays": 400}, "")) != []


def launched() -> dict[str, Any]:
    """The parameters of the first RunInstances, its dictionaries flattened to paths."""
    call = next(call for call in calls() if call["action"] == "RunInstances")
    flat: dict[str, Any] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for key, one in value.items():
                walk(one, f"{path}.{key}" if path else key)
        elif isinstance(value, list) and value and isinstance(value[0], dict) and "Key" not in value[0]:
            for number, one in enumerate(value):
                walk(one, f"{path}[{number}]")
        elif value is not None:
            flat[path] = value

    walk(call["parameters"], "")
    return flat


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ImageId", "ami-0e1550c01a16ad001"),
        ("InstanceType", "t2.nano"),
        ("MinCount", 1),
        ("MaxCount", 1),
        ("CreditSpecification.CpuCredits", "standard"),
        ("IamInstanceProfile.Arn", "arn:aws:iam::123456789012:instance-profile/enssol-local"),
        ("MetadataOptions.HttpTokens", "required"),
        ("MetadataOptions.HttpPutResponseHopLimit", 1),
        ("MetadataOptions.InstanceMetadataTags", "enabled"),
        ("MetadataOptions.HttpEndpoint", "enabled"),
        ("InstanceInitiatedShutdownBehavior", "stop"),
        ("BlockDeviceMappings[0].DeviceName", "/dev/sda1"),
        ("BlockDeviceMappings[0].Ebs.DeleteOnTermination", True),
        ("BlockDeviceMappings[0].Ebs.VolumeSize", 8),
        # The specification has `standard` and not encrypted, and asks for encryption at rest elsewhere: that wins.
        ("BlockDeviceMappings[0].Ebs.VolumeType", "gp3"),
        ("BlockDeviceMappings[0].Ebs.Encrypted", True),
    ],
)
def test_an_attribute_of_the_specified_run_instances(path: str, value: object) -> None:
    assert launched()[path] == value


def test_the_instance_is_launched_where_and_for_whom_it_should() -> None:
    assert launched()["BlockDeviceMappings[0].Ebs.KmsKeyId"] == encryption_key()["Arn"]
    assert launched()["KeyName"] == account()["key"]["KeyName"]
    assert launched()["NetworkInterfaces[0].SubnetId"] == account()["subnets"]["10.0.1.0/24"]["SubnetId"]
    assert launched()["NetworkInterfaces[0].Groups"] == [account()["group"]["GroupId"]]
    tags = {tag["Key"]: tag["Value"] for tag in launched()["TagSpecifications[0].Tags"]}
    assert tags == TAGS


@pytest.mark.parametrize("name", ["HibernationOptions.Configured", "EbsOptimized", "InstanceMarketOptions.MarketType"])
def test_what_the_specification_leaves_off_is_not_asked_for(name: str) -> None:
    assert launched().get(name) in (None, False)


def test_resource_names_are_asked_of_the_subnet_before_the_instance_is_launched() -> None:
    order = [call["action"] for call in calls()]
    assert order.index("ModifySubnetAttribute") < order.index("RunInstances")
    names = [call["parameters"] for call in calls() if call["action"] == "ModifySubnetAttribute"]
    subnets = {one["SubnetId"] for one in names if one.get("PrivateDnsHostnameTypeOnLaunch") == "resource-name"}
    assert subnets >= {
        subnet["SubnetId"]
        for subnet in boto3.client("ec2").describe_subnets(Filters=[{"Name": "tag:Project", "Values": ["enssol"]}])[
            "Subnets"
        ]
    }
