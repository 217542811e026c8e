#!/usr/bin/python
"""Ansible module: a certificate of ACM that is proven, and for ever renewed, by records in Route 53."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: acm_dns_certificate
short_description: Request a certificate of ACM and prove it by DNS
description:
  - community.aws.acm_certificate imports certificates and requests none. This module finds the one that ACM issued for
    the names, requests it where there is none, writes the records that prove it and waits until it is issued. ACM
    renews it as long as the records stand.
  - Endpoint and credentials come from the environment, as for any AWS tool.
options:
  names:
    description: Names of the certificate; the first is its own, all are in the zone.
    type: list
    elements: str
    required: true
  region:
    description: Region of what serves with it; us-east-1 for CloudFront.
    type: str
    required: true
  zone_id:
    description: Hosted zone of Route 53 that gets the records.
    type: str
  tags:
    description: All tags of the certificate.
    type: dict
    default: {}
  timeout:
    description: Seconds to wait until it is issued.
    type: int
    default: 900
  state:
    description: What is wanted. The records of C(absent) go with it.
    type: str
    choices: [present, absent]
    default: present
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Certify the site's name for CloudFront
  acm_dns_certificate:
    names: [app.example.com]
    region: us-east-1
    zone_id: Z0123456789ABCDEFGHIJ
"""

RETURN = """
arn:
  description: The certificate; empty in a preview of one that would be requested.
  type: str
  returned: always
"""

Client = Any
USABLE = ("ISSUED", "PENDING_VALIDATION")
POLL_SECONDS = 2


def candidates(acm: Client, names: list[str]) -> Iterator[dict[str, Any]]:
    """Certificates that ACM issued, or is about to, for exactly these names."""
    pages = acm.get_paginator("list_certificates").paginate(CertificateStatuses=list(USABLE))
    for page in pages:
        for one in page["CertificateSummaryList"]:
            if one["DomainName"] == names[0]:
                found: dict[str, Any] = acm.describe_certificate(CertificateArn=one["CertificateArn"])["Certificate"]
                if found["Type"] == "AMAZON_ISSUED" and set(found["SubjectAlternativeNames"]) | {names[0]} == set(
                    names
                ):
                    yield found


def request(acm: Client, names: list[str], tags: Mapping[str, str]) -> str:
    """Request one; the token keeps a run that was cut short from requesting a second."""
    arn: str = acm.request_certificate(
        DomainName=names[0],
        SubjectAlternativeNames=names,
        ValidationMethod="DNS",
        IdempotencyToken=hashlib.sha256(" ".join(names).encode()).hexdigest()[:32],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )["CertificateArn"]
    return arn


def records_of(certificate: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records that prove it; empty until ACM has thought of them."""
    options = certificate.get("DomainValidationOptions", [])
    if not options or any("ResourceRecord" not in option for option in options):
        return []
    records = {option["ResourceRecord"]["Name"]: option["ResourceRecord"] for option in options}
    return [
        {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": records[name]["Value"]}]}
        for name in sorted(records)
    ]


def stands(route53: Client, zone_id: str, record: Mapping[str, Any]) -> bool:
    """Tell whether the zone has the record, whatever its time to live."""
    found = route53.list_resource_record_sets(
        HostedZoneId=zone_id, StartRecordName=record["Name"], StartRecordType="CNAME", MaxItems="1"
    )["ResourceRecordSets"]
    return any(
        one["Name"] == record["Name"] and one.get("ResourceRecords") == record["ResourceRecords"] for one in found
    )


def change(route53: Client, zone_id: str, action: str, records: list[dict[str, Any]]) -> None:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for record in records]}
    route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)


def wait(acm: Client, arn: str, deadline: float, reached: Any) -> dict[str, Any]:
    """Look at the certificate until `reached` says so; raises TimeoutError after the deadline."""
    while True:
        found: dict[str, Any] = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        if reached(found):
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{arn} is {found['Status']}: does the domain's registrar delegate it to this zone? Then run it again."
            )
        time.sleep(POLL_SECONDS)


def hold_tags(acm: Client, arn: str, wanted: Mapping[str, str], dry: bool) -> bool:
    """Give the certificate exactly these tags unless `dry`; tell whether it had others."""
    standing = {tag["Key"]: tag["Value"] for tag in acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]}
    if standing == wanted:
        return False
    if not dry:
        if surplus := [{"Key": key} for key in standing if key not in wanted]:
            acm.remove_tags_from_certificate(CertificateArn=arn, Tags=surplus)
        tags = [{"Key": key, "Value": value} for key, value in wanted.items()]
        acm.add_tags_to_certificate(CertificateArn=arn, Tags=tags)
    return True


def hold(acm: Client, route53: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Request and prove it unless `dry`, and return the module's answer."""
    names, zone_id = params["names"], params["zone_id"]
    tags = {key: str(value) for key, value in params["tags"].items()}
    standing = next(candidates(acm, names), None)
    if standing is None and dry:
        return {"changed": True, "arn": ""}
    changed = standing is None
    arn = standing["CertificateArn"] if standing else request(acm, names, tags)
    deadline = time.monotonic() + params["timeout"]
    records = records_of(standing) if dry and standing else records_of(wait(acm, arn, deadline, records_of))
    missing = [record for record in records if not stands(route53, zone_id, record)]
    if missing and not dry:
        change(route53, zone_id, "UPSERT", missing)
    changed = hold_tags(acm, arn, tags, dry) or changed or bool(missing)
    if not dry:
        wait(acm, arn, deadline, lambda found: found["Status"] == "ISSUED")
    return {"changed": changed, "arn": arn}


def remove(acm: Client, route53: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Remove it and its records unless `dry`, and return the module's answer."""
    standing = list(candidates(acm, params["names"]))
    for certificate in [] if dry else standing:
        zone_id = params["zone_id"]
        records = [record for record in records_of(certificate) if zone_id and stands(route53, zone_id, record)]
        if records:
            change(route53, zone_id, "DELETE", records)
        acm.delete_certificate(CertificateArn=certificate["CertificateArn"])
    return {"changed": bool(standing), "arn": ""}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "required": True},
            "region": {"type": "str", "required": True},
            "zone_id": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            "timeout": {"type": "int", "default": 900},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("zone_id",))],
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        act = hold if module.params["state"] == "present" else remove
        acm = boto3.client("acm", region_name=module.params["region"])
        result = act(acm, boto3.client("route53"), module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(msg=f"No certificate for {', '.join(module.params['names'])}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
