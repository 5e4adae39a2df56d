import instructor
from openai import OpenAI
from question import City, asks


class Client:
    def __init__(self, base_url, key, retries):
        self.client = instructor.from_openai(OpenAI(base_url=base_url, api_key=key, **({} if retries is None else {"max_retries": retries})))

    def chat(self, model, text):
        return self.structured(model, text).city

    def stream(self, model, text):
        """Its streams are of objects that are not whole yet."""
        told = ""
        for partial in self.client.chat.completions.create_partial(model=model, messages=asks(text), response_model=City):
            city = partial.city or ""
            yield city[len(told):]
            told = city

    def structured(self, model, text):
        return self.client.chat.completions.create(model=model, messages=asks(text), response_model=City)
