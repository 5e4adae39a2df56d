//! Makes a scenario from any bytes, so that a fuzzer and proptest can vary and shrink it. Zeros are the simplest choice.

use hfetch::call::failure::Cancelled;

use super::scenario::{KeyAnswer, Kind, Met, Plan, Reply, Reported, Scenario, StoreAnswer, When};

/// The answer of a server that doesn't know `stream_options`.
pub const REFUSED_OPTIONS: &str = r#"{"error":"stream_options: extra fields not permitted"}"#;

/// Bytes as choices; after the last byte every choice is the first one.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, count: u64) -> u64 {
        u64::from(self.0.next().copied().unwrap_or(0)) % count
    }

    fn one_of<T: Clone>(&mut self, options: &[T]) -> T {
        options[self.below(options.len() as u64) as usize].clone()
    }
}

impl Scenario {
    /// The scenario for some bytes.
    pub fn from_bytes(bytes: &[u8]) -> Scenario {
        let mut choices = Choices(bytes.iter());
        let choices = &mut choices;
        let mut scenario = Scenario::with(choices.one_of(&[
            r#""apiKey":"hf_a""#,
            r#""apiKeys":["hf_a","hf_b"]"#,
            r#""apiKeys":["hf_a","hf_b","hf_c"]"#,
            r#""baseURL":"http://127.0.0.1/v1","apiKey":"hf_a""#,
        ]));
        scenario.options.extend(options(choices));
        if choices.below(4) == 1 {
            scenario.options.retain(|member| !member.contains("apiKey"));
            scenario.key_function = (0..=choices.below(3))
                .map(|_| key_answer(choices))
                .collect();
        }
        let host = choices.below(5);
        (scenario.workerd, scenario.wall_alone) = (host == 1 || host == 3, host == 2 || host == 3);
        if choices.below(3) == 1 {
            scenario.store = Some(
                (0..choices.below(6))
                    .map(|_| store_answer(choices))
                    .collect(),
            );
        }
        scenario.prices = choices.one_of(&[Some(0), Some(300), None]);
        scenario.random =
            choices.one_of(&[vec![0.5], vec![0.0], vec![1.0, 0.1], vec![0.3, 0.7, 0.9]]);
        for _ in 0..choices.below(5).saturating_sub(3) {
            let by = choices.one_of(&[-3_600_000.0, 3_600_000.0, -1_000.0, 30_000.0]);
            scenario.jumps.push((choices.below(200) * 20, by));
        }
        for _ in 0..=choices.below(5) {
            let plan = plan(choices);
            scenario.calls.push(plan);
        }
        for _ in 0..choices.below(4) {
            twist(choices, &mut scenario);
        }
        let route = choices.below(16) as usize;
        match route {
            0..9 => scenario,
            route => scenario.routed(route),
        }
    }

    /// The same with one of several routes for the client.
    pub fn routed(mut self, route: usize) -> Scenario {
        let everywhere = [
            r#"{"models":["org/other"]}"#,
            r#"{"models":["org/other","org/third:together"],"sticky":"s"}"#,
            "{}",
        ];
        let of_router = [
            r#"{"sort":"cost","models":["org/other","org/name:q"]}"#,
            r#"{"only":["q","r"],"sticky":"s"}"#,
            r#"{"maxPrice":{"outputPerMillion":2}}"#,
            r#"{"has":["vision"]}"#,
        ];
        let is_router = !self.options.iter().any(|member| member.contains("baseURL"));
        let mut routes = everywhere.to_vec();
        routes.extend(of_router.iter().filter(|_| is_router));
        self.options.retain(|member| !member.contains("route"));
        let route = routes[route % routes.len()];
        self.options.push(format!(r#""route":{route}"#));
        self
    }
}

/// Adds one more event; the meaning of earlier bytes stays the same.
fn twist(choices: &mut Choices<'_>, scenario: &mut Scenario) {
    let call = choices.below(scenario.calls.len() as u64) as usize;
    let reply = match choices.below(7) {
        0 => Reply::from(400).body(REFUSED_OPTIONS),
        1 => Reply::from(422).body(REFUSED_OPTIONS),
        2 => Reply::from(Met::RuntimeLimit),
        3 => Reply::from(529).header("retry-after", "0"),
        4 => Reply::from(429).header("retry-after", "0"),
        5 => Reply::from(429),
        _ => {
            if !scenario.key_function.is_empty() {
                scenario.key_function.push(KeyAnswer::GivesResponse);
            }
            return;
        }
    };
    let replies = &mut scenario.calls[call].replies;
    let place = choices.below(replies.len() as u64 + 1) as usize;
    replies.insert(place, reply);
}

fn options(choices: &mut Choices<'_>) -> Vec<String> {
    let limits = choices.one_of(&[
        "",
        r#""maxConcurrent":1"#,
        r#""maxConcurrent":2"#,
        r#""requestsPerMinute":2"#,
        r#""tokensPerMinute":600"#,
        r#""tokensPerMinute":100,"maxConcurrent":2"#,
        r#""requestsPerMinute":1,"maxConcurrent":1"#,
        r#""tokensPerMinute":30,"maxConcurrent":1"#,
    ]);
    let waiting = choices.one_of(&[
        "",
        r#""onLimit":"error""#,
        r#""maxWait":5000"#,
        r#""maxWait":0"#,
    ]);
    let limits: Vec<&str> = [limits, waiting]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let mut members = vec![format!(r#""limits":{{{}}}"#, limits.join(","))];
    members.extend(
        choices
            .one_of(&[
                None,
                Some(r#""retry":false"#),
                Some(r#""retry":{"maxAttempts":2,"maxDelay":2000}"#),
                Some(r#""retry":{"maxAttempts":4,"baseDelay":0,"maxLoadingWait":1000}"#),
            ])
            .map(str::to_string),
    );
    members.extend(choices.one_of(&[
        None,
        Some(r#""pricing":{"inputPerMillion":1,"outputPerMillion":2}"#),
        Some(r#""pricing":{"inputPerMillion":1,"outputPerMillion":2},"budget":{"usd":0.02,"per":"day"}"#),
        Some(r#""pricing":"live","budget":{"usd":0.02,"per":"hour"}"#),
        Some(r#""pricing":"live""#),
    ]).map(str::to_string));
    members.extend(
        choices
            .one_of(&[None, Some(r#""embeddings":{"batchSize":2}"#)])
            .map(str::to_string),
    );
    members
}

fn key_answer(choices: &mut Choices<'_>) -> KeyAnswer {
    choices.one_of(&[
        KeyAnswer::Gives("hf_x"),
        KeyAnswer::Gives("hf_y"),
        KeyAnswer::Late(700, "hf_z"),
        KeyAnswer::Gives("no key"),
        KeyAnswer::Gives(""),
        KeyAnswer::GivesNoText,
        KeyAnswer::Throws,
        KeyAnswer::Hangs,
    ])
}

fn store_answer(choices: &mut Choices<'_>) -> StoreAnswer {
    choices.one_of(&[
        StoreAnswer::Honest,
        StoreAnswer::Late(40),
        StoreAnswer::Late(7_000),
        StoreAnswer::Late(400),
        StoreAnswer::Twice,
        StoreAnswer::Throws,
        StoreAnswer::Nonsense,
        StoreAnswer::Hangs,
    ])
}

fn plan(choices: &mut Choices<'_>) -> Plan {
    let kind = choices.one_of(&[
        Kind::Chat,
        Kind::Chat,
        Kind::Stream,
        Kind::Embeddings(3),
        Kind::Embeddings(40),
        Kind::Catalogue,
    ]);
    let mut plan = Plan::new(kind).at(choices.one_of(&[0, 0, 1, 50, 130, 2_000]));
    plan.max_tokens = choices.one_of(&[None, Some(10), Some(2_000)]);
    plan.replies = (0..choices.below(5)).map(|_| reply(choices)).collect();
    plan.reads_for = choices.one_of(&[100, 0, 3_000, 90_000]);
    plan.usage = choices.one_of(&[
        Reported::ByServer(10, 20),
        Reported::Delivered(30),
        Reported::Never,
        Reported::ByServer(400, 0),
    ]);
    if choices.below(4) == 3 {
        plan = plan.of_user("u", 2.0);
    }
    let how = choices.one_of(&[Cancelled::Aborted, Cancelled::Total, Cancelled::Idle]);
    match choices.below(4) {
        1 => plan.cancelled(When::Step(choices.below(12) as usize + 1), how),
        2 => plan.cancelled(When::At(choices.below(255) * 30), how),
        3 if choices.below(2) == 1 => plan.closed(When::Step(choices.below(12) as usize + 1)),
        _ => plan,
    }
}

fn reply(choices: &mut Choices<'_>) -> Reply {
    let what = choices.one_of(&[
        Met::Status(200),
        Met::Status(429),
        Met::Status(401),
        Met::Status(500),
        Met::Status(503),
        Met::Status(402),
        Met::Status(403),
        Met::Status(400),
        Met::Status(404),
        Met::Status(408),
        Met::Lost,
        Met::Silence,
    ]);
    let mut reply = Reply::new(what).after(choices.one_of(&[0, 30, 1_000, 40_000]));
    let headers = [
        None,
        Some(("retry-after", "1")),
        Some(("retry-after", "20")),
        Some(("retry-after", "2000")),
        Some(("ratelimit", "\"api\";r=0;t=3")),
        Some(("x-should-retry", "false")),
    ];
    if let Some((name, value)) = choices.one_of(&headers) {
        reply = reply.header(name, value);
    }
    reply.body = choices.one_of(&["", r#"{"error":"loading","estimated_time":2}"#, "no JSON"]);
    reply
}
