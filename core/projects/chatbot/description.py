"""The chat's service in OpenAPI 3.1."""

from core.models.language import NAME
from core.projects.chatbot.decoding import LONGEST
from core.projects.chatbot.sampling import Sampling


def description() -> dict:
    """What the service takes and answers."""
    usual = Sampling()
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ChatError"}}}}
    number = {"type": "number", "minimum": 0}
    text = {"type": "string"}
    message = {
        "type": "object", "required": ["role", "content"],
        "properties": {"role": {"enum": ["system", "user", "assistant"]}, "content": text},
    }  # fmt: skip
    request = {
        "type": "object", "required": ["messages"],
        "properties": {
            "model": {"const": NAME}, "messages": {"type": "array", "items": message, "minItems": 1},
            "temperature": {**number, "default": usual.temperature}, "top_p": {**number, "default": usual.top_p},
            "top_k": {"type": "integer", "default": usual.top_k}, "min_p": {**number, "default": usual.min_p},
            "repetition_penalty": {**number, "default": usual.repetition_penalty},
            "seed": {"type": "integer", "minimum": 0, "default": usual.seed},
            "max_tokens": {"type": "integer", "minimum": 1, "maximum": LONGEST, "default": LONGEST},
            "stream": {"type": "boolean", "default": False},
            "stop": {"oneOf": [text, {"type": "array", "items": text, "maxItems": 4}]},
        },
    }  # fmt: skip
    refusals = {
        "400": "The request means nothing", "404": "There is no such model", "413": "The body or a message is too long",
        "415": "The content type is not read here", "429": "The line is full", "503": "The model is not here",
    }  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {"title": "Roadmap Lab: chat", "version": "1", "license": {"name": "AGPL-3.0-or-later"}},
        "servers": [{"url": "../.."}],
        "paths": {"/api/chat/completions": {"post": {
            "operationId": "chat",
            "summary": "Answer a conversation with a small language model",
            "description": "A part of OpenAI's chat completions, streamed as server-sent events or at once. One answer "
            "is spoken at a time; others wait in a line of bounded length. The model is small and often wrong.",
            "requestBody": {"required": True, "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/ChatRequest"}}}},
            "responses": {
                "200": {"description": "The answer", "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/ChatAnswer"}},
                    "text/event-stream": {"schema": text}}},
                **{status: {"description": words, **error} for status, words in refusals.items()},
            },
        }}},
        "components": {"schemas": {
            "ChatRequest": request,
            "ChatAnswer": {"type": "object", "required": ["id", "object", "created", "model", "choices", "usage"]},
            "ChatError": {"type": "object", "required": ["error"], "properties": {"error": {
                "type": "object", "required": ["message", "type", "code"]}}},
        }},
    }  # fmt: skip
