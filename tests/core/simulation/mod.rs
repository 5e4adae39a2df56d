//! A driver without I/O. It carries out the steps of calls in simulated time, and a judge checks each of them.
//!
//! The driver keeps the contract of `hfetch::call`: one event answers a step, a cancel may come at any time, a store's answer is
//! handed in however late it is, effects are taken after each method, and the caller's store is told before the next waiting call
//! is woken.
#![allow(dead_code)] // the fuzz target uses less of it than the tests

mod aftermath;
pub mod decoder;
mod driver;
mod ending;
pub mod heard;
pub mod judge;
mod rules;
pub mod scenario;
pub mod store;

use std::collections::BTreeMap;
use std::rc::Rc;

use hfetch::call::failure::{Cancelled, Failure};
use hfetch::call::open::Given;
use hfetch::call::shared::{Host, Shared};
use hfetch::call::{Call, Effect};
use hfetch::config::{Config, KeySource};
use hfetch::error::Error;
use hfetch::json;
use hfetch::policy::clock::Now;
use hfetch::policy::ledger::Settlement;
use hfetch::policy::limit_store::Part;
use hfetch::unit::{SteadyTime, WallTime};

use heard::Heard;
use judge::{Judge, Moment};
use scenario::{Kind, Plan, Scenario, StoreAnswer, When};
use store::GivenStore;

/// 2026-11-22T00:00Z
pub const START: f64 = 1_795_305_600_000.0;

/// The steady clock at that time.
const UPTIME: f64 = 12_345.25;

/// When the total timeout ends every call that is still running.
pub const PATIENCE: u64 = 600_000;

/// More tasks than any scenario has: if there are more, something runs in circles. Four calls of twenty batches, each tried four times with
/// three models beside a slow store, have 30,000.
const MOST_TASKS: usize = 100_000;

#[derive(Debug)]
enum Task {
    Begin(usize),
    /// The result of the step with the request's serial number.
    Come(Address, Heard),
    /// The caller's store decides.
    Decide(Address, Vec<Part>, StoreAnswer, u64),
    Tell(Effect),
    /// An answer has been read.
    Read(Address),
    Cancel(usize, Option<Cancelled>),
    Prices,
    Jump(f64),
}

/// One step of one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Address {
    call: usize,
    index: usize,
    serial: u64,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Answer,
    Failed(&'static str),
}

/// A request as the driver sees it.
#[derive(Debug, Default)]
struct Request {
    serial: u64,
    /// The number under which it sleeps in line.
    waiter: Option<u64>,
    /// The step with which the caller's store was asked and that it hasn't answered yet.
    asks_store: Option<u64>,
    awaits_prices: bool,
    /// The body of the response to its last attempt.
    body: &'static str,
    end: Option<End>,
    /// Whether its answer has been read, or never will be.
    done: bool,
}

/// A call as the driver sees it.
#[derive(Debug)]
pub struct Flight {
    plan: Plan,
    pub call: Option<Call>,
    requests: Vec<Request>,
    sends: usize,
    steps: usize,
    pub cancelled: bool,
    /// The acts of its driver, in words.
    pub story: Vec<String>,
    /// When it did so.
    times: Vec<u64>,
    pub settlement: Option<Rc<Settlement>>,
    /// Whether the call has been closed, as far as prices allow.
    closed: bool,
    /// The error with which the call was refused before it began.
    pub refused: Option<Error>,
    /// The first failure in full.
    pub failure: Option<Box<Failure>>,
    pub ended_at: u64,
}

/// The simulated world.
#[derive(Debug)]
pub struct World {
    pub shared: Rc<Shared>,
    pub scenario: Scenario,
    pub flights: Vec<Flight>,
    tasks: BTreeMap<(u64, u64), Task>,
    scheduled: u64,
    pub time: u64,
    /// The error of the wall clock in ms.
    skew: f64,
    asked_key: usize,
    drawn: usize,
    pub store: Option<GivenStore>,
    prices_under_way: bool,
    judge: Judge,
}

impl World {
    /// Runs a scenario to its end and checks what is left.
    pub fn run(scenario: &Scenario) -> World {
        let mut world = World::new(scenario);
        world.run_on();
        world
    }

    /// Does what is scheduled.
    pub fn run_on(&mut self) {
        let mut tasks = 0;
        while let Some(((time, _), task)) = self.tasks.pop_first() {
            tasks += 1;
            assert!(tasks < MOST_TASKS, "going round in circles");
            self.time = time;
            self.perform(task);
            self.count_in_flight();
            let next = self.tasks.first_key_value().map(|entry| entry.0.0);
            if next != Some(time) {
                self.judge.quiet();
            }
        }
        self.check_end();
    }

    /// A world in which nothing has happened yet.
    pub fn new(scenario: &Scenario) -> World {
        let source = match scenario.key_function.is_empty() {
            true => KeySource::None,
            false => KeySource::Function,
        };
        let options = json::parse(scenario.json().as_bytes()).expect("options in JSON");
        let config = Config::from_options(&options, &source).expect("valid options");
        let host = Host {
            wakes_across_requests: !scenario.workerd,
            has_store: scenario.store.is_some(),
            counts_places_of_keys: scenario.counts_places_of_keys,
        };
        let shared = Rc::new(Shared::new(config, host));
        let mut world = World {
            judge: Judge::new(&shared),
            shared,
            scenario: scenario.clone(),
            flights: Vec::new(),
            tasks: BTreeMap::new(),
            scheduled: 0,
            time: 0,
            skew: 0.0,
            asked_key: 0,
            drawn: 0,
            store: scenario.store.as_deref().map(GivenStore::new),
            prices_under_way: false,
        };
        for (at, by) in &scenario.jumps {
            world.schedule(*at, Task::Jump(*by));
        }
        for (call, plan) in scenario.calls.iter().enumerate() {
            world.flights.push(Flight::new(plan));
            world.schedule(plan.at, Task::Begin(call));
        }
        world
    }

    /// The acts of a call's driver, in words.
    pub fn story(&self, call: usize) -> String {
        self.flights[call].story.join(", ")
    }

    /// The error that a call ended with.
    pub fn error(&self, call: usize) -> &Error {
        let failure = self.flights[call].failure.as_ref();
        &failure.expect("a call that failed").error
    }

    /// The one settlement of a call.
    pub fn settlement(&self, call: usize) -> &Settlement {
        let settlement = self.flights[call].settlement.as_deref();
        settlement.expect("a call that is settled")
    }

    /// When a call did something.
    pub fn times(&self, call: usize, words: &str) -> Vec<u64> {
        let flight = &self.flights[call];
        let rows = flight.times.iter().zip(&flight.story);
        let rows = rows.filter(|row| row.1.starts_with(words));
        rows.map(|row| *row.0).collect()
    }

    /// The clocks.
    pub fn now(&self) -> Now {
        let passed = self.time as f64;
        Now {
            wall: WallTime(START + passed + self.skew),
            steady: (!self.scenario.wall_alone).then_some(SteadyTime(UPTIME + passed)),
        }
    }

    fn schedule(&mut self, after: u64, task: Task) {
        self.scheduled += 1;
        self.tasks.insert((self.time + after, self.scheduled), task);
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Begin(call) => self.begin(call),
            Task::Come(address, heard) => self.come(address, heard),
            Task::Decide(address, parts, how, after) => self.decide(address, &parts, how, after),
            Task::Tell(effect) => self.tell(&effect),
            Task::Read(address) => self.read(address),
            Task::Cancel(call, how) => self.cancel(call, how),
            Task::Prices => self.prices_come(),
            Task::Jump(by) => {
                self.skew += by;
                if self.scenario.wall_alone {
                    self.judge.jumped();
                }
            }
        }
    }

    fn begin(&mut self, number: usize) {
        let now = self.now();
        self.judge.read(now);
        let call = match open(&self.shared, &self.flights[number].plan, now) {
            Ok(call) => call,
            Err(error) => {
                self.flights[number].refused = Some(error);
                return;
            }
        };
        if call.wants_catalogue() && !self.prices_under_way {
            self.prices_under_way = true;
            self.schedule(self.scenario.prices.unwrap_or(10_000), Task::Prices);
        }
        let flight = &mut self.flights[number];
        let requests = call.requests.len();
        // The last machine lets all of them through.
        let whole = call.is_split().then_some(requests);
        let count = requests + usize::from(call.is_split());
        flight.requests.resize_with(count, Request::default);
        flight.call = Some(call);
        self.schedule(PATIENCE, Task::Cancel(number, Some(Cancelled::Total)));
        if let Some(cancel) = self.flights[number].plan.cancel
            && let When::At(at) = cancel.when
        {
            let after = at.saturating_sub(self.time);
            self.schedule(after, Task::Cancel(number, cancel.how));
        }
        match whole {
            Some(whole) => self.hand_in(number, whole, Heard::Begin),
            None => self.begin_requests(number),
        }
    }

    fn begin_requests(&mut self, number: usize) {
        let count = |call: &Call| call.requests.len();
        for index in 0..self.flights[number].call.as_ref().map_or(0, count) {
            self.hand_in(number, index, Heard::Begin);
        }
    }

    /// Hands in the result of a step, unless the request has moved on; only a store's answer is always handed in.
    fn come(&mut self, address: Address, heard: Heard) {
        let request = &mut self.flights[address.call].requests[address.index];
        let is_late = request.serial != address.serial;
        if heard.is_of_store() {
            // The answer to an older question doesn't answer this one.
            if request
                .asks_store
                .is_some_and(|serial| serial != address.serial)
            {
                return;
            }
            request.asks_store = None;
        } else if is_late {
            return;
        }
        self.hand_in(address.call, address.index, heard);
    }

    /// Hands an event in, and does what the step and the effects say.
    fn hand_in(&mut self, number: usize, index: usize, heard: Heard) {
        if let Heard::Reserved(Ok(name)) = &heard
            && let Some(store) = &mut self.store
        {
            store.heard(name);
        }
        let random = self.random();
        let now = self.now();
        let flight = &self.flights[number];
        let Some(call) = &flight.call else { return };
        let freed = self.shared.line.freed();
        let step = call.handle(index, heard.event(), now, random);
        let effects = call.take_effects();
        let moment = Moment {
            call,
            number,
            index,
            now,
            random,
            freed,
            own: &flight.plan.parts,
        };
        self.judge.hear(&moment, &heard, &step);
        self.obey_effects(effects);
        self.obey(number, index, step);
        let flight = &mut self.flights[number];
        flight.steps += 1;
        let (steps, cancel) = (flight.steps, flight.plan.cancel);
        if let Some(cancel) = cancel
            && matches!(cancel.when, When::Step(step) if step == steps)
        {
            self.cancel(number, cancel.how);
        }
    }

    fn random(&mut self) -> f64 {
        let numbers = &self.scenario.random;
        self.drawn += 1;
        numbers[self.drawn % numbers.len()]
    }
}

/// A test that fails shows what happened.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let Scenario {
            workerd,
            wall_alone,
            store,
            jumps,
            ..
        } = &self.scenario;
        println!("{}", self.scenario.json());
        println!("workerd {workerd}, wall alone {wall_alone}, jumps {jumps:?}, store {store:?}");
        for (number, flight) in self.flights.iter().enumerate() {
            let rows = flight.times.iter().zip(&flight.story);
            let rows: Vec<String> = rows
                .map(|(time, words)| format!("{time} {words}"))
                .collect();
            println!("{number} {:?}\n  {}", flight.plan, rows.join(", "));
        }
    }
}

impl Flight {
    fn new(plan: &Plan) -> Self {
        Flight {
            plan: plan.clone(),
            call: None,
            requests: Vec::new(),
            sends: 0,
            steps: 0,
            cancelled: false,
            story: Vec::new(),
            times: Vec::new(),
            settlement: None,
            closed: false,
            refused: None,
            failure: None,
            ended_at: 0,
        }
    }
}

fn open(shared: &Rc<Shared>, plan: &Plan, now: Now) -> Result<Call, Error> {
    let given = Given {
        options: shared.default_options(),
        parts: plan.parts.clone(),
        metered: false,
        max_tokens: None,
        max_choices: None,
        address: None,
    };
    let most = plan
        .max_tokens
        .map_or(String::new(), |count| format!(r#","max_tokens":{count}"#));
    let model = plan
        .model
        .map_or(String::new(), |name| format!(r#","model":"{name}""#));
    let stream = plan.kind == Kind::Stream;
    match plan.kind {
        Kind::Chat | Kind::Stream => {
            let body = format!(
                r#"{{"messages":[{{"role":"user","content":"Hello"}}],"stream":{stream}{most}{model}}}"#
            );
            Call::chat(shared, &body, given, now)
        }
        Kind::Embeddings(count) => {
            let inputs = vec![r#""text""#; count].join(",");
            Call::embeddings(shared, &format!(r#"{{"input":[{inputs}]}}"#), given, now)
        }
        Kind::Catalogue => Call::catalogue(shared, "", given.options, now),
    }
}
