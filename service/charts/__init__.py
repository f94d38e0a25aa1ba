"""Pictures of figures: specifications in Vega-Lite, and the process that draws them.

Figures come as the API tells them; nothing is calculated a second time here.
"""
