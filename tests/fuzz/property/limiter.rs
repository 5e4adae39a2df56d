//! A limiter's state, read from any JSON, is refused, or becomes a limiter that goes on working and writes the same state again;
//! the same for a store's rows.

use hfetch::json::{self, Value};
use hfetch::policy::limit_store::{MemoryStore, Part};
use hfetch::policy::rate_limit::{Limits, RateLimiter};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::io::{Result, Write};

const LIMITS: Limits = Limits {
    requests_per_minute: Some(5.0),
    tokens_per_minute: Some(1000.0),
    requests_per_month: Some(100.0),
    max_concurrent: Some(3.0),
};

/// The first line holds steps; the rest is the state.
pub fn hold(data: &[u8]) {
    let (steps, rest) = super::head(data);
    let Ok(value) = json::parse(rest) else {
        return;
    };
    if let Ok(limiter) = RateLimiter::restore(&value, LIMITS, "state") {
        same_again(&limiter);
        walk(limiter, steps);
    }
    let mut row = MemoryStore::journaled();
    if row.adopt(&value) {
        walk_store(row, steps);
    }
    let mut store = MemoryStore::journaled();
    if store.restore(&value).is_ok() {
        let state = text(&store.state());
        let mut copy = MemoryStore::new();
        copy.restore(&read(&state)).expect("its own state");
        assert!(
            text(&copy.state()) == state || state.contains('.'),
            "{state}"
        );
        walk_store(store, steps);
    }
}

/// Writes numbers as `JSON.stringify` does: without ".0", which would be a digit too many for the largest.
struct AsJavaScript;

impl Formatter for AsJavaScript {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> Result<()> {
        write!(writer, "{value}")
    }
}

fn text(state: &impl Serialize) -> String {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, AsJavaScript);
    state.serialize(&mut serializer).unwrap();
    String::from_utf8(text).unwrap()
}

fn read(state: &str) -> Value {
    json::parse(state.as_bytes()).unwrap()
}

/// The clock's milliseconds are whole. In a state that other code wrote they may not be, and their last digit may change.
fn same_again(limiter: &RateLimiter) {
    let state = text(&limiter.state());
    let restored = RateLimiter::restore(&read(&state), LIMITS, "state").expect("its own state");
    assert!(
        text(&restored.state()) == state || state.contains('.'),
        "{state}"
    );
}

/// Whatever was restored, a refusal's wait is at least 0, and a reservation ends once.
fn walk(mut limiter: RateLimiter, steps: &[u8]) {
    let mut now = 1_795_305_600_000.0;
    let mut open = Vec::new();
    for step in steps {
        now += f64::from(*step) * 97.0;
        match step % 4 {
            0 | 1 => match limiter.reserve(u64::from(*step) * 5, now) {
                Ok(id) => open.push(id),
                Err(refused) => assert!(refused.retry_after >= 0.0),
            },
            2 => {
                if let Some(id) = open.pop() {
                    limiter.settle(id, u64::from(*step) * 7, now);
                    limiter.settle(id, u64::MAX, now);
                }
            }
            _ => limiter.release(open.pop().unwrap_or(u64::MAX)),
        }
    }
    same_again(&limiter);
    limiter.usage(now);
}

/// Each change is reported once, and a store that is made only from its scopes' rows counts the same.
fn walk_store(mut store: MemoryStore, steps: &[u8]) {
    let mut now = 1_795_305_600_000.0;
    let mut open = Vec::new();
    for step in steps {
        now += f64::from(*step) * 97.0;
        let part = |scope: &str| Part {
            scope: scope.to_string(),
            pause: None,
            lasts: None,
            tokens: u64::from(*step),
            usd: 0.001,
            limits: LIMITS,
            budget: None,
        };
        match step % 4 {
            0 | 1 => match store.reserve(&[part("key:a"), part("client:b")], now) {
                Ok(id) => open.push(id),
                Err(refused) => assert!(refused.limit.retry_after >= 0.0),
            },
            2 => store.settle(
                &open.pop().unwrap_or_default(),
                u64::from(*step) * 7,
                0.5,
                now,
            ),
            _ => store.release(&open.pop().unwrap_or_default()),
        }
        store.block("key:a", now + f64::from(*step));
        assert!(store.changes().is_some() && store.changes().is_none());
    }
    let state = read(&text(&store.state()));
    let mut rows = MemoryStore::new();
    let scopes = state.get("scopes").and_then(Value::as_array).unwrap();
    for scope in scopes {
        assert!(rows.adopt(scope), "{state:?}");
    }
    for scope in ["key:a", "client:b"] {
        assert_eq!(rows.usage(scope, now), store.usage(scope, now));
    }
    let mut copy = MemoryStore::new();
    copy.restore(&read(&text(&store.state())))
        .expect("its own state");
}
