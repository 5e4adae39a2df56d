//! Many scopes reserved together, rule by rule; limit_store_oracle.rs compares the store with a naive one.

use crate::storage::stored;
use hfetch::policy::budget::{Budget, Per};
use hfetch::policy::clock::Now;
use hfetch::policy::limit_store::{LOST_AFTER, MemoryStore, Part, RENEW_AFTER, Refusal};
use hfetch::policy::rate_limit::{Limits, Reason, Refused};

const MINUTE: f64 = 60_000.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
/// 2026-11-22T00:00Z
pub(super) const START: f64 = 1_795_305_600_000.0;

pub(super) fn part(scope: &str, limits: Limits) -> Part {
    Part {
        scope: scope.to_string(),
        pause: None,
        lasts: None,
        tokens: 0,
        usd: 0.0,
        limits,
        budget: None,
    }
}

fn per_minute(scope: &str, requests: f64) -> Part {
    part(
        scope,
        Limits {
            requests_per_minute: Some(requests),
            ..Limits::default()
        },
    )
}

fn at_once(scope: &str, requests: f64) -> Part {
    part(
        scope,
        Limits {
            max_concurrent: Some(requests),
            ..Limits::default()
        },
    )
}

fn money(usd: f64, of: f64, per: Per) -> Part {
    Part {
        usd,
        budget: Some(Budget { usd: of, per }),
        ..part("budget", Limits::default())
    }
}

fn refusal(scope: &str, retry_after: f64, reason: Reason) -> Refusal {
    Refusal {
        scope: scope.to_string(),
        limit: Refused::new(
            reason,
            (retry_after > 0.0).then_some(retry_after),
            retry_after,
        ),
        spent_usd: None,
        budget_usd: None,
    }
}

#[test]
fn all_parts_or_none() {
    let mut store = MemoryStore::new();
    let parts = [
        per_minute("key", 2.0),
        per_minute("user", 1.0),
        money(0.4, 1.0, Per::Day),
    ];
    let first = store.reserve(&parts, START).unwrap();
    store.settle(&first, 0, 0.4, START);
    for _ in 0..5 {
        assert_eq!(
            store.reserve(&parts, START),
            Err(refusal("user", MINUTE, Reason::Requests))
        );
    }
    // If a refusal had left anything behind, neither would fit.
    assert!(
        store
            .reserve(&[per_minute("key", 2.0), money(0.6, 1.0, Per::Day)], START)
            .is_ok()
    );
}

#[test]
fn a_scope_that_appears_twice_counts_twice() {
    let mut store = MemoryStore::new();
    let twice = [per_minute("key", 1.0), per_minute("key", 1.0)];
    assert_eq!(store.reserve(&twice, START).unwrap_err().scope, "key");
    assert_eq!(store.usage("key", START).requests_last_minute, 0.0);
    let dear = [money(0.6, 1.0, Per::Day), money(0.6, 1.0, Per::Day)];
    assert_eq!(
        store.reserve(&dear, START).unwrap_err().limit.reason,
        Reason::Budget
    );
    assert!(store.reserve(&[money(1.0, 1.0, Per::Day)], START).is_ok());
}

#[test]
fn the_budget_is_named_before_any_wait_and_the_longest_wait_before_shorter_ones() {
    let mut store = MemoryStore::new();
    let month = part(
        "month",
        Limits {
            requests_per_month: Some(1.0),
            ..Limits::default()
        },
    );
    let parts = [per_minute("minute", 1.0), month, at_once("line", 1.0)];
    let first = store.reserve(&parts, START).unwrap();
    // Nobody knows when a running call ends; the wait lasts at least until the month's end.
    let refused = store.reserve(&parts, START).unwrap_err();
    assert_eq!(
        (refused.scope.as_str(), refused.limit.until_end),
        ("line", true)
    );
    let least = refused.limit.retry_after;
    store.settle(&first, 0, 0.0, START);
    let refused = store.reserve(&parts, START).unwrap_err();
    assert_eq!(
        (refused.scope.as_str(), refused.limit.until_end),
        ("month", false)
    );
    assert_eq!(refused.limit.retry_after, least);
    let with_budget = [
        parts[0].clone(),
        parts[1].clone(),
        money(2.0, 1.0, Per::Hour),
    ];
    assert_eq!(
        store.reserve(&with_budget, START).unwrap_err().scope,
        "budget"
    );
}

#[test]
fn limits_and_budgets_may_change_between_calls() {
    let mut store = MemoryStore::new();
    assert!(store.reserve(&[per_minute("key", 1.0)], START).is_ok());
    assert!(store.reserve(&[per_minute("key", 1.0)], START).is_err());
    assert!(store.reserve(&[per_minute("key", 2.0)], START).is_ok());
    let reservation = store.reserve(&[money(0.5, 1.0, Per::Day)], START).unwrap();
    store.settle(&reservation, 0, 0.5, START);
    // The amount spent today was also spent in this hour, this month, and in total.
    for per in [Per::Hour, Per::Day, Per::Month, Per::Total] {
        let refused = store.reserve(&[money(0.6, 1.0, per)], START).unwrap_err();
        assert_eq!(
            (refused.spent_usd, refused.budget_usd),
            (Some(0.5), Some(1.0))
        );
        assert!(
            store
                .reserve(&[money(0.6, 1.1, per)], START)
                .map(|id| store.release(&id))
                .is_ok()
        );
    }
}

#[test]
fn a_budget_is_per_calendar_window() {
    let table = [
        (Per::Hour, 10.0 * MINUTE, HOUR),
        (Per::Day, 10.0 * HOUR, DAY),
        (Per::Month, 2.0 * DAY, 9.0 * DAY),
    ];
    for (per, offset, end) in table {
        let mut store = MemoryStore::new();
        let reservation = store
            .reserve(&[money(1.0, 1.0, per)], START + offset)
            .unwrap();
        store.settle(&reservation, 0, 1.0, START + offset);
        let refused = store
            .reserve(&[money(0.1, 1.0, per)], START + offset)
            .unwrap_err();
        assert_eq!(
            (refused.limit.retry_after, refused.limit.reason),
            (end - offset, Reason::Budget)
        );
        assert!(
            store
                .reserve(&[money(0.1, 1.0, per)], START + end - 1.0)
                .is_err()
        );
        assert!(store.reserve(&[money(1.0, 1.0, per)], START + end).is_ok());
    }
    let mut store = MemoryStore::new();
    let reservation = store
        .reserve(&[money(1.0, 1.0, Per::Total)], START)
        .unwrap();
    store.settle(&reservation, 0, 1.0, START);
    let refused = store
        .reserve(&[money(0.1, 1.0, Per::Total)], START + 4_000.0 * DAY)
        .unwrap_err();
    assert_eq!(refused.limit.retry_after, f64::INFINITY);
}

#[test]
fn what_is_held_over_midnight_counts_on_both_sides() {
    let mut store = MemoryStore::new();
    let night = START + DAY - 1.0;
    let held = store.reserve(&[money(0.8, 1.0, Per::Day)], night).unwrap();
    assert!(
        store
            .reserve(&[money(0.3, 1.0, Per::Day)], night + 2.0)
            .is_err()
    );
    store.settle(&held, 0, 0.5, night + 2.0);
    assert!(
        store
            .reserve(&[money(0.6, 1.0, Per::Day)], night + 2.0)
            .is_err()
    );
    assert!(
        store
            .reserve(&[money(0.5, 1.0, Per::Day)], night + 2.0)
            .is_ok()
    );
}

#[test]
fn tenths_add_up_to_the_whole_budget_and_not_a_trillionth_more() {
    let mut store = MemoryStore::new();
    for _ in 0..10 {
        let reservation = store
            .reserve(&[money(0.1, 1.0, Per::Total)], START)
            .unwrap();
        store.settle(&reservation, 0, 0.1, START);
    }
    assert!(
        store
            .reserve(&[money(1e-12, 1.0, Per::Total)], START)
            .is_err()
    );
    assert!(store.reserve(&[money(0.0, 1.0, Per::Total)], START).is_ok());
}

#[test]
fn what_is_no_amount_of_money_fits_no_budget() {
    for usd in [f64::NAN, f64::INFINITY, 1e300] {
        let refused = MemoryStore::new()
            .reserve(&[money(usd, 1e6, Per::Day)], START)
            .unwrap_err();
        assert_eq!(refused.limit.retry_after, f64::INFINITY);
        // A budget larger than the largest sum is still a budget.
        let largest = MemoryStore::new().reserve(&[money(usd, 1e9, Per::Day)], START);
        assert!(largest.is_err());
    }
    let mut store = MemoryStore::new();
    let half = [money(1e7, 1e9, Per::Day)];
    assert!(store.reserve(&half, START).is_ok());
    assert!(store.reserve(&half, START).is_err());
}

#[test]
fn tokens_and_money_are_settled_in_every_part() {
    let mut store = MemoryStore::new();
    let tokens = Limits {
        tokens_per_minute: Some(100.0),
        ..Limits::default()
    };
    let parts = [
        Part {
            tokens: 80,
            ..part("key", tokens)
        },
        Part {
            tokens: 80,
            ..part("user", tokens)
        },
    ];
    let reservation = store.reserve(&parts, START).unwrap();
    assert!(store.reserve(&parts, START).is_err());
    store.settle(&reservation, 20, 0.0, START);
    for scope in ["key", "user"] {
        assert_eq!(store.usage(scope, START).tokens_last_minute, 20.0);
    }
    let again = store.reserve(&parts, START).unwrap();
    store.release(&again);
    assert_eq!(store.usage("user", START).tokens_last_minute, 20.0);
}

#[test]
fn an_end_counts_once() {
    let mut store = MemoryStore::new();
    let reservation = store
        .reserve(&[money(0.5, 1.0, Per::Day), per_minute("key", 5.0)], START)
        .unwrap();
    store.settle(&reservation, 7, 0.5, START);
    store.settle(&reservation, 7, 0.5, START);
    store.release(&reservation);
    for nonsense in [
        "",
        "-",
        "1",
        "0-1",
        "x-y",
        "1795305600000-99",
        "1795305600000--1",
    ] {
        store.settle(nonsense, 1, 1.0, START);
        store.release(nonsense);
    }
    assert_eq!(store.usage("key", START).requests_last_minute, 1.0);
    assert!(store.reserve(&[money(0.5, 1.0, Per::Day)], START).is_ok());
}

#[test]
fn a_block_is_of_one_scope() {
    let mut store = MemoryStore::new();
    store.block("a", START + 5_000.0);
    let both = [per_minute("a", 9.0), per_minute("b", 9.0)];
    assert_eq!(
        store.reserve(&both, START),
        Err(refusal("a", 5_000.0, Reason::Blocked))
    );
    assert!(store.reserve(&both[1..], START).is_ok());
    assert!(store.reserve(&both, START + 5_000.0).is_ok());
}

#[test]
fn a_lost_reservation_counts_as_spent_until_it_ends_after_all() {
    let parts = [at_once("line", 1.0), money(0.8, 1.0, Per::Day)];
    let mut memory = MemoryStore::new();
    memory.reserve(&parts, START).unwrap();
    assert!(memory.reserve(&parts, START + 9.0 * HOUR).is_err());

    let mut shared = MemoryStore::shared();
    let lost = shared.reserve(&parts, START).unwrap();
    assert!(shared.reserve(&parts, START + LOST_AFTER - 1.0).is_err());
    let after = START + LOST_AFTER;
    let place = shared.reserve(&parts[..1], after).unwrap();
    shared.release(&place);
    let spent = |shared: &mut MemoryStore| {
        let refused = shared.reserve(&[money(5.0, 1.0, Per::Day)], after);
        let refused = refused.unwrap_err();
        assert_eq!(refused.limit.reason, Reason::Budget);
        refused.spent_usd
    };
    assert_eq!(
        spent(&mut shared),
        Some(0.8),
        "it may have taken all it held"
    );
    let mut other = MemoryStore::shared();
    other.restore(&stored(&shared.state())).unwrap();
    for store in [&mut shared, &mut other] {
        store.settle(&lost, 0, 0.7, after);
        store.settle(&lost, 0, 0.7, after);
        assert_eq!(spent(store), Some(0.7), "booked once, and as it was");
        store.release(&lost);
        assert_eq!(spent(store), Some(0.7));
    }
    let lost = shared.reserve(&[money(0.2, 1.0, Per::Day)], after).unwrap();
    shared.expire(after + LOST_AFTER);
    shared.release(&lost);
    assert_eq!(spent(&mut shared), Some(0.7), "nothing was sent for it");
}

#[test]
fn what_was_lost_counts_in_the_window_in_which_it_was_given_up() {
    let mut store = MemoryStore::shared();
    let lost = store.reserve(&[money(0.8, 1.0, Per::Hour)], START).unwrap();
    // Nobody asks for a day, so the hour in which the reservation was lost is over by then.
    store
        .reserve(&[money(0.9, 1.0, Per::Hour)], START + DAY)
        .unwrap();
    store.settle(&lost, 0, 0.1, START + DAY);
    let refused = store.reserve(&[money(0.1, 1.0, Per::Hour)], START + DAY);
    assert_eq!(refused.unwrap_err().spent_usd, Some(1.0));
}

#[test]
fn a_reservation_that_is_heard_of_is_not_lost() {
    let parts = [at_once("line", 2.0), money(0.4, 1.0, Per::Day)];
    let mut store = MemoryStore::shared();
    let silent = store.reserve(&parts, START).unwrap();
    let heard = store.reserve(&parts, START).unwrap();
    let mut now = START;
    for _ in 0..20 {
        now += RENEW_AFTER;
        store.renew(&heard, now);
        // A store that is restored remembers it.
        let mut other = MemoryStore::shared();
        other.restore(&stored(&store.state())).unwrap();
        store = other;
    }
    assert_eq!(store.next_loss(), Some(now + LOST_AFTER));
    let next = store.reserve(&parts[..1], now).unwrap();
    assert!(
        store.reserve(&parts[..1], now).is_err(),
        "one place alone is free"
    );
    for over in [&silent, &heard, &next] {
        store.settle(over, 0, 0.1, now);
    }
    // A reservation that has ended or is unknown stays so.
    for name in [&silent, &heard, "1-1", ""] {
        store.renew(name, now);
    }
    assert_eq!(store.next_loss(), None);
    let refused = store
        .reserve(&[money(1.0, 1.0, Per::Day)], now)
        .unwrap_err();
    assert_eq!(refused.spent_usd, Some(0.2));
}

#[test]
fn what_an_older_version_took_for_lost_is_booked_when_it_ends() {
    let parts = [money(0.5, 1.0, Per::Total)];
    let mut store = MemoryStore::shared();
    let lost = store.reserve(&parts, START).unwrap();
    let mut state = serde_json::to_value(store.state()).unwrap();
    // An older version wrote such a state: it released lost reservations, and its rows had three members.
    let row: Vec<_> = state["open"][0].as_array().unwrap()[..3].to_vec();
    state["lost"] = serde_json::json!([row]);
    state["open"] = serde_json::json!([]);
    state["scopes"][0][2]["held"] = "0".into();
    store.restore(&stored(&state)).unwrap();
    store.settle(&lost, 0, 0.3, START);
    let refused = store.reserve(&[money(1.0, 1.0, Per::Total)], START);
    assert_eq!(refused.unwrap_err().spent_usd, Some(0.3));
}

#[test]
fn a_lost_reservation_of_a_dropped_scope_ends_no_other() {
    let mut store = MemoryStore::shared();
    let parts = [at_once("a", 1.0), money(0.5, 1.0, Per::Hour)];
    let lost = store.reserve(&parts, START).unwrap();
    // A month later neither scope remembers anything, and a thousand others make room.
    let later = START + 40.0 * DAY;
    for user in 0..1_001 {
        let scope = ["user:", &user.to_string()].concat();
        store.reserve(&[per_minute(&scope, 1.0)], later).unwrap();
    }
    store.reserve(&parts, later).unwrap();
    store.settle(&lost, 0, 0.4, later);
    assert_eq!(
        store.reserve(&parts[..1], later).unwrap_err().limit.reason,
        Reason::Concurrent
    );
    assert_eq!(
        store.reserve(&parts[1..], later).unwrap_err().spent_usd,
        Some(0.9)
    );
}

#[test]
fn a_reservation_from_before_a_loss_of_state_ends_no_other() {
    let mut before = MemoryStore::shared();
    let old = before.reserve(&[at_once("line", 1.0)], START).unwrap();
    let mut after = MemoryStore::shared();
    after.reserve(&[at_once("line", 1.0)], START + 1.0).unwrap();
    after.release(&old);
    assert!(after.reserve(&[at_once("line", 1.0)], START + 1.0).is_err());
}

#[test]
fn scopes_that_remember_nothing_are_dropped() {
    let mut store = MemoryStore::new();
    for user in 0..4_000 {
        let now = START + f64::from(user) * 10.0 * MINUTE;
        let scope = ["user:", &user.to_string()].concat();
        let parts = [Part {
            scope,
            ..money(0.01, 1.0, Per::Hour)
        }];
        let reservation = store.reserve(&parts, now).unwrap();
        store.settle(&reservation, 1, 0.01, now);
    }
    let state = serde_json::to_value(store.state()).unwrap();
    let scopes = state["scopes"].as_array().unwrap().len();
    // Requests of this month are remembered, those of the last month aren't.
    assert!(scopes < 3_000, "{scopes}");
}

#[test]
fn a_state_that_makes_no_sense_is_refused_and_changes_nothing() {
    let mut store = MemoryStore::shared();
    store
        .reserve(&[at_once("a", 1.0), money(0.5, 1.0, Per::Day)], START)
        .unwrap();
    let good = serde_json::to_value(store.state()).unwrap();
    let edits: [fn(&mut serde_json::Value); 12] = [
        |state| state["now"] = "x".into(),
        |state| state["scopes"][0][0] = 7.into(),
        |state| state["scopes"][1][0] = "a".into(),
        |state| state["scopes"][0][1] = serde_json::Value::Null,
        |state| state["scopes"][0][2]["spent"] = serde_json::json!(["1"]),
        |state| state["scopes"][0][2]["held"] = "-1".into(),
        |state| state["open"][0][0] = 0.into(),
        // A number that is given out a second time could never be found among the others.
        |state| state["lastReservation"] = 0.into(),
        |state| state["open"][0][1] = 1e15.into(),
        |state| state["scopes"][0][2]["left"] = serde_json::json!([[0, "1"]]),
        |state| state["open"][0][2][0] = serde_json::json!(["a", 1, 2]),
        |state| state["lost"] = serde_json::Value::Null,
    ];
    for edit in edits {
        let mut state = good.clone();
        edit(&mut state);
        let mut other = MemoryStore::shared();
        let error = other.restore(&stored(&state)).unwrap_err();
        assert_eq!(error.class.name(), "ConfigError");
        assert_eq!(
            serde_json::to_value(other.state()).unwrap(),
            serde_json::to_value(MemoryStore::shared().state()).unwrap()
        );
    }
    let mut other = MemoryStore::shared();
    other.restore(&stored(&good)).unwrap();
    assert_eq!(serde_json::to_value(other.state()).unwrap(), good);
}

#[test]
fn of_lost_reservations_only_the_last_thousand_are_remembered() {
    let mut store = MemoryStore::shared();
    for _ in 0..1_100 {
        store.reserve(&[at_once("a", 0.0)], START).unwrap();
    }
    store.settle("", 0, 0.0, START + LOST_AFTER);
    let state = serde_json::to_value(store.state()).unwrap();
    let lost = state["lost"].as_array().unwrap();
    assert_eq!(
        (lost.len(), &lost[0][0]),
        (1_000, &serde_json::json!(101.0))
    );
}

#[test]
fn a_budget_for_good_is_remembered_among_many_scopes_that_are_dropped() {
    let mut store = MemoryStore::new();
    let whole = [money(1.0, 1.0, Per::Total)];
    let reservation = store.reserve(&whole, START).unwrap();
    store.settle(&reservation, 1, 1.0, START);
    // Two months later its other windows are empty.
    for user in 0..2_500 {
        let now = START + 60.0 * DAY + f64::from(user);
        let scope = ["user:", &user.to_string()].concat();
        store.reserve(&[at_once(&scope, 0.0)], now).unwrap();
    }
    assert!(store.reserve(&whole, START + 61.0 * DAY).is_err());
}

#[test]
fn a_clock_that_is_set_forward_and_back_forgets_nothing_that_was_spent() {
    let month = part(
        "key",
        Limits {
            requests_per_month: Some(2.0),
            ..Limits::default()
        },
    );
    for (per, jump) in [
        (Per::Hour, 2.0 * HOUR),
        (Per::Day, 2.0 * DAY),
        (Per::Month, 40.0 * DAY),
        (Per::Total, 400.0 * DAY),
    ] {
        for steady in [None, Some(7.0)] {
            let at = |wall: f64| Now { wall, steady };
            let mut store = MemoryStore::shared();
            let parts = |usd| [money(usd, 1.0, per), month.clone()];
            let spend = |store: &mut MemoryStore, usd, wall| {
                let reservation = store.reserve(&parts(usd), at(wall))?;
                store.settle(&reservation, 0, usd, at(wall));
                let mut read = MemoryStore::shared();
                read.restore(&stored(&store.state())).unwrap();
                *store = read;
                Ok::<(), Refusal>(())
            };
            spend(&mut store, 0.75, START).unwrap();
            spend(&mut store, 0.25, START + jump).unwrap();
            let back = START + 2.0 * MINUTE;
            assert_eq!(
                spend(&mut store, 0.5, back).unwrap_err().limit.reason,
                Reason::Budget,
                "{per:?}"
            );
            if per == Per::Month {
                // Both amounts were spent in the current month, and neither in the next one.
                assert_eq!(
                    spend(&mut store, 0.0, back).unwrap_err().limit.reason,
                    Reason::Month
                );
                let mut natural = store.clone();
                let next_month = START + 9.0 * DAY;
                assert!(spend(&mut natural, 1.0, next_month).is_ok());
                // A clock that jumps forward to where it had been was wrong in between.
                assert!(spend(&mut store, 0.75, START + jump).is_ok());
            }
        }
    }
}

#[test]
fn a_state_from_the_future_is_taken_for_the_present() {
    let mut ahead = MemoryStore::shared();
    let parts = [per_minute("key", 1.0), money(0.8, 1.0, Per::Month)];
    let reservation = ahead.reserve(&parts, START + 300.0 * DAY).unwrap();
    ahead.settle(&reservation, 0, 0.8, START + 300.0 * DAY);
    let mut store = MemoryStore::shared();
    store.restore(&stored(&ahead.state())).unwrap();
    let refused = store.reserve(&parts[..1], START).unwrap_err();
    assert_eq!(refused, refusal("key", MINUTE, Reason::Requests));
    assert!(
        store.reserve(&parts[1..], START).is_err(),
        "it was spent all the same"
    );
    assert!(store.reserve(&parts[..1], START + MINUTE).is_ok());
}

#[test]
fn of_the_clocks_of_several_hosts_the_foremost_counts_unless_it_is_ahead_of_the_stores_own() {
    let mut store = MemoryStore::journaled();
    let parts = [per_minute("key", 1.0)];
    store.reserve(&parts, START).unwrap();
    // Another host, whose clock is an hour behind, asks alternately: none of its readings counts as passed time.
    for turn in 0..5 {
        for behind in [HOUR, 0.0] {
            let now = START + f64::from(turn) * 1_000.0 - behind;
            assert!(store.reserve(&parts, now).is_err(), "{turn} {behind}");
        }
    }
    assert!(store.reserve(&parts, START + MINUTE).is_ok());
    // The store's own clock was set a day ahead and back again.
    let ahead = START + DAY;
    store.correct(ahead);
    let reservation = store.reserve(&parts, ahead).unwrap();
    store.block("key", ahead + 30_000.0);
    store.correct(START + 2.0 * MINUTE);
    let now = START + 2.0 * MINUTE;
    let refused = store.reserve(&parts, now).unwrap_err();
    assert_eq!(refused, refusal("key", MINUTE, Reason::Requests));
    assert_eq!(store.next_loss(), Some(now + LOST_AFTER));
    store.settle(&reservation, 0, 0.0, now);
    assert!(store.reserve(&parts, now + MINUTE).is_ok());
}

fn paused(model: &str) -> Part {
    Part {
        pause: Some(["key ", model].concat()),
        ..part("key", Limits::default())
    }
}

#[test]
fn a_pause_refuses_in_its_parts_name_and_nothing_else_with_it() {
    let mut store = MemoryStore::new();
    store.reserve(&[paused("a")], START).unwrap();
    store.block("key a", START + 5_000.0);
    assert_eq!(
        store.reserve(&[paused("a")], START),
        Err(refusal("key", 5_000.0, Reason::Blocked))
    );
    let open = store.reserve(&[paused("b")], START).unwrap();
    store.release(&open);
    // The longer of the two blocks.
    store.block("key", START + 9_000.0);
    assert_eq!(
        store.reserve(&[paused("a")], START + 1_000.0),
        Err(refusal("key", 8_000.0, Reason::Blocked))
    );
    assert!(store.reserve(&[paused("a")], START + 9_000.0).is_ok());
    // A refused request holds nothing, and a pause counts nothing.
    assert_eq!(
        store.usage("key", START + 9_000.0).requests_last_minute,
        2.0
    );
    assert_eq!(
        store.usage("key a", START + 9_000.0).requests_last_minute,
        0.0
    );
}

#[test]
fn pauses_are_bounded_and_none_is_forgotten_for_another() {
    let mut store = MemoryStore::new();
    store.reserve(&[paused("first")], START).unwrap();
    store.block("key first", START + 900_000.0);
    for number in 0..5_000 {
        let scope = ["key org/", &number.to_string()].concat();
        store.block(&scope, START + 900_000.0);
    }
    let scopes = |store: &MemoryStore| {
        let state = serde_json::to_value(store.state()).unwrap();
        state["scopes"].as_array().unwrap().len()
    };
    assert_eq!(scopes(&store), 1_001);
    assert!(store.reserve(&[paused("first")], START).is_err());
    assert!(store.reserve(&[paused("org/4999")], START).is_ok());
    // A key with many pauses can still be blocked as a whole.
    store.block("key", START + 1_000.0);
    assert!(store.reserve(&[paused("org/4999")], START).is_err());
    // When they are over, there is room again.
    let later = START + 900_000.0;
    store.reserve(&[paused("x")], later).unwrap();
    store.block("key x", later + 1_000.0);
    assert!(store.reserve(&[paused("x")], later).is_err());
}
