from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from question import City, weather


class Client:
    def __init__(self, base_url, key, retries):
        self.given = {"base_url": base_url, "api_key": key, **({} if retries is None else {"max_retries": retries})}

    def model(self, model):
        return ChatOpenAI(model=model, **self.given)

    def chat(self, model, text):
        return self.model(model).invoke(text).content

    def stream(self, model, text):
        stream = self.model(model).stream(text)
        try:
            for chunk in stream:
                yield chunk.content
        finally:
            stream.close()

    def tools(self, model, text):
        warm = tool(weather)
        chat = self.model(model).bind_tools([warm])
        first = chat.invoke(text)
        call = first.tool_calls[0]
        return chat.invoke([HumanMessage(text), first, ToolMessage(warm.invoke(call["args"]), tool_call_id=call["id"])]).content

    def structured(self, model, text):
        return self.model(model).with_structured_output(City).invoke(text)

    def embeddings(self, model, texts):
        return OpenAIEmbeddings(model=model, check_embedding_ctx_length=False, **self.given).embed_documents(texts)
