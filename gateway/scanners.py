"""Networks that an operator lists as those of mail scanners."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

KEPT = 4096

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Scanners:
    """A set of networks that answers in one look-up for each length of prefix, remembering what was asked."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._found = {(each.version, each.prefixlen, int(each.network_address)) for each in networks}
        self._prefixes = sorted({(version, length) for version, length, _ in self._found})
        self._remembered = lru_cache(KEPT)(self._look_up)

    def __bool__(self) -> bool:
        """Tell whether any network is listed."""
        return bool(self._found)

    def hold(self, address: str) -> bool:
        """Tell whether an address is in one of the networks; what is no address is in none."""
        return self._remembered(address)

    def _look_up(self, address: str) -> bool:
        try:
            asked = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(asked, ipaddress.IPv6Address) and asked.ipv4_mapped is not None:
            asked = asked.ipv4_mapped
        number = int(asked)
        return any(
            version == asked.version
            and (version, length, number >> (asked.max_prefixlen - length) << (asked.max_prefixlen - length))
            in self._found
            for version, length in self._prefixes
        )


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read networks separated by commas, such as "192.0.2.0/24, 2001:db8::/32".

    Raises ValueError that names the first one which is none, has bits beyond its prefix, or stands twice.
    """
    found: list[Network] = []
    for part in filter(None, map(str.strip, text.split(","))):
        try:
            network = ipaddress.ip_network(part)
        except ValueError:
            raise ValueError(f"want networks such as 192.0.2.0/24, 2001:db8::/32; {part!r} is none") from None
        if network in found:
            raise ValueError(f"want each network once; {part!r} stands twice")
        found.append(network)
    return tuple(found)
