//! A naive model of a call: it hears every event and says for each step whether the rules allow it.
//!
//! The judge keeps its own counters and keys, from what was observed from outside only. It doesn't check the answers of the key
//! pool and the store, which have oracles of their own.

mod attempt;
mod books;
mod line;
mod whole;
mod witness;

use std::collections::BTreeMap;
use std::rc::Rc;

use hfetch::call::failure::Cancelled;
use hfetch::call::shared::Shared;
use hfetch::call::{Call, NoKey, Step};
use hfetch::policy::clock::{Clock, Now};
use hfetch::policy::key_pool::{KeyPool, KeySnapshot};
use hfetch::policy::limit_store::{MemoryStore, Part, Refusal};
use hfetch::policy::rate_limit::Reason;
use hfetch::unit::WallTime;

use super::heard::Heard;
use super::scenario::Reply;

/// The first interval of a waiting call that nothing can wake, in ms.
const FIRST_LOOK: f64 = 50.0;

/// The longest interval of a waiting call that nothing can wake, in ms.
const LAST_LOOK: f64 = 1_000.0;

/// How many ms after its announced sleep a waiting call may be silent in workerd.
const GRACE: f64 = 5_000.0;

/// The place of a request whose number no step has named yet.
const UNNAMED: u64 = u64::MAX;

/// The known facts when an event arrives.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    pub call: &'a Call,
    pub number: usize,
    pub index: usize,
    pub now: Now,
    pub random: f64,
    /// The line's count of freed places before the event.
    pub freed: u64,
    /// The limits that the call brought.
    pub own: &'a [Part],
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    New,
    Prices,
    AskingKey,
    Reserving,
    ReservingWhole,
    Waiting,
    Pausing,
    Sending,
    Reading(Reply),
    Over,
}

/// A wait for the limits.
#[derive(Debug, Default)]
struct Turn {
    give_up: f64,
    asked: f64,
    waiter: Option<u64>,
    first: bool,
    keys: Vec<usize>,
    next: usize,
    refusals: Vec<Refusal>,
    /// The refusal that ends first.
    refusal: Option<Refusal>,
    /// Ms until a key that wasn't asked has rested.
    rested: f64,
    model: String,
    /// The parts that each key of the client's is asked for.
    parts: Vec<Vec<Part>>,
    freed: u64,
    sleeps_until: f64,
}

/// One request, as observed from outside.
#[derive(Debug, Default)]
struct Request {
    phase: Phase,
    attempts: u32,
    tried: Vec<usize>,
    /// The class of the last attempt's error.
    failed: Option<&'static str>,
    given_key: Option<String>,
    refused_key: Option<String>,
    turn: Turn,
    key: usize,
    /// The name that the shadow store gave the reservation.
    reservation: Option<String>,
    /// The key and the reservation with which it was let through before it began.
    let_through: Option<(usize, Option<String>)>,
    /// The request that this one lets through next, if that is all it does.
    lets_through: Option<usize>,
    /// Whether the request was sent and is not booked yet.
    open: bool,
    /// Its index, if its whole answer was given up unseen.
    unseen: Option<usize>,
    /// Whether its body has no stream options.
    is_bare: bool,
    /// Whether the request was sent once more without them, which no retry option forbids.
    has_twice: bool,
}

/// The amounts that a call has used.
#[derive(Debug, Default)]
struct Sum {
    sends: u32,
    prompt: u64,
    completion: u64,
    estimated: bool,
    reported: bool,
    key: Option<usize>,
}

#[derive(Debug)]
pub struct Judge {
    shared: Rc<Shared>,
    /// `None`: the caller's store counts.
    store: Option<MemoryStore>,
    pool: KeyPool,
    /// The waiting calls in order: their numbers, and until when each counts as alive.
    line: Vec<(u64, f64)>,
    requests: BTreeMap<(usize, usize), Request>,
    sums: BTreeMap<usize, Sum>,
    /// The reservations of calls as a whole, by the shadow store's names.
    wholes: BTreeMap<usize, String>,
    /// The time of the last event.
    now: Now,
    clock: Clock,
    jumped: bool,
    options_refused: bool,
    /// Whether calls have candidates, which this model doesn't follow.
    pub has_routes: bool,
    pub settled: usize,
}

impl Judge {
    pub fn new(shared: &Rc<Shared>) -> Self {
        let config = &shared.config;
        let labels = (0..config.keys.len().max(1))
            .map(|key| shared.label(key))
            .collect();
        let counters = match shared.host.wakes_across_requests {
            true => MemoryStore::new(),
            false => MemoryStore::shared(),
        };
        Judge {
            store: (!shared.host.has_store).then_some(counters),
            pool: KeyPool::new(labels, config.key_from_function),
            shared: shared.clone(),
            line: Vec::new(),
            requests: BTreeMap::new(),
            sums: BTreeMap::new(),
            wholes: BTreeMap::new(),
            now: Now::from(WallTime(0.0)),
            clock: Clock::default(),
            jumped: false,
            options_refused: false,
            has_routes: config.route.is_some(),
            settled: 0,
        }
    }

    /// The expected state of the keys.
    pub fn keys(&mut self, now: Now) -> Vec<KeySnapshot> {
        self.pool.snapshot(now)
    }

    pub fn jumped(&mut self) {
        self.jumped = true;
    }

    /// Takes a reading of the clocks.
    pub fn read(&mut self, now: Now) {
        self.now = now;
        self.clock.read(now);
    }

    /// The steady time at a reading that the calls don't take.
    pub fn clock_at(&self, now: Now) -> f64 {
        let mut clock = self.clock;
        clock.read(now);
        clock.steady().0
    }

    /// Checks a step against the rules.
    pub fn hear(&mut self, moment: &Moment<'_>, heard: &Heard, step: &Step) {
        if self.has_routes {
            return self.witness(moment, heard, step);
        }
        self.read(moment.now);
        let mut request = self
            .requests
            .remove(&(moment.number, moment.index))
            .unwrap_or_default();
        let phase = std::mem::take(&mut request.phase);
        self.judge(moment, &mut request, phase, heard, step);
        self.requests.insert((moment.number, moment.index), request);
    }

    fn judge(
        &mut self,
        m: &Moment<'_>,
        request: &mut Request,
        phase: Phase,
        heard: &Heard,
        step: &Step,
    ) {
        match (phase, heard) {
            (Phase::Over, _) => {
                assert!(
                    matches!(step, Step::Nothing),
                    "a step after the last: {step:?}"
                );
                request.phase = Phase::Over;
            }
            (phase, Heard::Cancelled(how)) => self.cancelled(m, request, &phase, *how, step),
            (Phase::New, Heard::Begin) => self.begin(m, request, step),
            (Phase::Prices, Heard::Prices) => match self.shared.rates(&m.call.model, None) {
                Some(_) => self.next_attempt(m, request, step),
                None => self.fail(request, step, "ConfigError"),
            },
            (Phase::AskingKey, Heard::Key(key)) => self.take_key(m, request, key, step),
            (Phase::AskingKey, Heard::NoKey(why)) => {
                let class = match why {
                    NoKey::Failed => "APIConnectionError",
                    NoKey::TimedOut => "APIConnectionTimeoutError",
                    NoKey::Response | NoKey::NoString => "ConfigError",
                };
                self.fail(request, step, class);
            }
            (Phase::Reserving, Heard::Reserved(answer)) => self.reserved(m, request, answer, step),
            (Phase::ReservingWhole, Heard::Reserved(answer)) => {
                self.reserved_whole(m, request, answer, step)
            }
            (Phase::Reserving | Phase::ReservingWhole, Heard::StoreFailed) => {
                self.give_up(request, step, "store")
            }
            (Phase::Waiting, Heard::Woken) => self.look(m, request, step),
            (Phase::Pausing, Heard::Woken) => self.next_attempt(m, request, step),
            (Phase::Sending, Heard::Head(reply)) => self.answered(m, request, reply, step),
            (Phase::Sending, Heard::Lost(lost)) => self.lost(m, request, *lost, step),
            (Phase::Reading(reply), Heard::ErrorBody(body)) => {
                self.error(m, request, &reply, body, step)
            }
            (phase, heard) => {
                assert!(
                    matches!(step, Step::Nothing),
                    "{phase:?}, {heard:?}: {step:?}"
                );
                request.phase = phase;
            }
        }
    }

    fn begin(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        request.is_bare = !m.call.stream || self.options_refused;
        if matches!(step, Step::AwaitPrices) {
            assert!(m.call.kind.is_some() && self.shared.config.budget.is_some());
            request.phase = Phase::Prices;
            return;
        }
        self.next_attempt(m, request, step);
    }

    /// The key comes first, then the limits.
    fn next_attempt(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        if m.index == m.call.requests.len() {
            return self.whole(m, request, step);
        }
        if self.shared.config.key_from_function {
            assert!(matches!(step, Step::AskKey { .. }), "{step:?}");
            request.phase = Phase::AskingKey;
            return;
        }
        self.admission(m, request, step);
    }

    fn take_key(&mut self, m: &Moment<'_>, request: &mut Request, key: &str, step: &Step) {
        if key.is_empty() || key.contains(' ') {
            return self.fail(request, step, "ConfigError");
        }
        let refused = request.refused_key.take();
        if refused.as_deref() == Some(key) {
            return self.fail(request, step, "AuthenticationError");
        }
        request.given_key = Some(key.to_string());
        self.admission(m, request, step);
    }

    fn admission(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        if m.call.kind.is_none() {
            let keys = self.pool.pick(&m.call.model, &request.tried, m.now);
            request.key = keys.first().copied().unwrap_or(0);
            return self.sent(m, request, step);
        }
        if let Some((key, reservation)) = request.let_through.take() {
            (request.key, request.reservation) = (key, reservation);
            return self.sent(m, request, step);
        }
        self.wait(m, request, step);
    }

    fn wait(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        request.turn = Turn {
            give_up: (self.clock.steady() + self.shared.config.waiting.max_wait).0,
            model: m.call.model.clone(),
            ..Turn::default()
        };
        self.look(m, request, step);
    }

    fn fail(&mut self, request: &mut Request, step: &Step, class: &str) {
        let Step::Fail(failure) = step else {
            panic!("{class}, not {step:?}");
        };
        assert_eq!(failure.error.class.name(), class, "{failure:?}");
        self.leave(request);
        request.phase = Phase::Over;
    }

    /// A server's earlier failure matters more than the limit that kept the next attempt back.
    fn give_up(&mut self, request: &mut Request, step: &Step, reason: &str) {
        if let Some(class) = request.failed {
            return self.fail(request, step, class);
        }
        let class = match reason == Reason::Budget.name() {
            true => "BudgetExceededError",
            false => "LimitExceededError",
        };
        self.fail(request, step, class);
        if let Step::Fail(failure) = step {
            assert_eq!(failure.error.reason, Some(reason), "{failure:?}");
        }
    }

    fn sent(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        let Step::Send { index, key } = step else {
            panic!("a request is sent, not {step:?}");
        };
        let configured = self.shared.config.keys.get(request.key).cloned();
        assert_eq!(*index, m.index);
        assert_eq!(*key, request.given_key.clone().or(configured));
        self.leave(request);
        request.attempts += 1;
        let most = m.call.options.retry.max_attempts + u32::from(request.has_twice);
        assert!(request.attempts <= most);
        let has_options =
            |body: Option<&str>| body.is_some_and(|body| body.contains("stream_options"));
        assert_eq!(m.call.requests[m.index].body(has_options), !request.is_bare);
        request.tried.push(request.key);
        if m.call.kind.is_some() {
            self.pool.sent(request.key, m.now);
        }
        let sum = self.sums.entry(m.number).or_default();
        sum.sends += 1;
        sum.key = Some(request.key);
        request.open = true;
        request.phase = Phase::Sending;
    }

    fn cancelled(
        &mut self,
        m: &Moment<'_>,
        request: &mut Request,
        phase: &Phase,
        how: Cancelled,
        step: &Step,
    ) {
        match phase {
            Phase::Sending => self.sent_in_vain(m, request),
            Phase::Reading(_) => self.book(m.call, request, 0, 0),
            _ => {}
        }
        let class = match how {
            Cancelled::Aborted | Cancelled::Closed => "APIUserAbortError",
            Cancelled::Idle | Cancelled::Total => "APIConnectionTimeoutError",
        };
        self.fail(request, step, class);
    }
}
