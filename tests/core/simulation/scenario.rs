//! What is simulated: a client, its calls, and how the server, the key function and the store behave.

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
    /// Whether it runs where no request may wake another one (workerd).
    pub workerd: bool,
    /// Whether it has no clock but the wall's.
    pub wall_alone: bool,
    /// What the key function gives, one after the other; the last answer is given again and again.
    pub key_function: Vec<KeyAnswer>,
    /// How a given store answers, one after the other, then honestly and at once; none: the client counts in memory.
    pub store: Option<Vec<StoreAnswer>>,
    /// How many ms after a call began live prices come; none: they can't be had.
    pub prices: Option<u64>,
    pub calls: Vec<Plan>,
    /// When the wall clock jumps, and by how many ms.
    pub jumps: Vec<(u64, f64)>,
    /// Random numbers, over and over.
    pub random: Vec<f64>,
}

/// What a key function does when it is asked.
#[derive(Clone, Debug)]
pub enum KeyAnswer {
    Gives(&'static str),
    /// Gives a key after so many ms.
    Late(u64, &'static str),
    GivesNoText,
    GivesResponse,
    Throws,
    /// Never answers: the driver gives up after the patience that the step names.
    Hangs,
}

/// What a given store does when it is asked to reserve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StoreAnswer {
    Honest,
    /// Says after so many ms what was true after half of them.
    Late(u64),
    /// Says the same twice.
    Twice,
    Throws,
    Hangs,
    /// Says something that is no answer, which the rim takes for a refusal for good.
    Nonsense,
}

/// How the server meets one request.
#[derive(Clone, Debug)]
pub struct Reply {
    /// After so many ms.
    pub after: u64,
    pub what: Met,
    pub headers: Vec<(&'static str, String)>,
    pub body: &'static str,
}

/// What comes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Met {
    Status(u16),
    /// The connection fails.
    Lost,
    /// There are no headers within the connect timeout.
    Silence,
    /// There are no headers within the runtime's own limit.
    RuntimeLimit,
}

/// One call, as its caller and its server want it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub kind: Kind,
    /// When it begins.
    pub at: u64,
    pub max_tokens: Option<u32>,
    /// Another model than the client's.
    pub model: Option<&'static str>,
    /// How its requests are met, one after the other; then each is answered at once.
    pub replies: Vec<Reply>,
    /// For how many ms its answer is read.
    pub reads_for: u64,
    pub usage: Reported,
    pub cancel: Option<Cancel>,
    /// Limits that it brings beside the client's own.
    pub parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Chat,
    Stream,
    /// So many inputs.
    Embeddings(usize),
    Catalogue,
}

/// What is known of an answer's usage once it has been read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reported {
    /// The server's own count of prompt and completion.
    ByServer(u64, u64),
    /// About so many tokens of an answer came.
    Delivered(u64),
    /// The driver never says.
    Never,
}

#[derive(Clone, Copy, Debug)]
pub struct Cancel {
    pub when: When,
    /// None: the driver closes the call without a word to its requests.
    pub how: Option<Cancelled>,
}

#[derive(Clone, Copy, Debug)]
pub enum When {
    /// Right after the call's n-th step.
    Step(usize),
    /// At a time.
    At(u64),
}

impl Scenario {
    /// A client with these options beside its model; without any word of keys it has one.
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

    /// The limits are a gateway's: `maxConcurrent` counts each key.
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

    /// It counts against so many requests a minute of a user's.
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
