//! The simulated world: a client, its calls, and the behaviour of the server, the key function and the store.

use hfetch::call::failure::Cancelled;
use hfetch::policy::limit_store::Part;
use hfetch::policy::rate_limit::Limits;
use hfetch::unit::Usd;

/// One client and everything that happens to it.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    /// Members of the client's options, as JSON.
    pub options: Vec<String>,
    /// Whether `maxConcurrent` counts each key.
    pub counts_places_of_keys: bool,
    /// Whether no request can wake another, as in workerd.
    pub workerd: bool,
    /// Whether the wall clock is the only clock.
    pub wall_alone: bool,
    /// The results of the key function, one after the other; the last one is repeated.
    pub key_function: Vec<KeyAnswer>,
    /// The answers of the caller's store, one after the other, then honest ones at once; `None`: the client counts in memory.
    pub store: Option<Vec<StoreAnswer>>,
    /// How many ms after a call began live prices arrive; `None`: they can't be fetched.
    pub prices: Option<u64>,
    pub calls: Vec<Plan>,
    /// When the wall clock jumps, and by how many ms.
    pub jumps: Vec<(u64, f64)>,
    /// Random numbers, over and over.
    pub random: Vec<f64>,
}

/// The behaviour of a key function.
#[derive(Clone, Debug)]
pub enum KeyAnswer {
    Gives(&'static str),
    /// Returns a key after so many ms.
    Late(u64, &'static str),
    GivesNoText,
    GivesResponse,
    Throws,
    /// Never answers: the driver gives up after the time in the step.
    Hangs,
}

/// The reaction of the caller's store to a reservation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StoreAnswer {
    Honest,
    /// Answers after so many ms with what was true after half of them.
    Late(u64),
    /// Answers twice with the same.
    Twice,
    Throws,
    Hangs,
    /// Answers something senseless, which the bindings take for a final refusal.
    Nonsense,
}

/// The server's reaction to one request.
#[derive(Clone, Debug)]
pub struct Reply {
    /// After how many ms it comes.
    pub after: u64,
    pub what: Met,
    pub headers: Vec<(&'static str, String)>,
    pub body: &'static str,
}

/// The fate of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Met {
    Status(u16),
    /// The connection fails.
    Lost,
    /// No headers arrive within the connect timeout.
    Silence,
    /// No headers arrive within the runtime's own limit.
    RuntimeLimit,
}

/// One call, and what its server does.
#[derive(Clone, Debug)]
pub struct Plan {
    pub kind: Kind,
    /// When the call begins.
    pub at: u64,
    pub max_tokens: Option<u32>,
    /// A model other than the client's.
    pub model: Option<&'static str>,
    /// The reactions to its requests, one after the other; later requests are answered at once.
    pub replies: Vec<Reply>,
    /// The time in ms that reading its answer takes.
    pub reads_for: u64,
    pub usage: Reported,
    pub cancel: Option<Cancel>,
    /// Limits that the call brings in addition to the client's own.
    pub parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Chat,
    Stream,
    /// This many inputs.
    Embeddings(usize),
    Catalogue,
}

/// The knowledge about an answer's usage once the answer has been read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reported {
    /// The server's own count of prompt and completion.
    ByServer(u64, u64),
    /// An estimate of the tokens that arrived.
    Delivered(u64),
    /// The driver never says.
    Never,
}

#[derive(Clone, Copy, Debug)]
pub struct Cancel {
    pub when: When,
    /// `None`: the driver closes the call without telling its requests.
    pub how: Option<Cancelled>,
}

#[derive(Clone, Copy, Debug)]
pub enum When {
    /// Directly after the call's n-th step.
    Step(usize),
    /// At this time.
    At(u64),
}

impl Scenario {
    /// A client with these options in addition to its model; without any option about keys it has one key.
    pub fn with(options: &str) -> Self {
        let mut members = vec![r#""model":"org/name""#.to_string()];
        members.extend((!options.is_empty()).then(|| options.to_string()));
        Scenario {
            options: members,
            random: vec![0.5],
            ..Scenario::default()
        }
    }

    pub fn key_function(mut self, answers: &[KeyAnswer]) -> Self {
        self.key_function = answers.to_vec();
        self
    }

    pub fn store(mut self, answers: &[StoreAnswer]) -> Self {
        self.store = Some(answers.to_vec());
        self
    }

    pub fn prices_after(mut self, ms: u64) -> Self {
        self.prices = Some(ms);
        self
    }

    pub fn workerd(mut self) -> Self {
        self.workerd = true;
        self
    }

    /// Makes the limits a gateway's: `maxConcurrent` counts each key.
    pub fn gateway(mut self) -> Self {
        self.counts_places_of_keys = true;
        self
    }

    pub fn wall_alone(mut self) -> Self {
        self.wall_alone = true;
        self
    }

    pub fn jump(mut self, at: u64, by: f64) -> Self {
        self.jumps.push((at, by));
        self
    }

    pub fn call(mut self, plan: Plan) -> Self {
        self.calls.push(plan);
        self
    }

    /// The options as JSON.
    pub fn json(&self) -> String {
        let mut members = self.options.clone();
        if self.key_function.is_empty() && !members.iter().any(|member| member.contains("apiKey")) {
            members.push(r#""apiKey":"hf_a""#.to_string());
        }
        format!("{{{}}}", members.join(","))
    }
}

impl Plan {
    pub fn new(kind: Kind) -> Self {
        Plan {
            kind,
            at: 0,
            max_tokens: None,
            model: None,
            replies: Vec::new(),
            reads_for: 100,
            usage: Reported::ByServer(10, 20),
            cancel: None,
            parts: Vec::new(),
        }
    }

    pub fn chat() -> Self {
        Plan::new(Kind::Chat)
    }

    pub fn at(mut self, at: u64) -> Self {
        self.at = at;
        self
    }

    pub fn model(mut self, name: &'static str) -> Self {
        self.model = Some(name);
        self
    }

    pub fn max_tokens(mut self, count: u32) -> Self {
        self.max_tokens = Some(count);
        self
    }

    pub fn met_by<R: Into<Reply>>(mut self, replies: impl IntoIterator<Item = R>) -> Self {
        self.replies.extend(replies.into_iter().map(Into::into));
        self
    }

    /// Makes the call count against a user's limit of so many requests per minute.
    pub fn of_user(mut self, name: &str, requests_per_minute: f64) -> Self {
        self.parts.push(Part {
            scope: format!("user:{name}"),
            pause: None,
            lasts: None,
            tokens: 0,
            usd: Usd(0.0),
            limits: Limits {
                requests_per_minute: Some(requests_per_minute),
                ..Limits::default()
            },
            budget: None,
        });
        self
    }

    pub fn reads_for(mut self, ms: u64) -> Self {
        self.reads_for = ms;
        self
    }

    pub fn usage(mut self, usage: Reported) -> Self {
        self.usage = usage;
        self
    }

    pub fn cancelled(mut self, when: When, how: Cancelled) -> Self {
        let how = Some(how);
        self.cancel = Some(Cancel { when, how });
        self
    }

    pub fn closed(mut self, when: When) -> Self {
        self.cancel = Some(Cancel { when, how: None });
        self
    }
}

impl Reply {
    pub fn new(what: Met) -> Self {
        Reply {
            after: 0,
            what,
            headers: Vec::new(),
            body: "",
        }
    }

    pub fn after(mut self, ms: u64) -> Self {
        self.after = ms;
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(mut self, body: &'static str) -> Self {
        self.body = body;
        self
    }
}

impl From<u16> for Reply {
    fn from(status: u16) -> Self {
        Reply::new(Met::Status(status))
    }
}

impl From<Met> for Reply {
    fn from(what: Met) -> Self {
        Reply::new(what)
    }
}
