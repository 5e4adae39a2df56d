import litellm
from question import TOOL, City, asks, in_two_steps

litellm.suppress_debug_info = True


class Client:
    def __init__(self, base_url, key, retries):
        self.given = {"api_base": base_url, "api_key": key, "custom_llm_provider": "openai", **({} if retries is None else {"max_retries": retries, "num_retries": retries})}

    def complete(self, model, messages, **more):
        return litellm.completion(model=model, messages=messages, **self.given, **more).choices[0].message

    def chat(self, model, text):
        return self.complete(model, asks(text)).content

    def stream(self, model, text):
        stream = litellm.completion(model=model, messages=asks(text), stream=True, **self.given)
        try:
            for chunk in stream:
                yield chunk.choices[0].delta.content if chunk.choices else None
        finally:
            # The wrapped stream has to be closed by hand.
            if stream.completion_stream is not None:
                stream.completion_stream.close()

    def tools(self, model, text):
        return in_two_steps(text, lambda messages: self.complete(model, messages, tools=[TOOL]))

    def structured(self, model, text):
        return City.model_validate_json(self.complete(model, asks(text), response_format=City).content)

    def embeddings(self, model, texts):
        return [row["embedding"] for row in litellm.embedding(model=model, input=texts, encoding_format="float", **self.given).data]
