//! A rate limiter as a row, and back.

use super::{Limits, MOST_TOKENS, Open, RateLimiter};
use crate::error::Error;
use crate::json::Value;
use crate::policy::calendar::{LAST_TIME, month_of};
use crate::policy::period::Period;
use crate::policy::row::{self, Columns, NEXT, Row};
use crate::policy::window::{MINUTE, Window};
use crate::unit::{SteadyTime, WallTime};

/// More requests or tokens than this are of no window.
const MOST_OF_WINDOW: (u64, u64) = (1 << 40, 1 << 50);

/// Everything that the limiter remembers, open reservations included. The limits are not part of it: they come from the configuration.
impl Row for RateLimiter {
    fn columns(&mut self, with: &mut Columns<'_>) {
        self.columns_of(with, None);
    }
}

impl RateLimiter {
    /// The columns of the limiter. If `times` are given, only the counts of these times are written and no open reservation. The journal
    /// writes a change in this way.
    pub fn columns_of(&mut self, with: &mut Columns<'_>, times: Option<&[SteadyTime]>) {
        self.clock.columns(with);
        let mut left = self.window.left();
        // Below 0 as long as none has left the window.
        with.number("left", &mut left.0, -1.0, LAST_TIME);
        self.columns_of_month(with);
        with.time("blockedUntil", &mut self.blocked_until.0);
        with.count("lastReservation", &mut self.last_id);
        let mut settled = self.window.settled(times);
        with.rows("settled", &mut settled, &mut |with, row| {
            with.time(NEXT, &mut row.0.0);
            with.count(NEXT, &mut row.1);
            with.count(NEXT, &mut row.2);
        });
        let known = std::mem::take(&mut self.open);
        let (mut open, known) = match times.is_none() && !with.is_reading() {
            true => (known, Vec::new()),
            false => (Vec::new(), known),
        };
        with.rows("open", &mut open, &mut |with, row| {
            with.count(NEXT, &mut row.id);
            with.time(NEXT, &mut row.at.0);
            with.count(NEXT, &mut row.tokens);
        });
        self.open = if open.is_empty() { known } else { open };
        if with.is_reading() {
            self.put_together(with, left, &settled);
        }
    }

    /// The month that is counted. If the clock has left a month, the row also has the latest reading in it and its requests.
    fn columns_of_month(&mut self, with: &mut Columns<'_>) {
        let month = &mut self.month;
        let mut start = month.start();
        with.time("monthStart", &mut start.0);
        with.count("requestsThisMonth", &mut month.amount);
        if with.has("monthLeft", month.left.0 > WallTime::ZERO) {
            with.list("monthLeft", &mut |with| {
                with.time(NEXT, &mut month.left.0.0);
                with.count(NEXT, &mut month.left.1);
            });
        }
        if with.is_reading() {
            *month = Period::new(month_of(start), self.clock.wall(), month.amount, month.left);
        }
    }

    /// Builds the window from the rows that were read, or tells which of them are out of order.
    fn put_together(
        &mut self,
        with: &mut Columns<'_>,
        left: SteadyTime,
        settled: &[(SteadyTime, u64, u64)],
    ) {
        let now = self.clock.steady();
        if left > now {
            return with.broken("left");
        }
        let (mut previous, mut holds) = (0, Vec::new());
        for open in &self.open {
            let is_known = open.id > previous && open.id <= self.last_id;
            if !is_known || open.at > now || open.tokens > MOST_TOKENS {
                return with.broken("open");
            }
            previous = open.id;
            holds.push((open.at, open.tokens));
        }
        let (requests, tokens) = MOST_OF_WINDOW;
        let is_known =
            |row: &(SteadyTime, u64, u64)| row.0 <= now && row.1 <= requests && row.2 <= tokens;
        match Window::restore(left, settled, &holds) {
            Some(window) if settled.iter().all(is_known) => self.window = window,
            _ => with.broken("settled"),
        }
    }

    /// Notes a reservation that is open, for a row that names none: a change doesn't.
    pub fn expect_open(&mut self, id: u64, at: SteadyTime, tokens: u64) {
        self.open.push(Open { id, at, tokens });
    }

    /// Until when anything in the limiter can matter, on the wall clock.
    pub fn matters_until(&self) -> WallTime {
        let blocked = self.clock.to_wall(self.blocked_until);
        let minute = self.clock.wall() + MINUTE;
        self.month.end().max(blocked).max(minute)
    }

    /// The limiter that wrote a state, whatever made of the state in the meantime; `path` names it in errors.
    pub fn restore(value: &Value, limits: Limits, path: &str) -> Result<Self, Error> {
        let mut limiter = RateLimiter::new(limits);
        row::read(&mut limiter, value, path).map(|()| limiter)
    }
}
