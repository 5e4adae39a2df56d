//! The numbers by which the core and its driver speak of steps, events and causes. protocol.js has the same; a test compares them.

#![allow(dead_code)] // The last of a list is what is left where it is matched.

// APIs.
pub const CHAT: u8 = 0;
pub const COMPLETION: u8 = 1;
pub const RESPONSE: u8 = 2;
pub const EMBEDDING: u8 = 3;
pub const RERANK: u8 = 4;

// What bears on a client, each a bit: the caller gave a function for the key, or a limit store; one request may resolve what another one
// awaits; a gateway's operator gave the limits; the options are a provider page's, with those of the call over it.
pub const KEY_FUNCTION: u8 = 1;
pub const STORE: u8 = 2;
pub const WAKES: u8 = 4;
pub const GATEWAY: u8 = 8;
pub const PAGE: u8 = 16;

// What is asked of a store.
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

// Events that are a number at most.
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

// How a key function gave no key: it failed, gave a response or something else that is no string, or took too long.
pub const FAILED: u8 = 0;
pub const IS_RESPONSE: u8 = 1;
pub const IS_NO_STRING: u8 = 2;
pub const TOO_LATE: u8 = 3;

// What ended a call early.
pub const ABORT: u8 = 0;
pub const IDLE: u8 = 1;
pub const TOTAL: u8 = 2;
pub const CLOSED: u8 = 3;

// How a call ended.
pub const OK: u8 = 0;
pub const ABORTED: u8 = 1;
pub const TRUNCATED: u8 = 2;
pub const ERROR: u8 = 3;

// Doubts about a whole answer.
pub const UNEXPECTED: u8 = 0;
pub const MAY_HAVE_FAILED: u8 = 1;
pub const MAY_HOLD_NONE: u8 = 2;

// What a request of somebody else's making is.
pub const FOREIGN: u8 = 0;
pub const KEYED: u8 = 1;
pub const TO_CHAT: u8 = 2;
pub const TO_EMBEDDINGS: u8 = 3;
pub const TO_COMPLETIONS: u8 = 4;
pub const ASTRAY: u8 = 5;
