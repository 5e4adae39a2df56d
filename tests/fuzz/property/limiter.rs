//! A limiter's state, read from any JSON, is refused, or becomes a limiter that goes on working and writes the same state again;
//! the same for a store's rows.

use hfetch::json::{self, Value};
use hfetch::policy::limit_store::{MemoryStore, Part};
use hfetch::policy::rate_limit::{Limits, RateLimiter};
use hfetch::policy::row::{Row, Sink, write};
use hfetch::unit::{Millis, Usd, WallTime};

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
    if row.adopt(&value).is_ok() {
        walk_store(row, steps);
    }
    let mut store = MemoryStore::journaled();
    if store.restore(&value).is_ok() {
        let state = text(&store);
        let mut copy = MemoryStore::new();
        copy.restore(&read(&state)).expect("its own state");
        assert!(text(&copy) == state || state.contains('.'), "{state}");
        walk_store(store, steps);
    }
}

/// JSON whose numbers are as `JSON.stringify` writes them: without ".0", which would be a digit too many for the largest.
#[derive(Default)]
struct Text(String);

impl Text {
    fn value(&mut self, value: &str) {
        if !self.0.is_empty() && !self.0.ends_with(['[', '{', ':']) {
            self.0.push(',');
        }
        self.0.push_str(value);
    }
}

impl Sink for Text {
    fn name(&mut self, name: &'static str) {
        self.text(name);
        self.0.push(':');
    }

    fn number(&mut self, number: f64) {
        self.value(&number.to_string());
    }

    fn text(&mut self, text: &str) {
        self.value(&serde_json::to_string(text).expect("a text"));
    }

    fn flag(&mut self, flag: bool) {
        self.value(if flag { "true" } else { "false" });
    }

    fn null(&mut self) {
        self.value("null");
    }

    fn begin(&mut self, is_list: bool) {
        self.value(if is_list { "[" } else { "{" });
    }

    fn end(&mut self, is_list: bool) {
        self.0.push(if is_list { ']' } else { '}' });
    }
}

fn text(kept: &(impl Row + Clone)) -> String {
    let mut text = Text::default();
    write(&mut kept.clone(), &mut text);
    text.0
}

fn read(state: &str) -> Value {
    json::parse(state.as_bytes()).unwrap()
}

/// The clock's milliseconds are whole. In a state that other code wrote they may not be, and their last digit may change.
fn same_again(limiter: &RateLimiter) {
    let state = text(limiter);
    let restored = RateLimiter::restore(&read(&state), LIMITS, "state").expect("its own state");
    assert!(text(&restored) == state || state.contains('.'), "{state}");
}

/// Whatever was restored, a refusal's wait is at least 0, and a reservation ends once.
fn walk(mut limiter: RateLimiter, steps: &[u8]) {
    let mut now = 1_795_305_600_000.0;
    let mut open = Vec::new();
    for step in steps {
        now += f64::from(*step) * 97.0;
        match step % 4 {
            0 | 1 => match limiter.reserve(u64::from(*step) * 5, WallTime(now)) {
                Ok(id) => open.push(id),
                Err(refused) => assert!(refused.retry_after >= Millis(0.0)),
            },
            2 => {
                if let Some(id) = open.pop() {
                    limiter.settle(id, u64::from(*step) * 7, WallTime(now));
                    limiter.settle(id, u64::MAX, WallTime(now));
                }
            }
            _ => limiter.release(open.pop().unwrap_or(u64::MAX)),
        }
    }
    same_again(&limiter);
    limiter.usage(WallTime(now));
}

/// Each change is told once, and a store made of its rows one by one counts what this one does.
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
            usd: Usd(0.001),
            limits: LIMITS,
            budget: None,
        };
        match step % 4 {
            0 | 1 => match store.reserve(&[part("key:a"), part("client:b")], WallTime(now)) {
                Ok(id) => open.push(id),
                Err(refused) => assert!(refused.limit.retry_after >= Millis(0.0)),
            },
            2 => store.settle(
                &open.pop().unwrap_or_default(),
                u64::from(*step) * 7,
                Usd(0.5),
                WallTime(now),
            ),
            _ => store.release(&open.pop().unwrap_or_default()),
        }
        store.block("key:a", WallTime(now + f64::from(*step)));
        assert!(store.changes().is_some() && store.changes().is_none());
    }
    // Looked at now, as a row that was ahead of its store has a time of its own.
    let names = ["key:a", "client:b"];
    let counted = names.map(|scope| store.usage(scope, WallTime(now)));
    let state = read(&text(&store));
    let scopes = state.get("scopes").and_then(Value::as_array).unwrap();
    // The head comes first: it has the clock, which may be ahead of these steps. These rows say themselves what is open.
    let mut head = state.as_object().unwrap().to_vec();
    for (name, value) in &mut head {
        if matches!(name.as_str(), "scopes" | "open" | "lost") {
            *value = Value::Array(Vec::new());
        }
    }
    let mut rows = MemoryStore::journaled();
    rows.restore(&Value::Object(head)).expect("its own head");
    for scope in scopes {
        assert!(rows.adopt(scope).is_ok(), "{state:?}");
    }
    assert_eq!(names.map(|scope| rows.usage(scope, WallTime(now))), counted);
    let mut copy = MemoryStore::new();
    copy.restore(&read(&text(&store))).expect("its own state");
}
