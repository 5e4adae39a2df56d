import json

from huggingface_hub import InferenceClient
from question import FORMAT, TOOL, asks, in_two_steps


class Client:
    def __init__(self, base_url, key, retries):
        self.client = InferenceClient(base_url=base_url, api_key=key)

    def complete(self, model, messages, **more):
        return self.client.chat.completions.create(model=model, messages=messages, **more).choices[0].message

    def chat(self, model, text):
        return self.complete(model, asks(text)).content

    def stream(self, model, text):
        stream = self.client.chat.completions.create(model=model, messages=asks(text), stream=True)
        try:
            for chunk in stream:
                yield chunk.choices[0].delta.content if chunk.choices else None
        finally:
            stream.close()

    def tools(self, model, text):
        return in_two_steps(text, lambda messages: self.complete(model, messages, tools=[TOOL]))

    def structured(self, model, text):
        return json.loads(self.complete(model, asks(text), response_format=FORMAT).content)
