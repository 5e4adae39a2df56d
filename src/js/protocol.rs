//! The numbers that stand for steps, events and causes between the core and its driver. protocol.js has the same numbers; a test
//! compares the two.

#![allow(dead_code)] // The last number of a list is matched as "anything else".

// Kinds of calls.
pub const CHAT: u8 = 0;
pub const COMPLETION: u8 = 1;
pub const RESPONSE: u8 = 2;
pub const EMBEDDING: u8 = 3;
pub const RERANK: u8 = 4;

// Bits that describe a client: the caller gave a key function, or a limit store; one request can resolve a promise of another; the
// limits are a gateway operator's; the options are a provider page's config, overridden by the call's options.
pub const KEY_FUNCTION: u8 = 1;
pub const STORE: u8 = 2;
pub const WAKES: u8 = 4;
pub const GATEWAY: u8 = 8;
pub const PAGE: u8 = 16;

// Questions to a store.
pub const STORE_RESERVE: u8 = 0;
pub const STORE_RESERVE_AND_TELL: u8 = 1;
pub const STORE_SETTLE: u8 = 2;
pub const STORE_RELEASE: u8 = 3;
pub const STORE_RENEW: u8 = 4;
pub const STORE_BLOCK: u8 = 5;
pub const STORE_STATE: u8 = 6;
pub const STORE_RESTORE: u8 = 7;
pub const STORE_CHANGES: u8 = 8;
pub const STORE_KNOWS: u8 = 9;
pub const STORE_ADOPT: u8 = 10;
pub const STORE_EXPIRE: u8 = 11;
pub const STORE_CORRECT: u8 = 12;
pub const STORE_NEXT_LOSS: u8 = 13;

// Steps.
pub const NOTHING: u8 = 0;
pub const AWAIT_PRICES: u8 = 1;
pub const ASK_KEY: u8 = 2;
pub const RESERVE: u8 = 3;
pub const SLEEP: u8 = 4;
pub const SEND: u8 = 5;
pub const READ_ERROR: u8 = 6;
pub const DELIVER: u8 = 7;
pub const FAIL: u8 = 8;

// Events without data, or with a number.
pub const BEGIN: u8 = 0;
pub const PRICES: u8 = 1;
pub const NO_KEY: u8 = 2;
pub const STORE_FAILED: u8 = 3;
pub const WOKEN: u8 = 4;
pub const TIMED_OUT: u8 = 5;
pub const UNDER_WAY: u8 = 6;
pub const UNREAD: u8 = 7;
pub const CANCELLED: u8 = 8;

// Events with a text.
pub const HEAD: u8 = 0;
pub const LOST: u8 = 1;
pub const KEY: u8 = 2;
pub const RESERVED: u8 = 3;
pub const REFUSED: u8 = 4;
pub const ERROR_BODY: u8 = 5;

// Why a key function gave no key: it failed, it returned a response or another value that is no string, or it took too long.
pub const FAILED: u8 = 0;
pub const IS_RESPONSE: u8 = 1;
pub const IS_NO_STRING: u8 = 2;
pub const TOO_LATE: u8 = 3;

// Why a call ended early.
pub const ABORT: u8 = 0;
pub const IDLE: u8 = 1;
pub const TOTAL: u8 = 2;
pub const CLOSED: u8 = 3;

// How a call ended.
pub const OK: u8 = 0;
pub const ABORTED: u8 = 1;
pub const TRUNCATED: u8 = 2;
pub const ERROR: u8 = 3;

// The faults of a whole answer.
pub const UNEXPECTED: u8 = 0;
pub const MAY_HAVE_FAILED: u8 = 1;
pub const MAY_HOLD_NONE: u8 = 2;

// The treatments of another library's request by a client.
pub const FOREIGN: u8 = 0;
pub const KEYED: u8 = 1;
pub const TO_CHAT: u8 = 2;
pub const TO_EMBEDDINGS: u8 = 3;
pub const TO_COMPLETIONS: u8 = 4;
pub const ASTRAY: u8 = 5;
