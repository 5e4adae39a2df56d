"""What every client asks with."""
import json

from pydantic import BaseModel


class City(BaseModel):
    city: str
    degrees: int


TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": City.model_json_schema()}}


def weather(city: str) -> str:
    """The weather of a city."""
    return json.dumps({"city": city, "degrees": 21})


def asks(text):
    return [{"role": "user", "content": text}]


def in_two_steps(text, complete):
    """Two steps of a tool's use by hand: `complete` asks once and gives the message."""
    messages = asks(text)
    first = complete(messages)
    call = first.tool_calls[0]
    arguments = call.function.arguments
    result = weather(**(json.loads(arguments) if isinstance(arguments, str) else arguments))
    said = {"role": "assistant", "content": None, "tool_calls": [{"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": arguments}}]}
    return complete([*messages, said, {"role": "tool", "tool_call_id": call.id, "content": result}]).content
