from openai import OpenAI
from question import TOOL, City, asks, in_two_steps


class Client:
    def __init__(self, base_url, key, retries):
        self.client = OpenAI(base_url=base_url, api_key=key, **({} if retries is None else {"max_retries": retries}))

    def complete(self, model, messages, **more):
        return self.client.chat.completions.create(model=model, messages=messages, **more).choices[0].message

    def chat(self, model, text):
        return self.complete(model, asks(text)).content

    def stream(self, model, text):
        with self.client.chat.completions.create(model=model, messages=asks(text), stream=True) as stream:
            for chunk in stream:
                yield chunk.choices[0].delta.content if chunk.choices else None

    def tools(self, model, text):
        return in_two_steps(text, lambda messages: self.complete(model, messages, tools=[TOOL]))

    def structured(self, model, text):
        return self.client.chat.completions.parse(model=model, messages=asks(text), response_format=City).choices[0].message.parsed

    def embeddings(self, model, texts):
        return [row.embedding for row in self.client.embeddings.create(model=model, input=texts).data]
