import json

from question import FORMAT, weather
from smolagents import OpenAIModel, ToolCallingAgent
from smolagents import tool as as_tool


class Client:
    def __init__(self, base_url, key, retries):
        self.given = {"api_base": base_url, "api_key": key, **({} if retries is None else {"client_kwargs": {"max_retries": retries}, "retry": False})}

    def model(self, model):
        return OpenAIModel(model_id=model, **self.given)

    @staticmethod
    def asks(text):
        return [{"role": "user", "content": [{"type": "text", "text": text}]}]

    def chat(self, model, text):
        return self.model(model).generate(self.asks(text)).content

    def stream(self, model, text):
        stream = self.model(model).generate_stream(self.asks(text))
        try:
            for chunk in stream:
                yield chunk.content
        finally:
            stream.close()

    def tools(self, model, text):
        @as_tool
        def warm(city: str) -> str:
            """The weather of a city.

            Args:
                city: Its name.
            """
            return weather(city)

        agent = ToolCallingAgent(tools=[warm], model=self.model(model), max_steps=3, verbosity_level=0)
        return str(agent.run(text))

    def structured(self, model, text):
        return json.loads(self.model(model).generate(self.asks(text), response_format=FORMAT).content)
