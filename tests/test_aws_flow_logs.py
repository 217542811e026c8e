"""Our module for flow logs against moto in this process: to a bucket, to a log group, to the other, and away."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from test_aws_modules import account
from test_aws_roles import load

__all__ = ["account"]
FLOW = load("roles/aws_flow_logs/library/vpc_flow_log.py")
GROUP = "/enssol/test/flow"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


class Aws:
    """The three services, a VPC and a bucket in an account of the test's own."""

    def __init__(self) -> None:
        self.ec2, self.logs, self.s3 = (boto3.client(name) for name in ("ec2", "logs", "s3"))
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        where = {"LocationConstraint": "ap-southeast-2"}
        self.s3.create_bucket(Bucket="enssol-test-logs", CreateBucketConfiguration=where)
        self.s3.put_bucket_policy(Bucket="enssol-test-logs", Policy=POLICY)

    def asked(self, others: dict[str, Any] | None = None) -> dict[str, Any]:
        nothing = {"bucket": None, "log_group": None, "role_arn": "arn:aws:iam::123456789012:role/flow"}
        tags = {"Owner": "somebody"}
        return {
            "name": "enssol-test",
            "vpc_id": self.vpc,
            **nothing,
            "retention_days": 90,
            "tags": tags,
            **(others or {}),
        }

    def hold(self, where: dict[str, str], dry: bool = False) -> dict[str, Any]:
        done: dict[str, Any] = FLOW.hold(self.ec2, self.logs, self.s3, self.asked(where), dry)
        return done

    def standing(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ec2.describe_flow_logs()["FlowLogs"]
        return found


@pytest.fixture
def aws(account: None) -> Aws:
    return Aws()


TO_BUCKET = {"bucket": "enssol-test-logs"}
TO_GROUP = {"log_group": GROUP}


@pytest.mark.parametrize(
    ("where", "settings"), [(TO_BUCKET, ["flow_log", "tags"]), (TO_GROUP, ["log_group", "flow_log", "tags"])]
)
def test_a_flow_log_is_previewed_made_left_alone_and_removed(
    aws: Aws, where: dict[str, str], settings: list[str]
) -> None:
    preview = aws.hold(where, dry=True)
    assert preview["settings"] == settings
    assert (aws.standing(), aws.logs.describe_log_groups()["logGroups"]) == ([], [])
    assert aws.hold(where) == preview
    assert aws.hold(where)["changed"] is False
    (made,) = aws.standing()
    assert (made["ResourceId"], made["TrafficType"], made["MaxAggregationInterval"]) == (aws.vpc, "ALL", 600)
    assert {tag["Key"]: tag["Value"] for tag in made["Tags"]} == {"Name": "enssol-test", "Owner": "somebody"}
    gone = aws.asked(TO_GROUP)
    assert FLOW.remove(aws.ec2, aws.logs, gone, dry=True)["changed"] is True
    assert FLOW.remove(aws.ec2, aws.logs, gone, dry=False)["changed"] is True
    assert FLOW.remove(aws.ec2, aws.logs, gone, dry=False)["changed"] is False
    assert (aws.standing(), aws.logs.describe_log_groups()["logGroups"]) == ([], [])


def test_one_that_goes_elsewhere_is_replaced_and_what_was_written_stays(aws: Aws) -> None:
    aws.hold(TO_GROUP)
    assert aws.hold(TO_BUCKET, dry=True)["settings"] == ["flow_log", "tags"]
    assert aws.hold(TO_BUCKET)["settings"] == ["flow_log", "tags"]
    (found,) = aws.standing()
    assert found["LogDestination"] == "arn:aws:s3:::enssol-test-logs"
    assert [group["logGroupName"] for group in aws.logs.describe_log_groups()["logGroups"]] == [GROUP]
    assert aws.hold(TO_BUCKET)["changed"] is False


@pytest.mark.parametrize("drift", ["retention", "tags of the group", "tags"])
def test_what_drifted_is_named_and_put_back_alone(aws: Aws, drift: str) -> None:
    aws.hold(TO_GROUP)
    (made,) = aws.standing()
    (group,) = aws.logs.describe_log_groups()["logGroups"]
    if drift == "retention":
        aws.logs.delete_retention_policy(logGroupName=GROUP)
    elif drift == "tags":
        # With the name that it is found by.
        aws.ec2.delete_tags(Resources=[made["FlowLogId"]], Tags=[{"Key": "Name"}, {"Key": "Owner"}])
    else:
        aws.logs.untag_resource(resourceArn=group["arn"].removesuffix(":*"), tagKeys=["Owner"])
    settings = ["tags"] if drift == "tags" else ["log_group"]
    assert aws.hold(TO_GROUP, dry=True)["settings"] == settings
    assert aws.hold(TO_GROUP)["settings"] == settings
    assert aws.hold(TO_GROUP)["changed"] is False
    assert [one["FlowLogId"] for one in aws.standing()] == [made["FlowLogId"]]


def test_flow_logs_of_others_are_left_alone(aws: Aws) -> None:
    where = {"LocationConstraint": "ap-southeast-2"}
    aws.s3.create_bucket(Bucket="of-others", CreateBucketConfiguration=where)
    other = {"ResourceType": "VPC", "ResourceIds": [aws.vpc], "TrafficType": "ALL"}
    aws.ec2.create_flow_logs(**other, LogDestinationType="s3", LogDestination="arn:aws:s3:::of-others")
    aws.hold(TO_BUCKET)
    FLOW.remove(aws.ec2, aws.logs, aws.asked(), dry=False)
    assert [one["LogDestination"] for one in aws.standing()] == ["arn:aws:s3:::of-others"]


def test_the_policy_that_aws_writes_over_that_of_the_bucket_is_taken_off_again(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = aws.ec2.create_flow_logs

    def create_and_overwrite(**asked: Any) -> Any:
        aws.s3.put_bucket_policy(Bucket="enssol-test-logs", Policy=json.dumps({"Version": "2008-10-17"}))
        return create(**asked)

    monkeypatch.setattr(aws.ec2, "create_flow_logs", create_and_overwrite)
    aws.hold(TO_BUCKET)
    assert json.loads(aws.s3.get_bucket_policy(Bucket="enssol-test-logs")["Policy"]) == json.loads(POLICY)


def test_a_refusal_that_ec2_hides_in_its_answer_is_said(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket="gone", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"})
    aws.s3.put_bucket_policy(Bucket="gone", Policy=POLICY)
    refused = {"FlowLogIds": [], "Unsuccessful": [{"ResourceId": aws.vpc, "Error": {"Message": "Access Denied"}}]}

    class Refuses:
        def create_flow_logs(self, **asked: Any) -> dict[str, Any]:
            return refused

    with pytest.raises(RuntimeError, match="Access Denied"):
        FLOW.make(Refuses(), aws.s3, aws.asked({"bucket": "gone"}), {})
