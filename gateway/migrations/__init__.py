"""Every step the tables have taken, driven by `gateway.store.schema`."""
