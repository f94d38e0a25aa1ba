"""Answers in the shape that others read: tables as files."""
