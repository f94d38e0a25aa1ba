"""Who may do what: keys and tokens, their scopes, and the subsidiaries they reach."""
