"""Our own AWS modules against moto in this process: previewed, made, unchanged, drifted, put back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from role_scripts import load as load_file
from test_aws_roles import load

load_file("local_aws", "aws_gaps").close_gaps()
ENDPOINT = load("roles/aws_access/library/ec2_instance_connect_endpoint.py")
INSTANCE = load("roles/aws_compute/library/ec2_instance_settings.py")
GATEWAY = load("roles/aws_network/library/ec2_gateway_endpoint.py")
SUBNETS = load("roles/aws_network/library/ec2_subnet_names.py")
BUCKET = load("roles/aws_storage/library/s3_private_bucket.py")


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-2")
    with mock_aws():
        yield


@pytest.fixture
def ec2() -> Any:
    return boto3.client("ec2")


@pytest.fixture
def subnet(ec2: Any) -> str:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"])


@pytest.fixture
def instance(ec2: Any, subnet: str) -> str:
    (image, *_) = ec2.describe_images()["Images"]
    made = ec2.run_instances(ImageId=image["ImageId"], MinCount=1, MaxCount=1, InstanceType="t2.nano", SubnetId=subnet)
    instance = str(made["Instances"][0]["InstanceId"])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=instance)
    return instance


def asked(instance: str, **others: Any) -> dict[str, Any]:
    return {
        "instance_id": instance,
        "hop_limit": 1,
        "cpu_credits": "standard",
        "shutdown_behavior": "stop",
        "termination_protection": True,
        "auto_recovery": True,
        "resource_name": True,
        "tags": {"Owner": "somebody"},
        **others,
    }


def test_an_instance_is_held_once_and_a_preview_says_so_before(ec2: Any, instance: str) -> None:
    preview = INSTANCE.hold(ec2, asked(instance), dry=True)
    assert preview["settings"] == ["metadata", "termination_protection", "resource_name", "tags"]
    assert INSTANCE.hold(ec2, asked(instance), dry=False) == preview
    assert INSTANCE.hold(ec2, asked(instance), dry=True) == {
        "changed": False,
        "settings": [],
        "diff": {"before": {}, "after": {}},
    }


def test_everything_that_belongs_to_an_instance_is_tagged(ec2: Any, instance: str) -> None:
    ec2.create_tags(Resources=[instance], Tags=[{"Key": "Note", "Value": "by hand"}])
    INSTANCE.hold(ec2, asked(instance), dry=False)
    tags = ec2.describe_tags()["Tags"]
    tagged = sorted(tag["ResourceId"].split("-")[0] for tag in tags if tag["Key"] == "Owner")
    assert tagged == ["eipalloc", "eni", "i", "vol"]
    assert [tag["Value"] for tag in tags if tag["Key"] == "Note"] == ["by hand"]


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("metadata", {"hop_limit": 2}),
        ("cpu_credits", {"cpu_credits": "unlimited"}),
        ("shutdown_behavior", {"shutdown_behavior": "terminate"}),
        ("termination_protection", {"termination_protection": False}),
        ("auto_recovery", {"auto_recovery": False}),
        ("resource_name", {"resource_name": False}),
        ("tags", {"tags": {"Owner": "somebody else"}}),
    ],
)
def test_one_attribute_that_drifted_is_named_and_put_back_alone(
    ec2: Any, instance: str, setting: str, options: dict[str, Any]
) -> None:
    INSTANCE.hold(ec2, asked(instance), dry=False)
    INSTANCE.hold(ec2, asked(instance, **options), dry=False)
    assert INSTANCE.hold(ec2, asked(instance), dry=True)["settings"] == [setting]
    assert INSTANCE.hold(ec2, asked(instance), dry=False)["settings"] == [setting]
    assert INSTANCE.hold(ec2, asked(instance), dry=False)["changed"] is False


def test_a_gateway_endpoint_is_previewed_made_left_alone_and_led_to_by_these_route_tables_only(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    one, two, other = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(3))
    asked = {"vpc_id": vpc, "service": "com.amazonaws.ap-southeast-2.s3", "tags": {"Owner": "somebody"}}
    wanted = {**asked, "route_table_ids": [one, two]}
    preview = GATEWAY.hold(ec2, wanted, dry=True)
    assert preview["settings"] == ["endpoint", "route_tables", "tags"]
    assert GATEWAY.hold(ec2, wanted, dry=False) == preview
    assert GATEWAY.hold(ec2, wanted, dry=False)["changed"] is False
    (made,) = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    which = {"VpcEndpointId": made["VpcEndpointId"]}
    ec2.modify_vpc_endpoint(**which, AddRouteTableIds=[other], RemoveRouteTableIds=[two])
    ec2.delete_tags(Resources=[made["VpcEndpointId"]], Tags=[{"Key": "Owner"}])
    assert GATEWAY.hold(ec2, wanted, dry=True)["settings"] == ["route_tables", "tags"]
    assert GATEWAY.hold(ec2, wanted, dry=False)["settings"] == ["route_tables", "tags"]
    assert GATEWAY.hold(ec2, wanted, dry=False)["changed"] is False
    (found,) = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert sorted(found["RouteTableIds"]) == sorted([one, two])
    assert found["Tags"] == [{"Key": "Owner", "Value": "somebody"}]


def test_instances_of_a_subnet_are_named_by_their_id(ec2: Any, subnet: str) -> None:
    assert SUBNETS.hold(ec2, [subnet], True, dry=True)["subnets"] == [subnet]
    assert SUBNETS.hold(ec2, [subnet], True, dry=False)["changed"] is True
    assert SUBNETS.hold(ec2, [subnet], True, dry=False)["changed"] is False
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert found["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"
    assert found["PrivateDnsNameOptionsOnLaunch"]["EnableResourceNameDnsARecord"] is True


def endpoint(subnet: str, *groups: str, **others: Any) -> dict[str, Any]:
    tags = {"Name": "enssol-test-ssh", "Project": "enssol", "Environment": "test", "Owner": "somebody"}
    return {"subnet_id": subnet, "group_ids": list(groups), "tags": tags, "timeout": 0, "interval": 0, **others}


def test_an_endpoint_of_ssh_is_previewed_made_left_alone_and_removed(ec2: Any, subnet: str) -> None:
    (group, *_) = [one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]]
    preview = ENDPOINT.hold(ec2, endpoint(subnet, group), dry=True)
    assert preview["changed"] is True
    assert ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"] == []
    made = ENDPOINT.hold(ec2, endpoint(subnet, group), dry=False)
    assert made["settings"] == preview["settings"] == ["endpoint", "subnet", "groups", "client_ip", "tags"]
    assert ENDPOINT.hold(ec2, endpoint(subnet, group), dry=False) == {
        "changed": False,
        "endpoint_id": made["endpoint_id"],
        "settings": [],
        "diff": {"before": {}, "after": {}},
    }
    (found,) = ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"]
    assert (found["SubnetId"], found["SecurityGroupIds"], found["PreserveClientIp"]) == (subnet, [group], False)
    assert ENDPOINT.remove(ec2, endpoint(subnet), dry=True)["changed"] is True
    assert ENDPOINT.remove(ec2, endpoint(subnet), dry=False)["changed"] is True
    assert ENDPOINT.remove(ec2, endpoint(subnet), dry=False)["changed"] is False
    assert ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"] == []


def test_what_drifted_of_an_endpoint_is_named_and_put_back_alone(ec2: Any, subnet: str) -> None:
    (vpc,) = [one["VpcId"] for one in ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]]
    mine, another = (ec2.create_security_group(GroupName=n, Description=n, VpcId=vpc)["GroupId"] for n in ("a", "b"))
    first = ENDPOINT.hold(ec2, endpoint(subnet, mine), dry=False)["endpoint_id"]
    ec2.modify_instance_connect_endpoint(
        InstanceConnectEndpointId=first, SecurityGroupIds=[another], PreserveClientIp=True
    )
    ec2.create_tags(Resources=[first], Tags=[{"Key": "Owner", "Value": "somebody else"}])
    done = ENDPOINT.hold(ec2, endpoint(subnet, mine), dry=False)
    assert (done["settings"], done["endpoint_id"]) == (["groups", "client_ip", "tags"], first)
    assert ENDPOINT.hold(ec2, endpoint(subnet, mine), dry=False)["changed"] is False
    # A subnet cannot be changed: the endpoint is made anew, and AWS allows no two.
    moved = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24")["Subnet"]["SubnetId"]
    again = ENDPOINT.hold(ec2, endpoint(moved, mine), dry=False)
    assert again["settings"] == ["subnet"]
    (found,) = ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"]
    assert (found["InstanceConnectEndpointId"], found["SubnetId"]) == (again["endpoint_id"], moved)


class Late:
    """An EC2 that shows an endpoint in one state after the other."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)

    def describe_instance_connect_endpoints(self, **_: Any) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"InstanceConnectEndpoints": [{"State": state, "StateMessage": "no room"}]}


def test_an_endpoint_is_waited_for_and_a_failed_or_late_one_is_said() -> None:
    told = {"timeout": 60, "interval": 0}
    ENDPOINT.wait(Late("create-in-progress", "create-in-progress", "create-complete"), "e", "create-complete", told)
    with pytest.raises(RuntimeError, match="e is create-failed: no room"):
        ENDPOINT.wait(Late("create-in-progress", "create-failed"), "e", "create-complete", told)
    with pytest.raises(TimeoutError, match="still create-in-progress after 0 s"):
        ENDPOINT.wait(Late("create-in-progress"), "e", "create-complete", {"timeout": 0, "interval": 0})


def bucket(**others: Any) -> dict[str, Any]:
    return {
        "name": "enssol-test-backups",
        "kms_key_id": "arn:aws:kms:ap-southeast-2:123456789012:key/1",
        "versioning": True,
        "lock_days": 30,
        "expire_days": 30,
        "expired_days": 31,
        "statements": [],
        "log_bucket": "",
        "tags": {"Owner": "somebody"},
        **others,
    }


def test_a_bucket_is_previewed_made_and_left_alone() -> None:
    s3 = boto3.client("s3")
    assert BUCKET.hold(s3, bucket(), dry=True)["settings"][0] == "bucket"
    assert s3.list_buckets()["Buckets"] == []
    assert BUCKET.hold(s3, bucket(), dry=False)["changed"] is True
    assert BUCKET.hold(s3, bucket(), dry=False) == {
        "changed": False,
        "settings": [],
        "diff": {"before": {}, "after": {}},
    }


@pytest.mark.parametrize(
    ("setting", "call", "arguments"),
    [
        ("policy", "delete_bucket_policy", {}),
        ("public_access", "delete_public_access_block", {}),
        ("ownership", "delete_bucket_ownership_controls", {}),
        ("encryption", "delete_bucket_encryption", {}),
        ("lifecycle", "delete_bucket_lifecycle", {}),
        ("tags", "delete_bucket_tagging", {}),
        ("lock", "put_object_lock_configuration", {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}),
    ],
)
def test_a_setting_of_a_bucket_that_drifted_is_named_and_put_back_alone(
    setting: str, call: str, arguments: dict[str, Any]
) -> None:
    s3 = boto3.client("s3")
    BUCKET.hold(s3, bucket(), dry=False)
    getattr(s3, call)(Bucket=bucket()["name"], **arguments)
    assert BUCKET.hold(s3, bucket(), dry=True)["settings"] == [setting]
    assert BUCKET.hold(s3, bucket(), dry=False)["settings"] == [setting]
    assert BUCKET.hold(s3, bucket(), dry=False)["changed"] is False


def test_what_lies_in_a_bucket_is_locked_encrypted_and_not_for_the_public() -> None:
    s3 = boto3.client("s3")
    BUCKET.hold(s3, bucket(), dry=False)
    s3.put_object(Bucket=bucket()["name"], Key="web/1", Body=b"x")
    found = s3.head_object(Bucket=bucket()["name"], Key="web/1")
    assert found["ObjectLockMode"] == "GOVERNANCE"
    assert found["ServerSideEncryption"] == "aws:kms"
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket()["name"], Key="web/1", VersionId=found["VersionId"])
