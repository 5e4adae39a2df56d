// If a platform's types are present, the package's types are that platform's own: nothing here needs a cast.
import { HuggingFace, type ChatStream, type RequestOptions, type ResponseInfo } from "hfetch";
import { durableStore, gateway, issueTicket, LimitObject } from "hfetch/gateway";
import { init } from "hfetch/slim";

declare const stream: ChatStream;
declare const info: ResponseInfo;
declare const compiled: WebAssembly.Module;

type IsAny<T> = 0 extends 1 & T ? true : false;
export const noneIsAny: [IsAny<ResponseInfo["headers"]>, IsAny<ReturnType<ChatStream["toReadableStream"]>>, IsAny<ChatStream["controller"]>] = [false, false, false];

export const headers: Headers = info.headers;
export const response: Response = new Response(stream.toReadableStream(), { headers: { "content-type": "text/event-stream" } });
export const controller: AbortController = stream.controller;
export const options: RequestOptions = { signal: AbortSignal.timeout(1_000) };
export const fetches = [
  new HuggingFace({ fetch }),
  new HuggingFace({ fetch: (url, init) => fetch(`https://proxy.example/?${url}`, init) }),
  new HuggingFace({ fetch: async (url: string, init?: RequestInit) => new Response(url + init?.method) }),
];
export const sources = () => [init(new URL("https://example.com/hfetch.wasm")), init(fetch("/hfetch.wasm")), init("/hfetch.wasm"), init(compiled)];

// A Worker as a user writes it.
export { LimitObject };
export const handler = gateway((env) => ({ limits: { requestsPerMinute: 300 }, authorize: async (request) => (request.headers.has("cookie") ? { client: "ann" } : new Response(null, { status: 401 })) }));
export const ticket: Promise<string> = issueTicket("secret", { client: "ann", expiresIn: 600 });
declare const env: { LIMITS: { idFromName(name: string): object; get(id: object): object } };
export const shared = new HuggingFace({ store: durableStore(env.LIMITS) });
// @ts-expect-error there is no such option
gateway({ apiKey: "hf_x" });
// @ts-expect-error seconds are a number
issueTicket("secret", { client: "ann", expiresIn: "10m" });
