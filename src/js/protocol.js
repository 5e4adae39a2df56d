// The numbers that stand for steps, events and causes between the core and its driver. protocol.rs has the same numbers; a test compares the two.

// Kinds of calls.
export const CHAT = 0;
export const COMPLETION = 1;
export const RESPONSE = 2;
export const EMBEDDING = 3;
export const RERANK = 4;

// Bits that describe a client: the caller gave a key function, or a limit store; one request can resolve a promise of another; the limits are a gateway
// operator's; the options are a provider page's config, overridden by the call's options.
export const KEY_FUNCTION = 1;
export const STORE = 2;
export const WAKES = 4;
export const GATEWAY = 8;
export const PAGE = 16;

// Questions to a store.
export const STORE_RESERVE = 0;
export const STORE_RESERVE_AND_TELL = 1;
export const STORE_SETTLE = 2;
export const STORE_RELEASE = 3;
export const STORE_RENEW = 4;
export const STORE_BLOCK = 5;
export const STORE_STATE = 6;
export const STORE_RESTORE = 7;
export const STORE_CHANGES = 8;
export const STORE_KNOWS = 9;
export const STORE_ADOPT = 10;
export const STORE_EXPIRE = 11;
export const STORE_CORRECT = 12;
export const STORE_NEXT_LOSS = 13;

// Steps.
export const AWAIT_PRICES = 1;
export const ASK_KEY = 2;
export const RESERVE = 3;
export const SLEEP = 4;
export const SEND = 5;
export const READ_ERROR = 6;
export const DELIVER = 7;
export const FAIL = 8;

// Events without data, or with a number.
export const BEGIN = 0;
export const PRICES = 1;
export const NO_KEY = 2;
export const STORE_FAILED = 3;
export const WOKEN = 4;
export const TIMED_OUT = 5;
export const UNDER_WAY = 6;
export const UNREAD = 7;
export const CANCELLED = 8;

// Events with a text.
export const HEAD = 0;
export const LOST = 1;
export const KEY = 2;
export const RESERVED = 3;
export const REFUSED = 4;
export const ERROR_BODY = 5;

// Why a key function gave no key: it failed, it returned a response or another value that is no string, or it took too long.
export const FAILED = 0;
export const IS_RESPONSE = 1;
export const IS_NO_STRING = 2;
export const TOO_LATE = 3;

// Why a call ended early.
export const ABORT = 0;
export const IDLE = 1;
export const TOTAL = 2;
export const CLOSED = 3;

// How a call ended.
export const OK = 0;
export const ABORTED = 1;
export const TRUNCATED = 2;
export const ERROR = 3;

// The faults of a whole answer.
export const UNEXPECTED = 0;
export const MAY_HAVE_FAILED = 1;
export const MAY_HOLD_NONE = 2;

// The treatments of another library's request by a client.
export const FOREIGN = 0;
export const KEYED = 1;
export const TO_CHAT = 2;
export const TO_EMBEDDINGS = 3;
export const TO_COMPLETIONS = 4;
export const ASTRAY = 5;

/** The headers whose values the core reads, in this order: these of every response, and the others as well if the response is an error. */
export const HEADERS = ["x-request-id", "x-amzn-trace-id", "x-amz-cf-id", "x-inference-provider", "ratelimit", "ratelimit-remaining", "ratelimit-reset"];
const SUFFIXES = ["", "-requests", "-tokens", "-requests-minute", "-tokens-minute", "-requests-day", "-tokens-day", "-tokens-prompt", "-tokens-generated"];
const windows = () => SUFFIXES.flatMap((suffix) => [`x-ratelimit-remaining${suffix}`, `x-ratelimit-reset${suffix}`]);
export const headersOfFailure = () => [...HEADERS, "retry-after-ms", "retry-after", "x-should-retry", ...windows()];

/** By the `kind` of a settlement. */
export const APIS = { chat: CHAT, completion: COMPLETION, responses: RESPONSE, embeddings: EMBEDDING, rerank: RERANK };

/** By the `cause` of a Cancel. */
export const CAUSES = { abort: ABORT, idle: IDLE, total: TOTAL, closed: CLOSED };

/** By the `outcome` of a settlement. */
export const OUTCOMES = { ok: OK, aborted: ABORTED, truncated: TRUNCATED, error: ERROR };
