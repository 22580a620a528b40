"""The digit recognizer: from any drawing to MNIST's frame, the network, its reasons and its training."""
