"""Who may do what: keys, their scopes, and the subsidiaries they reach."""
