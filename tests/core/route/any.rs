//! Candidates may answer anything: attempts are bounded, failed candidates are listed, there is one settlement, and nothing stays
//! reserved.

use proptest::prelude::*;

use super::offers::CATALOGUE;
use super::world::{Client, Say};

fn say() -> impl Strategy<Value = Say> {
    prop_oneof![
        3 => Just(Say::Ok),
        1 => Just(Say::OkFrom("groq")),
        1 => Just(Say::Status(500)),
        1 => Just(Say::Status(429)),
        1 => Just(Say::Status(402)),
        1 => Just(Say::Status(401)),
        1 => Just(Say::Status(400)),
        1 => Just(Say::Status(409)),
        1 => (0u32..40).prop_map(Say::Later),
        1 => Just(Say::NotFound),
        1 => Just(Say::Lost),
        1 => Just(Say::Silence),
    ]
}

fn route() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("{}"),
        Just(r#"{"models":["org/b"]}"#),
        Just(r#"{"models":["org/b","org/c:x"],"sticky":"s"}"#),
        Just(r#"{"sort":"cost","models":["org/b"]}"#),
        Just(r#"{"sort":"ttft","ignore":["silent"],"sticky":"s"}"#),
    ]
}

proptest! {
    #[test]
    fn calls_end_once_within_their_tries(
        calls in proptest::collection::vec((route(), proptest::collection::vec(say(), 1..12)), 1..6),
        keys in 1usize..3,
        tries in proptest::option::of(1u32..12),
    ) {
        let keys: Vec<String> = (0..keys).map(|key| format!(r#""hf_{key}""#)).collect();
        let retry = tries.map_or(String::new(), |tries| format!(r#","retry":{{"maxAttempts":{tries}}}"#));
        let options = format!(
            r#","apiKeys":[{}],"limits":{{"maxConcurrent":1,"onLimit":"error"}}{retry}"#,
            keys.join(",")
        );
        let mut client = Client::new(&options).knowing(CATALOGUE);
        for (route, says) in calls {
            let mut asked = 0;
            let came = client.chat(&format!(r#"{{"route":{route}}}"#), &mut |_| {
                asked += 1;
                says[(asked - 1) % says.len()]
            });
            let settlement = &came.settlement;
            prop_assert_eq!(settlement.attempts as usize, asked);
            prop_assert!(asked <= tries.unwrap_or(8) as usize, "{}", came.story());
            prop_assert!(settlement.tried.len() <= asked);
            // Nothing is reserved: the one place is free for the next call, and no call is running.
            prop_assert_eq!(client.shared.in_flight.get(), 0);
            let refused = came.failure.iter().any(|failure| failure.error.reason == Some("concurrent"));
            prop_assert!(!refused);
            if let Some(failure) = &came.failure {
                prop_assert_eq!(&failure.tried, &settlement.tried);
            }
            client.now += 1_000.0;
        }
    }
}
