"""The mathematics, by the sections of the method: numbers and frames in, numbers and frames out.

Exact amounts are whole ten-thousandths (`service.values`), months are numbers (`months`). No HTTP, SQL, files or clock.
"""
