"""Networks that an operator lists: read strictly, found quickly, and never a reason to raise."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.scanners import Scanners, parse_networks
from gateway.settings import SettingsError, read_settings

LISTED = Scanners(parse_networks("192.0.2.0/24, 198.51.100.7, 2001:db8:5::/48"))


@pytest.mark.parametrize(
    "address",
    ["192.0.2.0", "192.0.2.255", "198.51.100.7", "2001:db8:5::1", "2001:db8:5:ffff::9", "::ffff:192.0.2.9"],
)
def test_an_address_within_a_listed_network_is_found(address: str) -> None:
    assert LISTED.hold(address)


@pytest.mark.parametrize(
    "address", ["192.0.3.0", "198.51.100.8", "2001:db8:6::1", "", "unix:", "192.0.2", "x" * 5000]
)
def test_no_other_address_is_found_and_none_raises(address: str) -> None:
    assert not LISTED.hold(address)


def test_without_a_list_there_is_nobody_in_it() -> None:
    assert not Scanners()
    assert not Scanners(parse_networks(" , ")).hold("192.0.2.1")


@pytest.mark.parametrize(
    "wrong",
    ["192.0.2.1/24", "10.0.0.0/33", "scanner.example", "192.0.2.0/24 192.0.3.0/24", "10.0.0.0/8, 10.0.0.0/8"],
)
def test_a_wrong_list_is_named_with_its_setting(wrong: str) -> None:
    with pytest.raises(SettingsError, match="GATEWAY_SCANNERS: got"):
        read_settings({"GATEWAY_SCANNERS": wrong})


@given(st.ip_addresses(), st.lists(st.ip_addresses(), max_size=5), st.integers(0, 32))
def test_the_quick_look_up_says_what_python_says(address: object, bases: list[object], length: int) -> None:
    networks = {ipaddress.ip_network(f"{base}/{length}", strict=False) for base in bases}
    # An address of IPv4 that a socket of both kinds spells as one of IPv6 is meant as what it is.
    meant = getattr(address, "ipv4_mapped", None) or address
    assert Scanners(networks).hold(str(address)) == any(meant in network for network in networks)


def test_an_address_of_ipv4_is_found_however_a_socket_spells_it() -> None:
    assert Scanners(parse_networks("192.0.2.0/24")).hold("::ffff:192.0.2.7")
    assert not Scanners(parse_networks("::/0")).hold("::ffff:192.0.2.7")
