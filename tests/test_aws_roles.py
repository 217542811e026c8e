"""What provisioning refuses, before it calls AWS: nothing listens at the endpoint, so a call would fail otherwise."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
# Port 9 (discard) on the loopback: a call would say "Could not connect".
ENDPOINT = "http://127.0.0.1:9"


def load(path: str) -> ModuleType:
    """Import a plugin or module of a role by its path."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(
    tmp_path: Path,
    playbook: str,
    variables: dict[str, object] | None = None,
    environment: str = "local",
    endpoint: str = ENDPOINT,
) -> str:
    """Run a playbook on an environment's variables with no host; return what it prints. It must fail."""
    inventory = tmp_path / "inventory"
    inventory.mkdir()
    (inventory / "group_vars").symlink_to(ROOT / "inventories" / environment / "group_vars")
    (inventory / "hosts.yml").write_text("all: {hosts: {}}\n")
    given: dict[str, object] = {"estate_state_dir": str(tmp_path / "state")}
    if environment == "local":
        given["estate_aws_endpoint_url"] = ENDPOINT
    (tmp_path / "given.yml").write_text(yaml.safe_dump(given | (variables or {})))
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    surroundings |= {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_STDOUT_CALLBACK": "minimal"}
    surroundings |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}
    if endpoint:
        surroundings["AWS_ENDPOINT_URL"] = endpoint
    done = subprocess.run(
        ["ansible-playbook", "-i", inventory, "-e", f"@{tmp_path / 'given.yml'}", f"playbooks/{playbook}.yml"],
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0, done.stdout
    assert not (tmp_path / "state").exists()
    # Callbacks wrap long lines.
    return " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        (
            {
                "estate_ssh_allowed_cidrs": ["0.0.0.0/0"],
                "estate_region": "ap-southeast-99",
                "estate_hostname": "app.example.com",
            },
            [
                "0.0.0.0/0 opens SSH to the internet",
                "AWS has no region `ap-southeast-99`",
                "write one such as app.enssol.test",
            ],
        ),
        ({"aws_network_cidr": "10.1.0.0/16"}, ["10.0.1.0/24 is not inside the VPC, 10.1.0.0/16"]),
        (
            {
                "aws_network_nat": True,
                "aws_network_adopt_vpc_id": "vpc-0a",
                "aws_network_adopt_subnet_ids": {"public-a": "subnet-0a", "public-b": "subnet-0b"},
            },
            ["aws_network_nat: a NAT gateway goes into a public subnet that is made here, and there is none"],
        ),
        (
            {
                "estate_topology": "scaled",
                "enssol_database_url": "sqlite:////var/lib/enssol/enssol.sqlite3",
            },
            [
                "scaled has several hosts, and SQLite is a file on one of them",
                "write session_manager, endpoint or bastion",
            ],
        ),
        (
            {
                "aws_database_class": "t4g.micro",
                "aws_database_engine_version": "9.6",
                "aws_database_storage_limit_gb": 20,
                "aws_database_backup_days": 90,
            },
            [
                "write one such as db.t4g.micro",
                "9.6 is not PostgreSQL 15 to 18",
                "20 is not a tenth above aws_database_storage_gb",
                "aws_database_backup_days: 90 is outside 1 to 35",
            ],
        ),
        (
            {"aws_edge_rate_limit": 5, "estate_api_hostname": "api.example.org"},
            ["aws_edge_rate_limit: 5 is outside", "write one such as api.enssol.test"],
        ),
        (
            {
                "aws_compute_public_ip": "999.1.1.1",
                "aws_compute_instance_type": "m5.large",
                "aws_compute_image_id": "ubuntu",
            },
            ["999.1.1.1 is not an IPv4 address", "write one such as t2.nano", "ubuntu is not an image id"],
        ),
        (
            {
                "estate_name": "Enssol_1",
                "estate_domain": "",
                "estate_aws_account_id": 12345,
                "estate_aws_role_arn": "deploy",
            },
            [
                "write 2 to 20 lower-case letters",
                "write one that you own",
                "write its twelve digits",
                "write one such as arn:aws:iam::123456789012:role/deploy",
            ],
        ),
        (
            {"estate_ssh_access": "bastion", "estate_ssh_bastion": "bastion"},
            ["write one such as ubuntu@bastion.example.com", "write one such as sg-0123456789abcdef0"],
        ),
        (
            {"aws_dns_ttl": 5, "aws_dns_certificate_authorities": ["Let's Encrypt"]},
            ["aws_dns_ttl: 5 is outside 60 to 86400", "write the names that authorities give themselves"],
        ),
        ({"estate_termination_protection": "banana"}, ["argument 'estate_termination_protection' is of type"]),
    ],
    ids=["estate", "network", "way out", "topology", "database", "edge", "instance", "names", "bastion", "dns", "type"],
)
def test_provision_refuses_bad_input_before_any_call(
    variables: dict[str, object], says: list[str], tmp_path: Path
) -> None:
    printed = run(tmp_path, "provision", variables)
    assert [sentence for sentence in says if sentence not in printed] == []
    assert "Could not connect" not in printed


def test_a_real_environment_without_ssh_sources_is_refused(tmp_path: Path) -> None:
    assert "estate_ssh_allowed_cidrs is required" in run(tmp_path, "provision", environment="production", endpoint="")


def test_a_topology_without_hosts_is_refused_where_it_would_cost(tmp_path: Path) -> None:
    given: dict[str, object] = {"estate_topology": "scaled", "estate_ssh_access": "session_manager"}
    printed = run(tmp_path, "provision", given, environment="staging", endpoint="")
    assert "no hosts yet (docs/aws.md)" in printed


def test_a_real_environment_is_refused_while_the_stand_in_is_named(tmp_path: Path) -> None:
    printed = run(tmp_path, "provision", {"estate_ssh_allowed_cidrs": ["192.0.2.1/32"]}, environment="staging")
    assert "type `unset AWS_ENDPOINT_URL`" in printed


def test_local_is_refused_while_no_stand_in_is_named(tmp_path: Path) -> None:
    assert f"type `export AWS_ENDPOINT_URL={ENDPOINT}`" in run(tmp_path, "provision", endpoint="")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"decommission_environment": "staging"}, "This takes production down, and `staging` was typed"),
        ({"decommission_environment": "production"}, "type -e decommission_production=true as well"),
    ],
    ids=["another name", "no second switch"],
)
def test_production_is_not_taken_down_without_its_name_and_a_second_switch(
    given: dict[str, object], says: str, tmp_path: Path
) -> None:
    given |= {"estate_ssh_allowed_cidrs": ["192.0.2.1/32"]}
    # No call to AWS could succeed: the credentials are none.
    printed = run(tmp_path, "decommission", given, environment="production", endpoint="")
    assert says in printed
    assert "Nothing was changed" in printed


@pytest.mark.parametrize("verb", ["configure", "deploy", "verify"])
def test_a_verb_alone_on_an_empty_account_says_to_provision_first(verb: str, tmp_path: Path) -> None:
    assert "No host found for local: run provision" in run(tmp_path, verb)


@pytest.mark.parametrize(
    ("cidrs", "says"),
    [
        (["::/0"], "::/0 opens SSH to the internet"),
        (["0.0.0.0/1", "128.0.0.0/1"], "128.0.0.0/1 opens SSH to the internet"),
        (["999.1.1.1/32"], "write a network such as 192.0.2.10/32"),
        (["192.0.2.1/24"], "has host bits set"),
        (["192.0.2.1"], "write 192.0.2.1/32"),
        ([], "is required"),
        ("192.0.2.1/32", "is required"),
    ],
)
def test_ssh_sources_that_are_refused(cidrs: object, says: str) -> None:
    module = load("roles/estate/filter_plugins/estate_problems.py")
    assert says in " ".join(module.source_problems(cidrs))


def test_ssh_sources_that_are_accepted() -> None:
    module = load("roles/estate/filter_plugins/estate_problems.py")
    assert list(module.source_problems(["192.0.2.1/32", "10.0.0.0/8", "2001:db8::/48"])) == []


@pytest.mark.parametrize(
    ("version", "accepted"),
    [("2.16.10", False), ("2.16.11", True), ("2.16.19", True), ("2.17.0", False), ("2.9.27", False)],
)
def test_the_versions_of_ansible_core_that_are_accepted(version: str, accepted: bool) -> None:
    module = load("roles/estate/filter_plugins/estate_problems.py")
    assert (not list(module.core_problems(version))) is accepted


def test_an_endpoint_of_one_service_is_refused_everywhere() -> None:
    module = load("roles/estate/filter_plugins/estate_problems.py")
    process = {"AWS_ENDPOINT_URL": ENDPOINT, "AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:1"}
    assert ["unset AWS_ENDPOINT_URL_EC2" in problem for problem in module.endpoint_problems("local", ENDPOINT, process)]
    assert len(list(module.endpoint_problems("production", "", process))) == 2


def test_the_stand_in_is_not_passed_over() -> None:
    module = load("roles/estate/filter_plugins/estate_problems.py")
    process = {"AWS_ENDPOINT_URL": ENDPOINT, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    (problem,) = module.endpoint_problems("local", ENDPOINT, process)
    assert "type `unset AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`" in problem


SUBNET = {"name": "a", "cidr": "10.0.1.0/24", "zone": "ap-southeast-2a"}


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"cidr": "10.0.1.128/25"}, "Subnets a (10.0.1.0/24) and b (10.0.1.128/25) overlap"),
        ({"cidr": "10.1.0.0/24"}, "is not inside the VPC, 10.0.0.0/16"),
        ({"cidr": "10.0.2.1/24"}, "has host bits set"),
        ({"cidr": "10.0.2.0/29"}, "outside /16 to /28"),
        ({"cidr": "private"}, "Subnet b"),
        ({"zone": "us-east-1a"}, "us-east-1a is not a zone of ap-southeast-2"),
        ({"name": "a"}, "Two subnets are called a"),
    ],
)
def test_networks_that_are_refused(other: dict[str, str], says: str) -> None:
    module = load("roles/aws_network/filter_plugins/network_problems.py")
    second = {"name": "b", "cidr": "10.0.2.0/24", "zone": "ap-southeast-2b", **other}
    assert says in " ".join(module.network_problems([SUBNET, second], "10.0.0.0/16", "ap-southeast-2"))


def test_the_network_that_the_role_makes_by_default_is_accepted() -> None:
    module = load("roles/aws_network/filter_plugins/network_problems.py")
    defaults = yaml.safe_load((ROOT / "roles/aws_network/defaults/main.yml").read_text())
    subnets, vpc = defaults["aws_network_subnets"], defaults["aws_network_cidr"]
    assert module.network_problems(subnets, vpc, "ap-southeast-2") == []


@pytest.mark.parametrize(
    ("console", "key"),
    [
        ("", ""),
        ("ssh-ed25519 AAAAforged", ""),
        ("-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 AAAAcut", ""),
        (
            "-----BEGIN SSH HOST KEY KEYS-----\r\necdsa-sha2-nistp256 AAAAE2 root@host\r\n"
            "ssh-ed25519 AAAAC3Nz+/= root@host\r\n-----END SSH HOST KEY KEYS-----\r\n",
            "ssh-ed25519 AAAAC3Nz+/=",
        ),
        (
            "[ 9.1] cloud-init[8]: -----BEGIN SSH HOST KEY KEYS-----\n[ 9.1] cloud-init[8]: ssh-ed25519 AAAAold\n"
            "-----END SSH HOST KEY KEYS-----\nreboot\n-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 AAAAnew\n"
            "-----END SSH HOST KEY KEYS-----",
            "ssh-ed25519 AAAAnew",
        ),
    ],
    ids=["empty", "outside the block", "block not complete", "carriage returns", "newest block"],
)
def test_the_host_key_on_a_console(console: str, key: str) -> None:
    module = load("roles/aws_compute/library/ec2_console_host_keys.py")
    assert module.host_key(console, "ssh-ed25519") == key


CONSOLE = "-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 AAAAC3Nz\n-----END SSH HOST KEY KEYS-----\n"


@pytest.mark.parametrize(
    ("timeout", "consoles", "key"),
    [
        (600, ["", "booting", CONSOLE], "ssh-ed25519 AAAAC3Nz"),
        (0, ["", CONSOLE], ""),
        (0, [CONSOLE], "ssh-ed25519 AAAAC3Nz"),
    ],
    ids=["EC2 is late", "one look only", "at once"],
)
def test_how_long_the_console_is_looked_at(
    timeout: int, consoles: list[str], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load("roles/aws_compute/library/ec2_console_host_keys.py")
    shown = iter(consoles)
    monkeypatch.setattr(module, "console_of", lambda _: next(shown))
    assert module.wait_for_key("i-0123456789abcdef0", "ssh-ed25519", timeout, interval=0) == key
