//! The state that all calls of one client share: configuration, keys, limits, prices, and the sum of what they spent.

use std::cell::Cell;
use std::rc::Rc;

use super::line::Line;
use super::prices::Prices;
use crate::config::{Config, RequestOptions};
use crate::held::Held;
use crate::policy::clock::{Clock, Now};
use crate::policy::cost::{Pricing, Rates, Source};
use crate::policy::key_pool::{KeyPool, KeySnapshot, label};
use crate::policy::ledger::{Spend, SpendSnapshot};
use crate::policy::limit_store::{MemoryStore, RENEW_AFTER};
use crate::policy::rest::Rests;
use crate::policy::sticky::Sticky;
use crate::trap::{self, Place};
use crate::unit::{Millis, SteadyTime};
use crate::wire::model::Model;

/// How many keys of a key function are remembered for redaction. There must be a limit, since short-lived tickets keep coming.
const REMEMBERED_KEYS: usize = 32;

/// Where limits and the budget are counted.
#[derive(Debug)]
pub enum Store {
    /// The memory of this client.
    Memory(Memory),
    /// A limit store of the caller's; the driver asks it.
    Given,
}

/// Counters in this client's memory.
#[derive(Debug)]
pub struct Memory {
    store: Held<MemoryStore>,
    /// Whether a request can die silently, so that its reservations must expire by themselves.
    may_vanish: bool,
    /// Whether a trap has lost the counts.
    lost: Cell<bool>,
}

/// Facts about the program around the core, which do not change while it runs.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Whether one request can resolve a promise that another one awaits. In workerd it can't, and there a request can also die
    /// silently, together with its timers.
    pub wakes_across_requests: bool,
    /// Whether the caller gave a limit store.
    pub has_store: bool,
    /// Whether `maxConcurrent` applies to each key, as a gateway's operator means it, and not to the client.
    pub counts_places_of_keys: bool,
}

/// The state that all calls of one client share.
#[derive(Debug)]
pub struct Shared {
    /// The checked options.
    pub config: Config,
    /// Facts about the program around the core.
    pub host: Host,
    /// The calls in line for a limit.
    pub line: Line,
    /// Live prices.
    pub prices: Prices,
    /// Where limits are counted.
    pub store: Store,
    pool: Held<KeyPool>,
    spend: Held<Spend>,
    rests: Held<Rests>,
    sticky: Held<Sticky>,
    /// Calls that have begun and are not settled yet.
    pub in_flight: Cell<u32>,
    /// The steady clock: it only moves forward.
    clock: Cell<Clock>,
    /// Whether the server at the base URL refuses `stream_options` and answers requests without them.
    pub stream_options_refused: Cell<bool>,
    /// The keys' public names.
    labels: Vec<String>,
    /// Keys that must not appear in an error: those of the pool, and those that a key function gave.
    secrets: Held<Vec<String>>,
    /// Losses by traps of which the developer has not been told yet.
    losses: Held<Vec<&'static str>>,
}

/// A client's state as plain data: `ClientSnapshot`.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    keys: Vec<KeySnapshot>,
    spend: SpendSnapshot,
    in_flight: u32,
    queued: u32,
}

impl Memory {
    fn new(may_vanish: bool) -> Self {
        Memory {
            store: Held::new(Memory::fresh(may_vanish)),
            may_vanish,
            lost: Cell::new(false),
        }
    }

    fn fresh(may_vanish: bool) -> MemoryStore {
        if may_vanish {
            MemoryStore::shared()
        } else {
            MemoryStore::new()
        }
    }
}

impl Shared {
    /// The shared state of a new client.
    pub fn new(config: Config, host: Host) -> Self {
        let mut labels = Vec::new();
        for key in &config.keys {
            labels.push(label(&config.id, key));
        }
        if labels.is_empty() {
            let what = match config.key_from_function {
                true => "-function",
                false => "-keyless",
            };
            labels.push([config.id.as_str(), what].concat());
        }
        Shared {
            pool: Held::new(KeyPool::new(labels.clone(), config.key_from_function)),
            store: match host.has_store {
                true => Store::Given,
                false => Store::Memory(Memory::new(!host.wakes_across_requests)),
            },
            line: Line::new(host.wakes_across_requests),
            spend: Held::new(Spend::default()),
            rests: Held::default(),
            sticky: Held::default(),
            prices: Prices::default(),
            in_flight: Cell::new(0),
            stream_options_refused: Cell::new(false),
            clock: Cell::default(),
            labels,
            secrets: Held::new(config.keys.clone()),
            losses: Held::default(),
            config,
            host,
        }
    }

    /// Takes a reading of the clocks.
    pub(super) fn read_clock(&self, now: Now) {
        let mut clock = self.clock.get();
        clock.read(now);
        self.clock.set(clock);
    }

    /// The last reading of the steady clock, which measures waits and durations.
    pub(super) fn clock(&self) -> SteadyTime {
        self.clock.get().steady()
    }

    /// Passes the state of the keys to `run`.
    pub fn pool<R>(&self, run: impl FnOnce(&mut KeyPool) -> R) -> R {
        let anew = || {
            self.lost("which keys rest");
            KeyPool::new(self.labels.clone(), self.config.key_from_function)
        };
        self.pool.with(anew, |pool| {
            trap::here(Place::Keys);
            run(pool)
        })
    }

    /// Passes the resting candidates to `run`. If a trap loses them, nothing needs to be reported: the next failure restores them.
    pub fn rests<R>(&self, run: impl FnOnce(&mut Rests) -> R) -> R {
        self.rests.get(run)
    }

    /// Whether a candidate, given by the model string that is sent, has just failed and rests.
    pub fn is_resting(&self, sent: &str) -> bool {
        let clock = self.clock();
        self.rests(|rests| rests.has(sent, clock))
    }

    /// Passes to `run` which candidate answered which conversation.
    pub fn sticky<R>(&self, run: impl FnOnce(&mut Sticky) -> R) -> R {
        self.sticky.get(run)
    }

    /// Passes the sum of the settlements to `run`.
    pub fn spend<R>(&self, run: impl FnOnce(&mut Spend) -> R) -> R {
        let anew = || {
            self.lost("the sum of what was spent");
            Spend::default()
        };
        self.spend.with(anew, |spend| {
            trap::here(Place::Spend);
            run(spend)
        })
    }

    /// Passes the counters in memory to `run`; `None` where the caller gave a limit store.
    pub fn memory<R>(&self, run: impl FnOnce(&mut MemoryStore) -> R) -> Option<R> {
        let Store::Memory(memory) = &self.store else {
            return None;
        };
        let anew = || {
            memory.lost.set(true);
            self.lost("what its limits had counted");
            Memory::fresh(memory.may_vanish)
        };
        Some(memory.store.with(anew, |store| {
            trap::here(Place::Limits);
            run(store)
        }))
    }

    /// How often a call gives word that it is under way; none where its reservations are held until it ends.
    pub fn renew_after(&self) -> Option<Millis> {
        let expires = self.host.has_store || !self.host.wakes_across_requests;
        expires.then_some(RENEW_AFTER)
    }

    /// Whether a trap has lost the counts, so that a budget can't be kept any more.
    pub fn has_lost_counters(&self) -> bool {
        self.memory(|_| ());
        matches!(&self.store, Store::Memory(memory) if memory.lost.get())
    }

    #[cold]
    fn lost(&self, what: &'static str) {
        self.losses.get(|losses| losses.push(what));
    }

    /// The losses by traps since the last question, in words for the developer.
    pub fn take_losses(&self) -> Vec<&'static str> {
        self.losses.get(std::mem::take)
    }

    /// Passes each key that must not appear in an error to `add`.
    pub fn each_secret(&self, add: &mut dyn FnMut(&str)) {
        let anew = || self.config.keys.clone();
        self.secrets
            .with(anew, |secrets| secrets.iter().for_each(|key| add(key)));
    }

    /// Remembers a key that a function gave.
    pub fn remember_secret(&self, secret: &str) {
        self.secrets.get(|secrets| {
            if secrets.iter().any(|known| known == secret) {
                return;
            }
            if secrets.len() >= REMEMBERED_KEYS {
                secrets.remove(0);
            }
            secrets.push(secret.to_string());
        });
    }

    /// The options of a request without options of its own.
    pub fn default_options(&self) -> RequestOptions {
        RequestOptions::of_client(&self.config)
    }

    /// Whether requests carry a key.
    pub fn has_key(&self) -> bool {
        self.config.key_from_function || !self.config.keys.is_empty()
    }

    /// A key's public name.
    pub fn label(&self, key: usize) -> String {
        self.labels.get(key).cloned().unwrap_or_default()
    }

    /// The scope under which a key's limits are counted.
    pub fn scope(&self, key: usize) -> String {
        ["key:", &self.label(key)].concat()
    }

    /// A model's rates and their source.
    pub fn rates(&self, model: &str, provider: Option<&str>) -> Option<(Rates, Source)> {
        match self.config.pricing.as_ref()? {
            Pricing::Live => self.prices.rates(model, provider),
            configured => configured
                .rates(model)
                .map(|rates| (rates, Source::Configured)),
        }
    }

    /// Keeps live prices that have just been read, or records that they could not be read.
    pub fn keep_prices(&self, models: Option<Rc<Vec<Model>>>, now: Now) {
        self.read_clock(now);
        match models {
            Some(models) => self.prices.keep(models, self.clock()),
            None => self.prices.miss(self.clock()),
        }
    }

    /// Whether a call that begins now needs prices that are missing: the driver fetches them or waits for a running fetch.
    pub fn wants_prices(&self) -> bool {
        matches!(self.config.pricing, Some(Pricing::Live)) && self.prices.are_wanted(self.clock())
    }

    /// Whether the catalogue is missing or old: the driver then reads it before it judges offers.
    pub fn lacks_catalogue(&self, now: Now) -> bool {
        self.read_clock(now);
        self.prices.are_wanted(self.clock())
    }

    /// The client's state as plain data.
    pub fn snapshot(&self, now: impl Into<Now>) -> Snapshot {
        let now = now.into();
        self.read_clock(now);
        let queued = u32::try_from(self.line.len(self.clock())).unwrap_or(u32::MAX);
        Snapshot {
            keys: self.pool(|pool| pool.snapshot(now)),
            spend: self.spend(|spend| spend.snapshot()),
            in_flight: self.in_flight.get().saturating_sub(queued),
            queued,
        }
    }
}
