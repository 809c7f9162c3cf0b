"""HTTP, a module per audience: a view reads the request, calls one use case, answers."""
