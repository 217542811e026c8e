#!/usr/bin/python
"""Ansible module: a CloudFront distribution in front of one origin."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: cloudfront_site
short_description: Make a CloudFront distribution of one site and hold it to its settings
description:
  - community.aws.cloudfront_distribution knows no policy newer than TLS 1.2, and always reports a change. This module
    makes the one kind of distribution that a site behind a load balancer needs.
  - What the app answers is not cached; what lies below C(/static/) is. Viewers get HTTPS with TLS 1.3 only.
  - Endpoint and credentials come from the environment, as for any AWS tool.
options:
  name:
    description: The name of the site, an alias of the distribution; it is found again by it.
    type: str
    required: true
  aliases:
    description: Further names.
    type: list
    elements: str
    default: []
  origin:
    description: DNS name of the load balancer. Its certificate must be for the site's names, since the viewer's host is
      sent on.
    type: str
  certificate_arn:
    description: Certificate in us-east-1 for all names.
    type: str
  web_acl_arn:
    description: Web ACL of WAF with the scope CLOUDFRONT.
    type: str
  price_class:
    description: Where it is served from; only the dearest has Australia.
    type: str
    default: PriceClass_All
  tags:
    description: All tags of the distribution.
    type: dict
    default: {}
  timeout:
    description: Seconds to wait until one that is to go is disabled everywhere.
    type: int
    default: 1800
  state:
    description: What is wanted.
    type: str
    choices: [present, absent]
    default: present
requirements: [boto3]
author: Enssol
"""

EXAMPLES = """
- name: Serve the site at the edge
  cloudfront_site:
    name: app.example.com
    origin: app-123456789.ap-southeast-2.elb.amazonaws.com
    certificate_arn: arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef
    web_acl_arn: arn:aws:wafv2:us-east-1:123456789012:global/webacl/app/01234567-89ab-cdef-0123-456789abcdef
"""

RETURN = """
domain_name:
  description: The name that the alias record points to; empty in a preview of one that would be made.
  type: str
  returned: always
settings:
  description: Names of the fields that were missing or differed.
  type: list
  elements: str
  returned: always
"""

Client = Any
ORIGIN = "site"
POLL_SECONDS = 15
# Managed policies, the same in each account:
# docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html and
# using-managed-origin-request-policies.html.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_OF_THE_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"


def items(*values: Any) -> dict[str, Any]:
    """A list as CloudFront says it."""
    return {"Quantity": len(values), "Items": list(values)}


def behavior(methods: tuple[str, ...], cache_policy: str) -> dict[str, Any]:
    """How requests of one kind are answered."""
    return {
        "TargetOriginId": ORIGIN,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {**items(*methods), "CachedMethods": items("HEAD", "GET")},
        "Compress": True,
        "CachePolicyId": cache_policy,
        # The host, and with it the load balancer's rule; cookies; the address of the viewer.
        "OriginRequestPolicyId": ALL_OF_THE_VIEWER,
    }


def config_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """The distribution as CloudFront says it."""
    all_methods = ("HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH")
    origin = {
        "Id": ORIGIN,
        "DomainName": params["origin"],
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
            # The newest that CloudFront offers towards an origin.
            "OriginSslProtocols": items("TLSv1.2"),
            "OriginReadTimeout": 60,
            "OriginKeepaliveTimeout": 5,
        },
    }
    return {
        "Aliases": items(params["name"], *params["aliases"]),
        "Origins": items(origin),
        "DefaultCacheBehavior": behavior(all_methods, CACHING_DISABLED),
        "CacheBehaviors": items({"PathPattern": "/static/*", **behavior(("HEAD", "GET"), CACHING_OPTIMIZED)}),
        "Comment": params["name"],
        "Enabled": True,
        "ViewerCertificate": {
            "CloudFrontDefaultCertificate": False,
            "ACMCertificateArn": params["certificate_arn"],
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.3_2025",
        },
        "PriceClass": params["price_class"],
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": True,
        "WebACLId": params["web_acl_arn"],
    }


def part(found: Any, wanted: Any) -> Any:
    """Of what AWS says, the fields that were asked for, lists of words in our order: it adds to both."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {name: part(found.get(name), wanted[name]) for name in wanted}
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        if all(isinstance(one, str) for one in [*found, *wanted]):
            return wanted if sorted(found) == sorted(wanted) else found
        return [part(one, other) for one, other in zip(found, wanted, strict=True)]
    return found


def merged(found: Any, wanted: Any) -> Any:
    """What AWS says with what is wanted in it: an update must say all of it again."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {**found, **{name: merged(found.get(name), wanted[name]) for name in wanted}}
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        return [merged(one, other) for one, other in zip(found, wanted, strict=True)]
    return wanted


def find(cloudfront: Client, name: str) -> dict[str, Any]:
    """The distribution that has the name; empty when there is none."""
    for page in cloudfront.get_paginator("list_distributions").paginate():
        for one in page["DistributionList"].get("Items", []):
            if name in one["Aliases"].get("Items", []):
                found: dict[str, Any] = one
                return found
    return {}


def hold_tags(cloudfront: Client, arn: str, wanted: Mapping[str, str], dry: bool) -> bool:
    """Give the distribution exactly these tags unless `dry`; tell whether it had others."""
    found = cloudfront.list_tags_for_resource(Resource=arn)["Tags"].get("Items", [])
    standing = {tag["Key"]: tag["Value"] for tag in found}
    if standing == wanted:
        return False
    if not dry:
        if surplus := [key for key in standing if key not in wanted]:
            cloudfront.untag_resource(Resource=arn, TagKeys={"Items": surplus})
        tags = [{"Key": key, "Value": value} for key, value in wanted.items()]
        cloudfront.tag_resource(Resource=arn, Tags={"Items": tags})
    return True


def make(cloudfront: Client, params: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    """Make the distribution; the reference keeps a run that was cut short from making a second."""
    config = {"CallerReference": params["name"], **config_of(params)}
    tagged = {"DistributionConfig": config, "Tags": {"Items": [{"Key": key, "Value": tags[key]} for key in tags]}}
    made = cloudfront.create_distribution_with_tags(DistributionConfigWithTags=tagged)["Distribution"]
    name: str = made["DomainName"]
    return name


def hold(cloudfront: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Compare, change what differs unless `dry`, and return the module's answer."""
    wanted, standing = config_of(params), find(cloudfront, params["name"])
    tags = {key: str(value) for key, value in params["tags"].items()}
    if not standing:
        domain_name = "" if dry else make(cloudfront, params, tags)
        return {"changed": True, "domain_name": domain_name, "settings": ["distribution"]}
    answer = cloudfront.get_distribution_config(Id=standing["Id"])
    before = part(answer["DistributionConfig"], wanted)
    differing = [field for field in wanted if before[field] != wanted[field]]
    if differing and not dry:
        config = merged(answer["DistributionConfig"], wanted)
        cloudfront.update_distribution(Id=standing["Id"], IfMatch=answer["ETag"], DistributionConfig=config)
    if hold_tags(cloudfront, standing["ARN"], tags, dry):
        differing.append("Tags")
    return {
        "changed": bool(differing),
        "domain_name": standing["DomainName"],
        "settings": differing,
        "diff": {
            "before": {field: before.get(field) for field in differing},
            "after": {field: wanted.get(field) for field in differing},
        },
    }


def disable(cloudfront: Client, identity: str, deadline: float) -> str:
    """Disable it, wait until it is everywhere, and return its newest tag; raises TimeoutError after the deadline."""
    answer = cloudfront.get_distribution_config(Id=identity)
    if answer["DistributionConfig"]["Enabled"]:
        config = {**answer["DistributionConfig"], "Enabled": False}
        cloudfront.update_distribution(Id=identity, IfMatch=answer["ETag"], DistributionConfig=config)
    while True:
        found = cloudfront.get_distribution(Id=identity)
        if found["Distribution"]["Status"] == "Deployed":
            tag: str = found["ETag"]
            return tag
        if time.monotonic() > deadline:
            raise TimeoutError("it is not yet disabled everywhere. Type the same command again.")
        time.sleep(POLL_SECONDS)


def remove(cloudfront: Client, params: Mapping[str, Any], dry: bool) -> dict[str, Any]:
    """Disable and remove it unless `dry`, and return the module's answer."""
    standing = find(cloudfront, params["name"])
    if standing and not dry:
        tag = disable(cloudfront, standing["Id"], time.monotonic() + params["timeout"])
        cloudfront.delete_distribution(Id=standing["Id"], IfMatch=tag)
    return {"changed": bool(standing), "domain_name": "", "settings": ["distribution"] if standing else []}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "aliases": {"type": "list", "elements": "str", "default": []},
            "origin": {"type": "str"},
            "certificate_arn": {"type": "str"},
            "web_acl_arn": {"type": "str"},
            "price_class": {"type": "str", "default": "PriceClass_All"},
            "tags": {"type": "dict", "default": {}},
            "timeout": {"type": "int", "default": 1800},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("origin", "certificate_arn", "web_acl_arn"))],
        supports_check_mode=True,
    )
    try:
        import boto3  # noqa: PLC0415 - a module says what it misses only if it is loaded without it

        act = hold if module.params["state"] == "present" else remove
        result = act(boto3.client("cloudfront"), module.params, module.check_mode)
    except ImportError:
        module.fail_json(msg="boto3 is missing: type `make venv` and use .venv/controller/bin.")
    except Exception as error:
        module.fail_json(
            msg=f"CloudFront refused to show or change the distribution of {module.params['name']}: {error}"
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
