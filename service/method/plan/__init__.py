"""Sales plans (the method, section 6): statistics → inputs → blocks by month; levers, goals, and spreading to money."""
