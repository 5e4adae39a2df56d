//! Response headers that say how long to wait, and header values that users give.

use hfetch::config::{Config, KeySource};
use hfetch::json::Value;
use hfetch::policy::retry::{
    Failure, LONGEST_REST, RetryPolicy, rest_time, retry_delay, server_wait,
};
use hfetch::unit::{Millis, WallTime};

const NOW: f64 = 1_795_305_600_000.0;
const NAMES: [&str; 12] = [
    "retry-after",
    "retry-after-ms",
    "ratelimit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-limit",
];

/// The first byte selects the status. Each line is a header: its name by number, or a name of its own, and the value.
pub fn hold(data: &[u8]) {
    let (head, rest) = super::head(data);
    let text = String::from_utf8_lossy(rest);
    let lines: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .collect();
    let named = |index: usize, name: &str| {
        let number = name.parse::<usize>().unwrap_or(index) % NAMES.len();
        NAMES[number]
    };
    let header = |name: &str| {
        let mut all = lines.iter().enumerate();
        let found = all.find(|(index, (given, _))| *given == name || named(*index, given) == name);
        found.map(|(_, (_, value))| value.to_string())
    };
    let status = [200, 401, 408, 429, 500, 503, 529, 599];
    let status = status[*head.first().unwrap_or(&0) as usize % status.len()];
    let wait = server_wait(Some(status), &header, WallTime(NOW));
    assert!(
        wait.is_none_or(|ms| ms >= Millis(0.0) && ms.is_finite()),
        "{wait:?}"
    );
    let rest = rest_time(status, &header, WallTime(NOW));
    assert!(
        rest.is_none_or(|ms| (Millis::ZERO..=LONGEST_REST).contains(&ms)),
        "{rest:?}"
    );
    let policy = RetryPolicy::default();
    let delay = retry_delay(
        &Failure {
            status: Some(status),
            header: &header,
            body: None,
            attempt: 1,
            random: 1.0,
            now: WallTime(NOW),
        },
        &policy,
    );
    assert!(
        delay.is_none_or(|ms| (Millis::ZERO..=policy.max_delay).contains(&ms)),
        "{delay:?}"
    );
    given(&lines);
}

/// An accepted header can't end itself and begin another one.
fn given(lines: &[(&str, &str)]) {
    let headers = lines
        .iter()
        .map(|(name, value)| (name.to_string(), Value::String(value.to_string())));
    let options = Value::Object(vec![
        ("apiKey".to_string(), Value::String("hf_key".to_string())),
        ("headers".to_string(), Value::Object(headers.collect())),
    ]);
    let Ok(config) = Config::from_options(&options, &KeySource::None) else {
        return;
    };
    for (name, value) in &config.headers {
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b':')
        );
        assert!(!value.contains(['\r', '\n', '\0']), "{value:?}");
        assert!(!name.eq_ignore_ascii_case("authorization"));
    }
}
