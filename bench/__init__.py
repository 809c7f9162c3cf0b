"""How fast the gateway is: a bare Flask route and the gateway's own flows, in one run, on the same server."""
