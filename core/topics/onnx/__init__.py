"""ONNX: the file in which a network leaves torch, what runs it, what breaks an export, what a stranger's file holds."""
