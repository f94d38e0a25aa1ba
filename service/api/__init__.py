"""HTTP: one thin module per tag of the contract. Only this room and `app.py` know FastAPI."""
