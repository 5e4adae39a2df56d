from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider
from question import City, weather


class Client:
    model_class = OpenAIResponsesModel

    def __init__(self, base_url, key, retries):
        client = AsyncOpenAI(base_url=base_url, api_key=key, **({} if retries is None else {"max_retries": retries}))
        self.provider = OpenAIProvider(openai_client=client)

    def agent(self, model, **more):
        return Agent(self.model_class(model, provider=self.provider), **more)

    async def chat(self, model, text):
        return (await self.agent(model).run(text)).output

    async def stream(self, model, text):
        async with self.agent(model).run_stream(text) as result:
            async for piece in result.stream_text(delta=True, debounce_by=None):
                yield piece

    async def leave(self, model, text):
        async with self.agent(model).run_stream(text) as result:
            async for piece in result.stream_text(delta=True, debounce_by=None):
                return piece

    async def tools(self, model, text):
        return (await self.agent(model, tools=[weather]).run(text)).output

    async def structured(self, model, text):
        return (await self.agent(model, output_type=City).run(text)).output


class ChatClient(Client):
    model_class = OpenAIChatModel
