"""Drawings found on paper: scenes composed by code, a YOLO trained on them, boxes, suppression and its measures."""
