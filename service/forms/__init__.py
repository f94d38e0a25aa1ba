"""What subsidiaries hand in: each form declared once (`catalogue.py`), readers for every format, and the checks."""
