"""The modules of the scaled topology against moto in this process: previewed, made, unchanged, drifted, put back."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from test_aws_modules import account
from test_aws_roles import load

CERTIFICATE = load("roles/aws_edge/library/acm_dns_certificate.py")
SITE = load("roles/aws_edge/library/cloudfront_site.py")
SECRET = load("roles/aws_database/library/ssm_secret.py")
PREFIX_LIST = load("roles/aws_access/library/ec2_prefix_list.py")
__all__ = ["account"]

NAMES = ["app.example.com", "api.example.com"]


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> str:
    # moto lets a certificate wait for a minute otherwise.
    monkeypatch.setattr("moto.settings.ACM_VALIDATION_WAIT", -1)
    return str(boto3.client("route53").create_hosted_zone(Name="example.com", CallerReference="x")["HostedZone"]["Id"])


def certify(zone: str, dry: bool = False, act: str = "hold", **others: Any) -> dict[str, Any]:
    params = {"names": NAMES, "zone_id": zone, "tags": {"Owner": "us"}, "timeout": 1, **others}
    done: dict[str, Any] = getattr(CERTIFICATE, act)(boto3.client("acm"), boto3.client("route53"), params, dry)
    return done


def proofs(zone: str) -> list[str]:
    records = boto3.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return sorted(record["Name"] for record in records if record["Type"] == "CNAME")


def test_a_certificate_is_requested_once_and_proven_by_a_record_for_each_name(zone: str) -> None:
    assert certify(zone, dry=True) == {"changed": True, "arn": ""}
    assert boto3.client("acm").list_certificates()["CertificateSummaryList"] == []
    made = certify(zone)
    assert made["changed"] is True
    assert [name.split(".", 1)[1] for name in proofs(zone)] == ["api.example.com.", "app.example.com."]
    assert certify(zone) == {"changed": False, "arn": made["arn"]}
    assert certify(zone, dry=True) == {"changed": False, "arn": made["arn"]}


def test_a_record_and_a_tag_that_were_lost_come_back(zone: str) -> None:
    acm, arn = boto3.client("acm"), certify(zone)["arn"]
    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    CERTIFICATE.change(boto3.client("route53"), zone, "DELETE", CERTIFICATE.records_of(found)[:1])
    acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "By", "Value": "hand"}])
    assert certify(zone, dry=True)["changed"] is True
    assert len(proofs(zone)) == 1
    assert certify(zone) == {"changed": True, "arn": arn}
    assert len(proofs(zone)) == 2
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [{"Key": "Owner", "Value": "us"}]


def test_a_certificate_goes_with_what_proved_it(zone: str) -> None:
    certify(zone)
    assert certify(zone, dry=True, act="remove")["changed"] is True
    assert certify(zone, act="remove")["changed"] is True
    assert proofs(zone) == []
    assert certify(zone, act="remove")["changed"] is False


def test_who_is_not_delegated_to_is_told_so(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moto.settings.ACM_VALIDATION_WAIT", 60)
    with pytest.raises(TimeoutError, match="delegate it to this zone"):
        certify(zone, timeout=-1)


def serve(dry: bool = False, act: str = "hold", **others: Any) -> dict[str, Any]:
    params = {
        "name": "app.example.com",
        "aliases": [],
        "origin": "balancer.example.net",
        "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
        "web_acl_arn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/1",
        "price_class": "PriceClass_All",
        "tags": {"Owner": "us"},
        "timeout": 60,
        **others,
    }
    done: dict[str, Any] = getattr(SITE, act)(boto3.client("cloudfront"), params, dry)
    return done


def distributions() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boto3.client("cloudfront").list_distributions()["DistributionList"].get("Items", [])
    return found


def test_a_distribution_speaks_tls_1_3_only_and_stands_unchanged() -> None:
    assert serve(dry=True)["changed"] is True
    assert distributions() == []
    made = serve()
    (found,) = distributions()
    assert (made["domain_name"], found["ViewerCertificate"]["MinimumProtocolVersion"]) == (
        found["DomainName"],
        "TLSv1.3_2025",
    )
    assert serve() == {**serve(dry=True), "changed": False, "settings": [], "domain_name": made["domain_name"]}


def test_what_was_changed_at_the_edge_by_hand_is_put_back() -> None:
    serve()
    cloudfront, (found,) = boto3.client("cloudfront"), distributions()
    answer = cloudfront.get_distribution_config(Id=found["Id"])
    config = answer["DistributionConfig"]
    config["ViewerCertificate"]["MinimumProtocolVersion"] = "TLSv1"
    config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "allow-all"
    cloudfront.update_distribution(Id=found["Id"], IfMatch=answer["ETag"], DistributionConfig=config)
    cloudfront.untag_resource(Resource=found["ARN"], TagKeys={"Items": ["Owner"]})
    differing = ["DefaultCacheBehavior", "Tags", "ViewerCertificate"]
    assert sorted(serve(dry=True)["settings"]) == differing
    assert sorted(serve()["settings"]) == differing
    assert serve()["settings"] == []


def test_a_distribution_is_disabled_before_it_goes() -> None:
    serve()
    assert serve(dry=True, act="remove")["changed"] is True
    assert len(distributions()) == 1
    assert serve(act="remove")["changed"] is True
    assert distributions() == []
    assert serve(act="remove")["changed"] is False


def keep(dry: bool = False, **others: Any) -> dict[str, Any]:
    params = {"name": "/e/p", "key_id": None, "length": 48, "tags": {"Owner": "us"}, "state": "present", **others}
    done: dict[str, Any] = SECRET.hold(boto3.client("ssm"), params, dry)
    return done


def test_a_secret_is_made_once_and_never_replaced() -> None:
    assert keep(state="found") == {"changed": False, "value": ""}
    assert keep(dry=True) == {"changed": True, "value": ""}
    made = keep()
    assert (len(made["value"]), made["value"].isalnum(), made["changed"]) == (48, True, True)
    assert keep() == {"changed": False, "value": made["value"]}
    assert boto3.client("ssm").get_parameter(Name="/e/p")["Parameter"]["Type"] == "SecureString"
    assert keep(tags={"Owner": "them"}) == {"changed": True, "value": made["value"]}
    assert keep(tags={"Owner": "them"})["changed"] is False
    assert keep(state="absent")["changed"] is True
    assert keep(state="absent")["changed"] is False


def test_a_prefix_list_is_found_by_its_name_or_missed_by_it() -> None:
    ec2 = boto3.client("ec2")
    assert PREFIX_LIST.find(ec2, "com.amazonaws.global.cloudfront.origin-facing").startswith("pl-")
    with pytest.raises(LookupError):
        PREFIX_LIST.find(ec2, "com.amazonaws.nothing")
