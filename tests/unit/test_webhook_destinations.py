"""Webhook URLs: private addresses are refused in every notation."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.webhooks.url_policy import DestinationError, is_public, parse

PRIVATE = [
    *("0.0.0.0", "10.1.2.3", "127.0.0.1", "127.255.255.254", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    "192.88.99.1",
    *("::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "100::1", "5f00::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
    *("2002:7f00:1::", "2002:808:808::", "2001::1", "2001:20::1", "2001:db8::1", "3fff::1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(DestinationError):
        parse(f"https://{host}/hook")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    assert parse(f"https://{host}/hook").host == address


@given(st.ip_addresses(v=4))
def test_ipv6_addresses_that_embed_ipv4_are_refused(address: ipaddress.IPv4Address) -> None:
    """Every IPv6 form that embeds an IPv4 address is refused, whatever the address."""
    number = int(address)
    for prefix, shift in (("::ffff:0:0", 0), ("::", 0), ("64:ff9b::", 0), ("2002::", 80), ("2001::", 0)):
        carrier = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | number << shift)
        assert not is_public(carrier), carrier


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "HTTPS//hooks.example.com",
        "//hooks.example.com/",
        "hooks.example.com",
        "https:///path",
        "https://",
        "",
        "https://localhost/",
        "https://localhost./",
        "https://LOCALHOST/",
        "https://api.localhost/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://1.0.0.127.in-addr.arpa/",
        "https://intranet/",
        "https://user@hooks.example.com/",
        "https://:pass@hooks.example.com/",
        "https://hooks.example.com@127.0.0.1/",
        "https://hooks.example.com:80/",
        "https://hooks.example.com:6379/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:x/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1.",
        "https://[::1%25eth0]/",
        "https://[::1/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com/ x",
        "https://hooks.example.com/\tx",
        "https://hooks.example.com/\r\nHost: x",
        "https://hööks.example.com/",
        "https://hooks。example。com/",
        "https://１２７.0.0.1/",
        "https://hooks.example.com/" + "x" * 2048,
    ],
)
@pytest.mark.parametrize("allow_local", [False, True])
def test_urls_refused_by_their_text(url: str, allow_local: bool) -> None:
    with pytest.raises(DestinationError):
        parse(url, allow_local=allow_local)


def test_a_url_is_parsed() -> None:
    found = parse("https://Hooks.Example.com:8443/a/b?c=d#e")
    assert (found.host, found.port, found.target, found.is_local) == ("hooks.example.com", 8443, "/a/b?c=d", False)
    assert (parse("https://hooks.example.com").port, parse("https://hooks.example.com").target) == (443, "/")


@pytest.mark.parametrize("url", ["http://localhost:9000/x", "http://127.0.0.1:9000/x", "http://[::1]:9000/x"])
def test_local_receivers_require_the_setting(url: str) -> None:
    with pytest.raises(DestinationError):
        parse(url)
    found = parse(url, allow_local=True)
    assert (found.port, found.target, found.is_local) == (9000, "/x", True)


@given(st.text(max_size=40).map(lambda rest: f"https://{rest}"))
def test_any_text_is_a_destination_or_refused(url: str) -> None:
    try:
        found = parse(url)
    except DestinationError:
        return
    assert found.port in (443, 8443)
    assert found.host.isascii()
    assert not any(character.isspace() for character in found.target)


@pytest.mark.parametrize(
    "host",
    [".example.com", "hooks..example.com", "hooks.example.com..", "-hooks.example.com", "hooks-.example.com"]
    + [f"{'a' * 64}.example.com", ".".join(["abcdefg"] * 32) + ".com", "hooks.example.com:443.example.com", "a,b.com"],
)
def test_invalid_hosts(host: str) -> None:
    with pytest.raises(DestinationError):
        parse(f"https://{host}/hook")


@pytest.mark.parametrize(
    "host", ["a.co", "hooks.example.com.", f"{'a' * 63}.example.com", "xn--bcher-kva.example", "a_b.io"]
)
def test_valid_hosts(host: str) -> None:
    assert parse(f"https://{host}/hook").host == host.removesuffix(".")
