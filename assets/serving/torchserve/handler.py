"""TorchServe's way in: one object that is loaded once and answers batches of requests."""

import json
import sys


class Handler:
    """The archive holds an ONNX file and no pickle: TorchServe itself would torch.load what is called model.pt."""

    initialized = False

    def initialize(self, context) -> None:
        sys.path.insert(0, context.system_properties["model_dir"])
        import network

        self.network, self.context, self.initialized = network, context, True

    def handle(self, data: list[dict], context) -> list[dict]:
        """One answer per request, in their order."""
        return [self.answered(each.get("body") or each.get("data"), place) for place, each in enumerate(data)]

    def answered(self, body: object, place: int) -> dict:
        try:
            content = bytes(body) if isinstance(body, bytes | bytearray) else json.dumps(body).encode()
            return self.network.written(self.network.probabilities(self.network.samples(content)))
        except self.network.Invalid as error:
            self.context.set_response_status(error.status, str(error), place)
            return {"error": str(error)}
