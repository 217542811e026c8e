#!/usr/bin/python
"""Ansible module: the attributes of a standing instance that amazon.aws.ec2_instance sets once, or never."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: ec2_instance_settings
short_description: Hold an instance, and what belongs to it, to its attributes
description:
  - amazon.aws.ec2_instance 7.6 gives these to a new instance and does not look at them again (metadata options,
    credits), or does not know them (auto recovery, resource names). This module reads all of them and changes those
    that differ.
  - Tags the instance, its volumes and interfaces, and the Elastic IPs on them. A tag not named here is left alone.
  - Region, endpoint and credentials come from the environment, as for any AWS tool.
options:
  instance_id:
    description: Id of the instance.
    type: str
    required: true
  hop_limit:
    description: Hops that an answer of the metadata service may take, 1 to 64. Tokens (IMDSv2) are always required.
    type: int
    default: 1
  cpu_credits:
    description: What happens when the credits of a T instance are spent.
    type: str
    choices: [standard, unlimited]
    default: standard
  shutdown_behavior:
    description: What a shutdown from inside does.
    type: str
    choices: [stop, terminate]
    default: stop
  termination_protection:
    description: Whether AWS refuses to terminate it.
    type: bool
    required: true
  auto_recovery:
    description: Whether AWS moves it off broken hardware.
    type: bool
    default: true
  resource_name:
    description: Whether its private DNS name is made of its id and answered with an A record. AWS changes the name of a
      stopped instance only.
    type: bool
    default: true
  tags:
    description: Tags of the instance and of all that belongs to it.
    type: dict
    default: {}
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Hold the instance to what was asked
  ec2_instance_settings:
    instance_id: i-0123456789abcdef0
    termination_protection: true
    tags: {Owner: environment-systems}
"""

RETURN = """
settings:
  description: Names of the attributes that differed.
  type: list
  elements: str
  returned: always
"""

Client = Any


class Setting(NamedTuple):
    """One attribute: where it is read in what EC2 says of an instance, and how it is changed."""

    read: Callable[[Mapping[str, Any]], Any]
    write: Callable[[Client, str, Any], object]


def metadata_of(instance: Mapping[str, Any]) -> dict[str, Any]:
    names = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")
    return {name: instance.get("MetadataOptions", {}).get(name) for name in names}


def names_of(instance: Mapping[str, Any]) -> dict[str, Any]:
    names = instance.get("PrivateDnsNameOptions", {})
    return {name: names.get(name) for name in ("HostnameType", "EnableResourceNameDnsARecord")}


def write_names(ec2: Client, instance: str, value: dict[str, Any]) -> object:
    return ec2.modify_private_dns_name_options(
        InstanceId=instance,
        PrivateDnsHostnameType=value["HostnameType"],
        EnableResourceNameDnsARecord=value["EnableResourceNameDnsARecord"],
    )


SETTINGS = {
    "metadata": Setting(
        metadata_of,
        # The VPC has no IPv6. It is said each time, since the stand-in forgets what is not said.
        lambda ec2, instance, value: ec2.modify_instance_metadata_options(
            InstanceId=instance, HttpProtocolIpv6="disabled", **value
        ),
    ),
    "cpu_credits": Setting(
        lambda instance: instance["CpuCredits"],
        lambda ec2, instance, value: ec2.modify_instance_credit_specification(
            InstanceCreditSpecifications=[{"InstanceId": instance, "CpuCredits": value}]
        ),
    ),
    "shutdown_behavior": Setting(
        lambda instance: instance["ShutdownBehavior"],
        lambda ec2, instance, value: ec2.modify_instance_attribute(
            InstanceId=instance, InstanceInitiatedShutdownBehavior={"Value": value}
        ),
    ),
    "termination_protection": Setting(
        lambda instance: instance["DisableApiTermination"],
        lambda ec2, instance, value: ec2.modify_instance_attribute(
            InstanceId=instance, DisableApiTermination={"Value": value}
        ),
    ),
    "auto_recovery": Setting(
        lambda instance: instance.get("MaintenanceOptions", {}).get("AutoRecovery"),
        lambda ec2, instance, value: ec2.modify_instance_maintenance_options(InstanceId=instance, AutoRecovery=value),
    ),
    "resource_name": Setting(names_of, write_names),
}


def wanted_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """Say the module's options as EC2 says them."""
    return {
        "metadata": {
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": params["hop_limit"],
            "HttpEndpoint": "enabled",
            "InstanceMetadataTags": "enabled",
        },
        "cpu_credits": params["cpu_credits"],
        "shutdown_behavior": params["shutdown_behavior"],
        "termination_protection": params["termination_protection"],
        "auto_recovery": "default" if params["auto_recovery"] else "disabled",
        "resource_name": {
            "HostnameType": "resource-name" if params["resource_name"] else "ip-name",
            "EnableResourceNameDnsARecord": params["resource_name"],
        },
    }


def find(ec2: Client, instance_id: str) -> dict[str, Any]:
    """Read the instance, with the attributes that EC2 tells in answers of their own."""

    def attribute(name: str) -> Any:
        answer = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=name)
        return answer[name[0].upper() + name[1:]]["Value"]

    (reservation,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    credits_ = ec2.describe_instance_credit_specifications(InstanceIds=[instance_id])["InstanceCreditSpecifications"]
    return {
        **reservation["Instances"][0],
        # A type without credits is told with an empty list.
        "CpuCredits": credits_[0]["CpuCredits"] if credits_ else None,
        "ShutdownBehavior": attribute("instanceInitiatedShutdownBehavior"),
        "DisableApiTermination": attribute("disableApiTermination"),
    }


def parts_of(ec2: Client, instance: Mapping[str, Any]) -> list[str]:
    """Ids of the instance, its volumes and interfaces, and the Elastic IPs associated with it."""
    filters = [{"Name": "instance-id", "Values": [instance["InstanceId"]]}]
    return [
        instance["InstanceId"],
        *(mapping["Ebs"]["VolumeId"] for mapping in instance["BlockDeviceMappings"]),
        *(interface["NetworkInterfaceId"] for interface in instance["NetworkInterfaces"]),
        *(address["AllocationId"] for address in ec2.describe_addresses(Filters=filters)["Addresses"]),
    ]


def tags_of(ec2: Client, parts: list[str], names: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The tags, of those named, that each part has."""
    found: dict[str, dict[str, str]] = {part: {} for part in parts}
    for page in ec2.get_paginator("describe_tags").paginate(Filters=[{"Name": "resource-id", "Values": parts}]):
        for tag in page["Tags"]:
            if tag["Key"] in names:
                found[tag["ResourceId"]][tag["Key"]] = tag["Value"]
    return found


def hold(ec2: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer.

    Raises botocore's ClientError when EC2 refuses.
    """
    instance = find(ec2, params["instance_id"])
    wanted = wanted_of(params)
    before: dict[str, Any] = {name: SETTINGS[name].read(instance) for name in wanted}
    tags = {name: str(value) for name, value in params["tags"].items()}
    tagged = tags_of(ec2, parts_of(ec2, instance), tags)
    differing = [name for name in wanted if before[name] != wanted[name]]
    untagged = [part for part, found in tagged.items() if found != tags]
    if not dry:
        # The tags first: what EC2 refuses of the others does not keep the bill from being read.
        if untagged:
            ec2.create_tags(Resources=untagged, Tags=[{"Key": name, "Value": tags[name]} for name in tags])
        for name in differing:
            SETTINGS[name].write(ec2, params["instance_id"], wanted[name])
    return {
        "changed": bool(differing or untagged),
        "settings": [*differing, *(["tags"] if untagged else [])],
        "diff": {
            "before": {name: before[name] for name in differing} | {part: tagged[part] for part in untagged},
            "after": {name: wanted[name] for name in differing} | dict.fromkeys(untagged, tags),
        },
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "instance_id": {"type": "str", "required": True},
            "hop_limit": {"type": "int", "default": 1},
            "cpu_credits": {"type": "str", "choices": ["standard", "unlimited"], "default": "standard"},
            "shutdown_behavior": {"type": "str", "choices": ["stop", "terminate"], "default": "stop"},
            "termination_protection": {"type": "bool", "required": True},
            "auto_recovery": {"type": "bool", "default": True},
            "resource_name": {"type": "bool", "default": True},
            "tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        result = hold(boto3.client("ec2"), module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        hint = " Stop the instance and run provision again." if "IncorrectInstanceState" in str(error) else ""
        module.fail_json(msg=f"EC2 refused to show or change {module.params['instance_id']}: {error}.{hint}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
