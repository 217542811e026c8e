"""What moto accepts and then forgets, kept, so that reading back proves something."""

from __future__ import annotations

import json
from typing import Any

from moto.backup.responses import BackupResponse
from moto.budgets.responses import BudgetsResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.flow_logs import FlowLogsBackend
from moto.ec2.models.instances import Instance
from moto.ec2.models.security_groups import (
    GroupedSecurityRuleView,
    SecurityGroup,
    SecurityGroupBackend,
    SecurityGroupRule,
)
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.subnets import Subnets
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, EC2_RESOURCE_TO_PREFIX, random_resource_id
from moto.elbv2.models import FakeLoadBalancer
from moto.rds.models import DBInstance, RDSBackend
from moto.s3.models import FakeBucket

NAMES = ("HostnameType", "EnableResourceNameDnsARecord", "EnableResourceNameDnsAAAARecord")


def credits_of(instance: Instance) -> str:
    """The credit option of an instance; AWS starts a T2 as standard."""
    return str(getattr(instance, "cpu_credits", "standard"))


def keep_credits() -> None:
    """Keep the credit option, of which moto answers `standard`, always; and let interfaces go with their instance."""
    run = InstanceResponse.run_instances

    def run_instances(self: InstanceResponse) -> ActionResult:
        answer = run(self)
        for instance in answer.result.instances:  # type: ignore[attr-defined]  # a Reservation
            instance.cpu_credits = self._get_param("CreditSpecification.CpuCredits") or "standard"
            for interface in instance.nics.values():
                # AWS's default for those that a launch makes; moto's is the contrary.
                interface.delete_on_termination = True
        return answer

    def describe(self: InstanceResponse) -> ActionResult:
        found = self.ec2_backend.describe_instance_credit_specifications(self._get_param("InstanceIds", []))
        answer = [{"InstanceId": instance.id, "CpuCredits": credits_of(instance)} for instance in found]
        return ActionResult({"InstanceCreditSpecifications": answer})

    def modify(self: InstanceResponse) -> ActionResult:
        wanted = self._get_param("InstanceCreditSpecifications")
        for one in wanted:
            self.ec2_backend.get_instance(one["InstanceId"]).cpu_credits = one["CpuCredits"]
        return ActionResult({"SuccessfulInstanceCreditSpecifications": wanted})

    InstanceResponse.run_instances = run_instances  # type: ignore[method-assign]  # moto offers no hook
    InstanceResponse.describe_instance_credit_specifications = describe  # type: ignore[method-assign]  # nor here
    InstanceResponse.modify_instance_credit_specification = modify  # type: ignore[attr-defined]  # nor here


def keep_names() -> None:
    """Keep how private host names are made, of a subnet and of an instance, which starts as its subnet says."""
    modify_subnet = Subnets.modify_subnet_attribute

    def modify_subnet_attribute(self: Subnets) -> ActionResult:
        if kind := self._get_param("PrivateDnsHostnameTypeOnLaunch"):
            subnet = self.ec2_backend.get_subnet(self._get_param("SubnetId"))
            subnet.private_dns_name_options_on_launch["HostnameType"] = kind
        return modify_subnet(self)

    def names_of(self: Instance) -> Any:
        # An instance that is gone is shown for longer than its subnet.
        if "own_names" not in vars(self) and self.vpc_id:
            subnet = self.ec2_backend.get_subnet(self.subnet_id)
            vars(self)["own_names"] = dict(subnet.private_dns_name_options_on_launch)
        return vars(self).get("own_names")

    def modify_instance(self: InstanceResponse) -> ActionResult:
        names = self.ec2_backend.get_instance(self._get_param("InstanceId")).private_dns_name_options
        asked = dict(zip(NAMES, ("PrivateDnsHostnameType", *NAMES[1:]), strict=True))
        names |= {kept: self._get_param(said) for kept, said in asked.items() if self._get_param(said) is not None}
        return ActionResult({"Return": True})

    Subnets.modify_subnet_attribute = modify_subnet_attribute  # type: ignore[method-assign]  # moto offers no hook
    # moto answers with every property that AWS's own model names.
    Instance.private_dns_name_options = property(names_of)  # type: ignore[attr-defined]  # nor here
    InstanceResponse.modify_private_dns_name_options = modify_instance  # type: ignore[attr-defined]  # nor here


def keep_maintenance() -> None:
    """Keep whether AWS moves an instance off broken hardware."""

    def options_of(self: Instance) -> dict[str, str]:
        return {"AutoRecovery": getattr(self, "auto_recovery", "default")}

    def modify(self: InstanceResponse) -> ActionResult:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        instance.auto_recovery = self._get_param("AutoRecovery")
        return ActionResult({"InstanceId": instance.id, "AutoRecovery": instance.auto_recovery})

    Instance.maintenance_options = property(options_of)  # type: ignore[attr-defined]  # moto offers no hook
    InstanceResponse.modify_instance_maintenance_options = modify  # type: ignore[attr-defined]  # nor here


def keep_shutdown() -> None:
    """Keep what a shutdown from inside does: moto takes a change of it for one of the groups, and empties those."""
    modify_others = InstanceResponse.modify_instance_attribute

    def modify(self: InstanceResponse) -> ActionResult:
        behavior = self._get_param("InstanceInitiatedShutdownBehavior.Value")
        if not behavior:
            return modify_others(self)
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        instance.instance_initiated_shutdown_behavior = behavior
        return EmptyResult()

    InstanceResponse.modify_instance_attribute = modify  # type: ignore[method-assign]  # moto offers no hook


def heed_conditions() -> None:
    """Judge an object's access without the statement that refuses plain HTTP: moto knows no conditions, and no TLS."""
    judge = FakeBucket.get_permission

    def get_permission(self: FakeBucket, action: str, resource: str) -> Any:
        whole = self.policy
        if whole:
            policy = json.loads(whole)
            policy["Statement"] = [
                statement
                for statement in policy["Statement"]
                if "aws:SecureTransport" not in statement.get("Condition", {}).get("Bool", {})
            ]
            self.policy = json.dumps(policy).encode() if policy["Statement"] else None
        try:
            return judge(self, action, resource)
        finally:
            self.policy = whole

    FakeBucket.get_permission = get_permission  # type: ignore[method-assign]  # moto offers no hook


def select_for_backup() -> None:
    """Answer for selections of a backup plan and for a changed plan, which moto does not know."""

    def plan_of(self: BackupResponse) -> Any:
        # /backup/plans/<plan>/selections/<selection>
        return self.backup_backend.get_backup_plan(self.path.split("/")[3], None)

    def create(self: BackupResponse) -> ActionResult:
        selection = json.loads(self.body)["BackupSelection"]
        kept = vars(plan_of(self)).setdefault("selections", {})
        kept[str(len(kept) + 1)] = selection
        return ActionResult({"SelectionId": str(len(kept)), "BackupPlanId": self.path.split("/")[3]})

    def list_all(self: BackupResponse) -> ActionResult:
        kept = vars(plan_of(self)).get("selections", {})
        return ActionResult({"BackupSelectionsList": [{"SelectionId": one, **kept[one]} for one in kept]})

    def get(self: BackupResponse) -> ActionResult:
        one = self.path.split("/")[5]
        return ActionResult({"SelectionId": one, "BackupSelection": vars(plan_of(self))["selections"][one]})

    def delete(self: BackupResponse) -> ActionResult:
        del vars(plan_of(self))["selections"][self.path.split("/")[5]]
        return EmptyResult()

    def update(self: BackupResponse) -> ActionResult:
        plan_of(self).backup_plan = json.loads(self.body)["BackupPlan"]
        return ActionResult({"BackupPlanId": self.path.split("/")[3]})

    BackupResponse.create_backup_selection = create  # type: ignore[attr-defined]  # moto offers no hook
    BackupResponse.list_backup_selections = list_all  # type: ignore[attr-defined]  # nor here
    BackupResponse.get_backup_selection = get  # type: ignore[attr-defined]  # nor here
    BackupResponse.delete_backup_selection = delete  # type: ignore[attr-defined]  # nor here
    BackupResponse.update_backup_plan = update  # type: ignore[attr-defined]  # nor here


def change_budgets() -> None:
    """Let a budget be changed and carry tags; moto can only make and remove it."""
    make = BudgetsResponse.create_budget

    def kept(self: BudgetsResponse, arn: str) -> dict[str, str]:
        name = arn.rpartition("/")[2]
        self.backend.describe_budget(self.current_account, name)
        found: dict[str, str] = vars(self.backend.budgets[self.current_account][name]).setdefault("tags", {})
        return found

    def create(self: BudgetsResponse) -> str:
        answer = make(self)
        tags = self._get_param("ResourceTags") or []
        kept(self, self._get_param("Budget")["BudgetName"]).update({tag["Key"]: tag["Value"] for tag in tags})
        return answer

    def tag(self: BudgetsResponse) -> str:
        tags = self._get_param("ResourceTags")
        kept(self, self._get_param("ResourceARN")).update({tag["Key"]: tag["Value"] for tag in tags})
        return "{}"

    def untag(self: BudgetsResponse) -> str:
        for name in self._get_param("ResourceTagKeys"):
            kept(self, self._get_param("ResourceARN")).pop(name, None)
        return "{}"

    def tags(self: BudgetsResponse) -> str:
        found = kept(self, self._get_param("ResourceARN"))
        return json.dumps({"ResourceTags": [{"Key": name, "Value": found[name]} for name in found]})

    def update(self: BudgetsResponse) -> str:
        budget = json.loads(self.body)["NewBudget"]
        self.backend.describe_budget(self.current_account, budget["BudgetName"])
        self.backend.budgets[self.current_account][budget["BudgetName"]].budget |= budget
        return "{}"

    BudgetsResponse.create_budget = create  # type: ignore[method-assign]  # moto offers no hook
    BudgetsResponse.update_budget = update  # type: ignore[attr-defined]  # nor here
    BudgetsResponse.tag_resource = tag  # type: ignore[attr-defined]  # nor here
    BudgetsResponse.untag_resource = untag  # type: ignore[attr-defined]  # nor here
    BudgetsResponse.list_tags_for_resource = tags  # type: ignore[attr-defined]  # nor here


def connect_endpoints() -> None:
    """Make, show, change and remove EC2 Instance Connect endpoints, which moto does not know."""

    def kept(self: InstanceResponse) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = vars(self.ec2_backend).setdefault("connect_endpoints", {})
        return found

    def tagged(self: InstanceResponse, endpoint: dict[str, Any]) -> dict[str, Any]:
        tags = self.ec2_backend.describe_tags({"resource-id": [endpoint["InstanceConnectEndpointId"]]})
        return {**endpoint, "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in tags]}

    def create(self: InstanceResponse) -> ActionResult:
        subnet = self.ec2_backend.get_subnet(self._get_param("SubnetId"))
        if any(other["VpcId"] == subnet.vpc_id for other in kept(self).values()):
            raise EC2ClientError("ServiceQuotaExceeded", "One EC2 Instance Connect Endpoint a VPC.")
        name = f"eice-{random_resource_id(17)}"
        kept(self)[name] = {
            "InstanceConnectEndpointId": name,
            "State": "create-complete",
            "VpcId": subnet.vpc_id,
            "SubnetId": subnet.id,
            "SecurityGroupIds": self._get_param("SecurityGroupIds", []),
            "PreserveClientIp": self._get_bool_param("PreserveClientIp"),
        }
        self.ec2_backend.create_tags([name], self._parse_tag_specification().get("instance-connect-endpoint", {}))
        return ActionResult({"InstanceConnectEndpoint": tagged(self, kept(self)[name])})

    def describe(self: InstanceResponse) -> ActionResult:
        found = [tagged(self, one) for one in kept(self).values()]
        for name, values in self._filters_from_querystring().items():
            if name.startswith("tag:"):
                pairs = [{"Key": name.removeprefix("tag:"), "Value": value} for value in values]
                found = [one for one in found if any(pair in one["Tags"] for pair in pairs)]
            elif name == "instance-connect-endpoint-id":
                found = [one for one in found if one["InstanceConnectEndpointId"] in values]
        return ActionResult({"InstanceConnectEndpoints": found})

    def modify(self: InstanceResponse) -> ActionResult:
        endpoint = kept(self)[self._get_param("InstanceConnectEndpointId")]
        for name in ("SecurityGroupIds", "PreserveClientIp"):
            if (value := self._get_param(name)) is not None:
                endpoint[name] = value
        return ActionResult({"Return": True})

    def delete(self: InstanceResponse) -> ActionResult:
        endpoint = kept(self).pop(self._get_param("InstanceConnectEndpointId"))
        self.ec2_backend.tags.pop(endpoint["InstanceConnectEndpointId"], None)
        return ActionResult({"InstanceConnectEndpoint": {**endpoint, "State": "delete-in-progress"}})

    # An id that begins otherwise carries no tags.
    EC2_PREFIX_TO_RESOURCE["eice"] = "instance-connect-endpoint"
    EC2_RESOURCE_TO_PREFIX["instance-connect-endpoint"] = "eice"
    InstanceResponse.create_instance_connect_endpoint = create  # type: ignore[attr-defined]  # moto offers no hook
    InstanceResponse.describe_instance_connect_endpoints = describe  # type: ignore[attr-defined]  # nor here
    InstanceResponse.modify_instance_connect_endpoint = modify  # type: ignore[attr-defined]  # nor here
    InstanceResponse.delete_instance_connect_endpoint = delete  # type: ignore[attr-defined]  # nor here


def keep_gp3() -> None:
    """Say what a database's gp3 storage does without being asked for more: the module reads it, moto has none."""
    make = RDSBackend.create_db_instance

    def create_db_instance(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        instance = make(self, db_kwargs)
        if instance.storage_type == "gp3":
            instance.iops, instance.storage_throughput = instance.iops or "3000", instance.storage_throughput or 125
        return instance

    RDSBackend.create_db_instance = create_db_instance  # type: ignore[method-assign]  # moto offers no hook


def keep_balancers_defaults() -> None:
    """Say what AWS says of a new load balancer: moto leaves out what the module reads."""
    make = FakeLoadBalancer.__init__

    def begin(self: FakeLoadBalancer, *given: Any, **named: Any) -> None:
        make(self, *given, **named)
        defaults = {
            "access_logs.s3.enabled": "false",
            "idle_timeout.timeout_seconds": "60",
            "routing.http2.enabled": "true",
            "routing.http.desync_mitigation_mode": "defensive",
            "routing.http.drop_invalid_header_fields.enabled": "false",
        }
        self.attrs = {**defaults, **self.attrs}

    FakeLoadBalancer.__init__ = begin  # type: ignore[method-assign]  # moto offers no hook


def keep_reasons() -> None:
    """Keep why a group lets a prefix list in; moto keeps the description of any other source."""
    make, show = SecurityGroupRule.__init__, SecurityGroup._flattened_rules

    def begin(self: SecurityGroupRule, *given: Any, **named: Any) -> None:
        make(self, *given, **named)
        # The eighth, given by its place.
        source = given[7] if len(given) > 7 else named.get("prefix_list_id")
        self.prefix_list_reason = (source or {}).get("Description")  # type: ignore[attr-defined]  # ours

    def flattened(self: SecurityGroup, rules: list[SecurityGroupRule]) -> list[GroupedSecurityRuleView]:
        views = show(self, rules)
        reasons = {rule.prefix_list_id: rule.prefix_list_reason for rule in rules}  # type: ignore[attr-defined]  # ours
        for source in (one for view in views for one in view.prefix_list_ids):
            if reason := reasons.get(source["PrefixListId"]):
                source["Description"] = reason
        return views

    SecurityGroupRule.__init__ = begin  # type: ignore[method-assign]  # moto offers no hook
    SecurityGroup._flattened_rules = flattened  # type: ignore[method-assign]  # nor here


def forget_tags() -> None:
    """Forget the tags of a flow log and of a security group that is gone, which moto goes on showing."""
    delete_logs, delete_group = FlowLogsBackend.delete_flow_logs, SecurityGroupBackend._delete_security_group

    def delete_flow_logs(self: Any, flow_log_ids: list[str]) -> None:
        delete_logs(self, flow_log_ids)
        for one in flow_log_ids:
            self.tags.pop(one, None)

    def delete_security_group(self: Any, vpc_id: str | None, group_id: str) -> None:
        delete_group(self, vpc_id, group_id)
        self.tags.pop(group_id, None)

    FlowLogsBackend.delete_flow_logs = delete_flow_logs  # type: ignore[method-assign]  # moto offers no hook
    SecurityGroupBackend._delete_security_group = delete_security_group  # type: ignore[method-assign]  # nor here


def close_gaps() -> None:
    """Close them all, once, before the server starts."""
    keep_credits()
    keep_names()
    keep_maintenance()
    keep_shutdown()
    heed_conditions()
    select_for_backup()
    change_budgets()
    connect_endpoints()
    keep_gp3()
    keep_balancers_defaults()
    keep_reasons()
    forget_tags()
