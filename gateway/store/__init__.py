"""Every SQL statement of the gateway, a module per noun; a function here runs statements and never commits."""
