//! Which failures are tried again, and after how long.

use hfetch::json::{Value, parse};
use hfetch::policy::http_date;
use hfetch::policy::retry::{
    Failure, RetryPolicy, key_rest_time, rest_time, retry_delay, server_wait,
};
use hfetch::unit::{Millis, WallTime};
use proptest::prelude::*;

use crate::processor::processor_time;

/// Sun, 06 Nov 1994 08:49:37 GMT
const NOW: f64 = 784_111_777_000.0;

type Headers<'a> = &'a [(&'a str, &'a str)];

fn with(headers: Headers<'_>, ask: impl FnOnce(&dyn Fn(&str) -> Option<String>)) {
    ask(&|name| {
        let found = headers.iter().find(|header| header.0 == name);
        found.map(|header| header.1.to_string())
    });
}

fn delay(
    status: Option<u16>,
    headers: Headers<'_>,
    body: &str,
    attempt: u32,
    random: f64,
) -> Option<Millis> {
    let body: Option<Value> = parse(body.as_bytes()).ok();
    let mut answer = None;
    with(headers, |header| {
        let failure = Failure {
            status,
            header,
            body: body.as_ref(),
            attempt,
            random,
            now: WallTime(NOW),
        };
        answer = retry_delay(&failure, &RetryPolicy::default());
    });
    answer
}

#[test]
fn some_statuses_are_tried_again_and_the_others_never() {
    for status in 100..600 {
        let again = [
            408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530,
        ]
        .contains(&status);
        let wait = if status == 429 { 1_250.0 } else { 250.0 };
        assert_eq!(
            delay(Some(status), &[], "", 1, 0.5),
            again.then_some(wait).map(Millis),
            "{status}"
        );
    }
    assert_eq!(delay(None, &[], "", 1, 0.5), Some(Millis(250.0)));
}

#[test]
fn a_server_that_wants_no_other_try_gets_none() {
    for (said, again) in [("false", false), ("true", true), ("", true)] {
        let headers = [("x-should-retry", said)];
        assert_eq!(delay(Some(503), &headers, "", 1, 0.5).is_some(), again);
        assert_eq!(
            delay(Some(400), &headers, "", 1, 0.5),
            None,
            "what failed for good stays so"
        );
    }
}

#[test]
fn waits_double_up_to_the_longest_and_are_jittered_in_full() {
    let policy = RetryPolicy {
        max_attempts: 100,
        ..RetryPolicy::default()
    };
    let wait = |attempt, random| {
        let header = |_: &str| None;
        let failure = Failure {
            status: Some(500),
            header: &header,
            body: None,
            attempt,
            random,
            now: WallTime(NOW),
        };
        retry_delay(&failure, &policy)
    };
    let bounds: Vec<_> = (1..9).map(|attempt| wait(attempt, 1.0).unwrap()).collect();
    assert_eq!(
        bounds,
        [500.0, 1e3, 2e3, 4e3, 8e3, 16e3, 30e3, 30e3].map(Millis)
    );
    assert_eq!(wait(99, 1.0), Some(Millis(30e3)));
    assert_eq!(wait(100, 1.0), None);
    assert_eq!(wait(3, 0.0), Some(Millis(0.0)));
    assert_eq!(wait(3, 0.25), Some(Millis(500.0)));
    assert_eq!(wait(3, 7.0), Some(Millis(2e3)));
}

#[test]
fn no_wait_is_zero_without_a_sign() {
    for (name, value) in [
        ("retry-after", "0"),
        ("retry-after", "0.0"),
        ("retry-after-ms", "0"),
    ] {
        let failure = Failure {
            status: Some(429),
            header: &|asked| (asked == name).then(|| value.to_string()),
            body: None,
            attempt: 1,
            random: 0.5,
            now: WallTime(NOW),
        };
        let wait = retry_delay(&failure, &RetryPolicy::default()).unwrap();
        assert_eq!(wait.0.to_bits(), 0, "{name}: {value}");
    }
}

#[test]
fn a_wait_of_nothing_is_not_doubled_four_billion_times() {
    let failure = Failure {
        status: None,
        header: &|_| None,
        body: None,
        attempt: u32::MAX - 1,
        random: 1.0,
        now: WallTime(NOW),
    };
    let policy = RetryPolicy {
        max_attempts: u32::MAX,
        base_delay: Millis(0.0),
        ..RetryPolicy::default()
    };
    let started = processor_time();
    assert_eq!(retry_delay(&failure, &policy), Some(Millis(0.0)));
    assert!((processor_time() - started).as_secs() < 1);
}

#[test]
fn the_last_attempt_is_the_last() {
    assert_eq!(delay(Some(500), &[], "", 2, 1.0), Some(Millis(1_000.0)));
    for attempt in [3, 4, u32::MAX] {
        assert_eq!(
            delay(Some(500), &[("retry-after", "1")], "", attempt, 1.0),
            None
        );
    }
}

#[test]
fn retry_after_in_all_its_forms() {
    let table = [
        ("0", Some(0.0)),
        ("2", Some(2_000.0)),
        (" 13 ", Some(13_000.0)),
        ("1.5", Some(1_500.0)),
        ("0.069", Some(69.0)),
        ("30", Some(30_000.0)),
        ("31", None),
        ("86400", None),
        ("99999999999999999999999999", None),
        ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000.0)),
        ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10_000.0)),
        ("Sun Nov  6 08:49:47 1994", Some(10_000.0)),
        ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0.0)),
        ("Mon, 07 Nov 1994 08:49:37 GMT", None),
        // A value that can't be parsed counts as absent.
        ("-5", Some(250.0)),
        ("1e3", Some(250.0)),
        ("soon", Some(250.0)),
        ("", Some(250.0)),
        (".", Some(250.0)),
        ("5.", Some(250.0)),
        ("Sun, 06 Nov 1994 08:49:47 CET", Some(250.0)),
    ];
    for (value, wait) in table {
        for status in [429, 500, 503] {
            let later = if status == 429 { 1_000.0 } else { 0.0 };
            let wait = wait.map(|wait| if wait == 250.0 { wait + later } else { wait });
            assert_eq!(
                delay(Some(status), &[("retry-after", value)], "", 1, 0.5),
                wait.map(Millis),
                "{value:?}"
            );
        }
    }
    let both = [("retry-after-ms", "1250"), ("retry-after", "7")];
    assert_eq!(delay(Some(429), &both, "", 1, 0.5), Some(Millis(1_250.0)));
}

#[test]
fn who_was_too_fast_waits_a_second_at_least_unless_he_is_told_how_long() {
    for (attempt, most) in [(1, 1_500.0), (2, 2_000.0)] {
        for headers in [
            &[][..],
            &[("retry-after", "soon")],
            &[("ratelimit", "\"api\";r=5;t=60")],
        ] {
            assert_eq!(
                delay(Some(429), headers, "", attempt, 0.0),
                Some(Millis(1_000.0))
            );
            assert_eq!(
                delay(Some(429), headers, "", attempt, 1.0),
                Some(Millis(most))
            );
        }
        let told = [("retry-after-ms", "20")];
        assert_eq!(
            delay(Some(429), &told, "", attempt, 0.5),
            Some(Millis(20.0))
        );
    }
    // A wait of "now" is followed only once.
    let now = [("retry-after", "0")];
    assert_eq!(delay(Some(429), &now, "", 2, 0.0), Some(Millis(1_000.0)));
    let failure = Failure {
        status: Some(429),
        header: &|_| None,
        body: None,
        attempt: 1,
        random: 1.0,
        now: WallTime(NOW),
    };
    // The caller's own bound applies to every wait.
    let policy = RetryPolicy {
        max_delay: Millis(300.0),
        ..RetryPolicy::default()
    };
    assert_eq!(retry_delay(&failure, &policy), Some(Millis(300.0)));
}

#[test]
fn a_wait_of_nothing_is_taken_at_its_word_once() {
    let nothing: [(Headers<'_>, &str); 5] = [
        (&[("retry-after", "0")], ""),
        (&[("retry-after-ms", "0")], ""),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT")], ""),
        (&[("ratelimit", "\"api\";r=0;t=0")], ""),
        (&[], r#"{"estimated_time":0}"#),
    ];
    for (headers, body) in nothing {
        assert_eq!(delay(Some(503), headers, body, 1, 0.5), Some(Millis(0.0)));
        assert_eq!(delay(Some(503), headers, body, 2, 0.5), Some(Millis(500.0)));
        assert_eq!(delay(Some(503), headers, body, 3, 0.5), None);
    }
    let with_time = [("retry-after", "0")];
    let loading = r#"{"estimated_time":2}"#;
    assert_eq!(
        delay(Some(503), &with_time, loading, 2, 0.5),
        Some(Millis(2e3))
    );
}

#[test]
fn rate_limit_headers_count_only_when_nothing_is_left() {
    let table: [(Headers<'_>, Option<f64>); 14] = [
        (&[("ratelimit", "\"api\";r=0;t=12")], Some(12e3)),
        (&[("ratelimit", "\"api\";r=3;t=12")], None),
        (
            &[("ratelimit", "\"a\";r=5;t=9, \"b\";r=0;t=3, \"c\";r=0;t=2")],
            Some(3e3),
        ),
        (&[("ratelimit", "\"a\";r=0, \"b\";t=3")], None),
        (
            &[("ratelimit", "limit=100, remaining=0, reset=9")],
            Some(9e3),
        ),
        (&[("ratelimit", "limit=100, remaining=1, reset=9")], None),
        (&[("ratelimit", "nonsense;;;=,==")], None),
        (
            &[("ratelimit-remaining", "0"), ("ratelimit-reset", "4")],
            Some(4e3),
        ),
        (
            &[("ratelimit-remaining", "9"), ("ratelimit-reset", "4")],
            None,
        ),
        (
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2")],
            Some(2e3),
        ),
        (
            &[("x-ratelimit-remaining", "199"), ("x-ratelimit-reset", "2")],
            None,
        ),
        (&[("x-ratelimit-reset-requests", "1s")], Some(1e3)),
        (
            &[
                ("x-ratelimit-remaining-tokens-minute", "0"),
                ("x-ratelimit-reset-tokens-minute", "8.998601913452148"),
                ("x-ratelimit-remaining-requests-day", "215967"),
                ("x-ratelimit-reset-requests-day", "23468.998601913452"),
            ],
            Some(8_999.0),
        ),
        (
            &[("retry-after", "1"), ("ratelimit", "\"api\";r=0;t=12")],
            Some(1e3),
        ),
    ];
    for (headers, wait) in table {
        with(headers, |header| {
            assert_eq!(
                server_wait(Some(429), header, WallTime(NOW)),
                wait.map(Millis),
                "{headers:?}"
            )
        });
    }
}

#[test]
fn resets_are_seconds_durations_or_times() {
    let now = 1_795_305_600_000.0;
    let table = [
        ("1s", Some(1e3)),
        ("250ms", Some(250.0)),
        ("6m0s", Some(360e3)),
        ("1m2.5s", Some(62.5e3)),
        ("1h", Some(3_600e3)),
        ("2d", Some(172_800e3)),
        ("1795305605", Some(5e3)),
        ("1795305605000", Some(5e3)),
        ("1795305595", Some(0.0)),
        ("0", Some(0.0)),
        ("s", None),
        ("1x", None),
        ("1s2", None),
        ("", None),
        ("2026-11-22T00:00:05Z", None),
    ];
    for (reset, wait) in table {
        let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)];
        with(&headers, |header| {
            assert_eq!(
                server_wait(Some(429), header, WallTime(now)),
                wait.map(Millis),
                "{reset:?}"
            )
        });
    }
}

#[test]
fn only_429_and_503_listen_to_the_providers_own_headers() {
    let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2")];
    for (status, wait) in [(429, Some(2e3)), (503, Some(2e3)), (500, None), (200, None)] {
        with(&headers, |header| {
            assert_eq!(
                server_wait(Some(status), header, WallTime(NOW)),
                wait.map(Millis),
                "{status}"
            )
        });
    }
}

#[test]
fn a_key_rests_after_429_503_and_a_window_that_is_spent() {
    let asked = [("retry-after", "2")];
    let a_day = [("retry-after", "86400")];
    let spent = [("ratelimit", "\"api\";r=0;t=12")];
    let left = [("ratelimit", "\"api\";r=1;t=12")];
    for (status, headers, rest) in [
        (429, &asked, Some(2e3)),
        (503, &asked, Some(2e3)),
        (429, &a_day, Some(900e3)),
        // One provider sends this header with every answer.
        (200, &asked, None),
        (500, &asked, None),
        (200, &spent, Some(12e3)),
        (429, &spent, Some(12e3)),
        (200, &left, None),
        (429, &left, None),
    ] {
        with(headers, |header| {
            assert_eq!(
                rest_time(status, header, WallTime(NOW)),
                rest.map(Millis),
                "{status} {headers:?}"
            )
        });
    }
}

#[test]
fn a_key_rests_for_every_model_only_where_its_own_window_is_spent() {
    let table: [(u16, Headers<'_>, Option<f64>); 14] = [
        (429, &[("retry-after", "86400")], None),
        (503, &[("retry-after", "5")], None),
        (429, &[("ratelimit", "\"api\";r=0;t=55")], Some(55e3)),
        (200, &[("ratelimit", "\"api\";r=0;t=55")], Some(55e3)),
        (404, &[("ratelimit", "\"api\";r=0;t=55")], Some(55e3)),
        (429, &[("ratelimit", "\"api\";r=3;t=55")], None),
        (
            429,
            &[("ratelimit-remaining", "0"), ("ratelimit-reset", "7")],
            Some(7e3),
        ),
        (
            429,
            &[
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "1s"),
            ],
            Some(1e3),
        ),
        (
            429,
            &[
                ("x-ratelimit-remaining-requests", "1"),
                ("x-ratelimit-reset-requests", "1s"),
            ],
            None,
        ),
        // In a success those headers are ignored.
        (
            200,
            &[
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "1s"),
            ],
            None,
        ),
        // The rest lasts no longer than the window, and no longer than was asked for.
        (
            429,
            &[("retry-after", "86400"), ("ratelimit", "\"api\";r=0;t=1")],
            Some(1e3),
        ),
        (
            429,
            &[("retry-after", "1"), ("ratelimit", "\"api\";r=0;t=9")],
            Some(1e3),
        ),
        (429, &[("ratelimit", "\"api\";r=0;t=86400")], Some(900e3)),
        (429, &[], None),
    ];
    for (status, headers, rest) in table {
        with(headers, |header| {
            let told = key_rest_time(status, header, WallTime(NOW));
            assert_eq!(told, rest.map(Millis), "{status} {headers:?}")
        });
    }
}

#[test]
fn a_loading_model_is_waited_for_as_long_as_it_says_within_its_own_bound() {
    let table = [
        (
            r#"{"error":"Model X is currently loading","estimated_time":20.0}"#,
            Some(20e3),
        ),
        (
            r#"{"error":{"message":"loading","estimated_time":45.5}}"#,
            Some(45.5e3),
        ),
        (r#"{"estimated_time":60}"#, Some(60e3)),
        (r#"{"estimated_time":60.001}"#, None),
        (r#"{"estimated_time":1e308}"#, None),
        (r#"{"estimated_time":-1}"#, Some(250.0)),
        (r#"{"estimated_time":"20"}"#, Some(250.0)),
        (r#"{"estimated_time":null}"#, Some(250.0)),
        (r#"{"error":"overloaded"}"#, Some(250.0)),
        ("[]", Some(250.0)),
        ("<html>", Some(250.0)),
    ];
    for (body, wait) in table {
        assert_eq!(
            delay(Some(503), &[], body, 1, 0.5),
            wait.map(Millis),
            "{body}"
        );
    }
    assert_eq!(
        delay(Some(500), &[], r#"{"estimated_time":20}"#, 1, 0.5),
        Some(Millis(250.0))
    );
    let asked = [("retry-after", "25")];
    assert_eq!(
        delay(Some(503), &asked, r#"{"estimated_time":20}"#, 1, 0.5),
        Some(Millis(25e3))
    );
}

#[test]
fn http_dates() {
    let table = [
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0.0)),
        ("Thu, 29 Feb 2024 12:00:00 GMT", Some(1_709_208_000_000.0)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", Some(1_483_228_800_000.0)),
        ("Wed, 29 Feb 2023 12:00:00 GMT", None),
        ("Sun, 31 Nov 1994 08:49:37 GMT", None),
        ("Sun, 00 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 24:00:00 GMT", None),
        ("Sun, 06 Nov 1994 08:49 GMT", None),
        ("Sun, 06 nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37", None),
        ("06 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", None),
    ];
    for (text, time) in table {
        assert_eq!(
            http_date::parse(text, WallTime(NOW)),
            time.map(WallTime),
            "{text}"
        );
    }
}

#[test]
fn a_year_of_two_digits_lies_at_most_fifty_years_ahead() {
    let in_2026 = 1_795_305_600_000.0;
    let year = |text: &str| {
        http_date::parse(text, WallTime(in_2026)).unwrap().0 / 31_556_952_000.0 + 1970.0
    };
    assert_eq!(year("Friday, 01-Jan-27 00:00:00 GMT").round(), 2027.0);
    assert_eq!(year("Friday, 01-Jan-76 00:00:00 GMT").round(), 2076.0);
    assert_eq!(year("Friday, 01-Jan-77 00:00:00 GMT").round(), 1977.0);
    for no_time in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        http_date::parse("Friday, 01-Jan-77 00:00:00 GMT", WallTime(no_time));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_header_is_a_panic_and_no_wait_is_longer_than_allowed(
        status in prop::option::of(100u16..600),
        name in prop::sample::select(vec!["retry-after", "retry-after-ms", "ratelimit", "x-ratelimit-reset", "ratelimit-reset"]),
        value in ".{0,40}|[0-9:.;=,a-zA-Z \"-]{0,40}",
        attempt in 0u32..5,
        random in any::<f64>(),
    ) {
        let headers = [(name, value.as_str()), ("ratelimit-remaining", "0")];
        let wait = delay(status, &headers, "", attempt, random);
        prop_assert!(wait.is_none_or(|ms| (Millis::ZERO..=Millis(30_000.0)).contains(&ms)), "{wait:?}");
    }
}
