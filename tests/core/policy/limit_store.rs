//! Many scopes reserved together, rule by rule; limit_store_oracle.rs compares the store with a naive one.

use crate::storage::{state_of, stored};
use hfetch::policy::budget::{Budget, Per};
use hfetch::policy::clock::Now;
use hfetch::policy::limit_store::{LOST_AFTER, MemoryStore, Part, RENEW_AFTER, Refusal};
use hfetch::policy::rate_limit::{Limits, Reason, Refused};
use hfetch::unit::{Millis, SteadyTime, Usd, WallTime};
use serde_json::json;

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
        usd: Usd(0.0),
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
        usd: Usd(usd),
        budget: Some(Budget { usd: Usd(of), per }),
        ..part("budget", Limits::default())
    }
}

fn refusal(scope: &str, retry_after: f64, reason: Reason) -> Refusal {
    Refusal {
        scope: scope.to_string(),
        limit: Refused::new(
            reason,
            (retry_after > 0.0).then_some(Millis(retry_after)),
            Millis(retry_after),
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
    let first = store.reserve(&parts, WallTime(START)).unwrap();
    store.settle(&first, 0, Usd(0.4), WallTime(START));
    for _ in 0..5 {
        assert_eq!(
            store.reserve(&parts, WallTime(START)),
            Err(refusal("user", MINUTE, Reason::Requests))
        );
    }
    // If a refusal had left anything behind, neither would fit.
    assert!(
        store
            .reserve(
                &[per_minute("key", 2.0), money(0.6, 1.0, Per::Day)],
                WallTime(START)
            )
            .is_ok()
    );
}

#[test]
fn a_scope_that_appears_twice_counts_twice() {
    let mut store = MemoryStore::new();
    let twice = [per_minute("key", 1.0), per_minute("key", 1.0)];
    assert_eq!(
        store.reserve(&twice, WallTime(START)).unwrap_err().scope,
        "key"
    );
    assert_eq!(
        store.usage("key", WallTime(START)).requests_last_minute,
        0.0
    );
    let dear = [money(0.6, 1.0, Per::Day), money(0.6, 1.0, Per::Day)];
    assert_eq!(
        store
            .reserve(&dear, WallTime(START))
            .unwrap_err()
            .limit
            .reason,
        Reason::Budget
    );
    assert!(
        store
            .reserve(&[money(1.0, 1.0, Per::Day)], WallTime(START))
            .is_ok()
    );
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
    let first = store.reserve(&parts, WallTime(START)).unwrap();
    // Nobody knows when a running call ends; the wait lasts at least until the month's end.
    let refused = store.reserve(&parts, WallTime(START)).unwrap_err();
    assert_eq!(
        (refused.scope.as_str(), refused.limit.until_end),
        ("line", true)
    );
    let least = refused.limit.retry_after;
    store.settle(&first, 0, Usd(0.0), WallTime(START));
    let refused = store.reserve(&parts, WallTime(START)).unwrap_err();
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
        store
            .reserve(&with_budget, WallTime(START))
            .unwrap_err()
            .scope,
        "budget"
    );
}

#[test]
fn limits_and_budgets_may_change_between_calls() {
    let mut store = MemoryStore::new();
    assert!(
        store
            .reserve(&[per_minute("key", 1.0)], WallTime(START))
            .is_ok()
    );
    assert!(
        store
            .reserve(&[per_minute("key", 1.0)], WallTime(START))
            .is_err()
    );
    assert!(
        store
            .reserve(&[per_minute("key", 2.0)], WallTime(START))
            .is_ok()
    );
    let reservation = store
        .reserve(&[money(0.5, 1.0, Per::Day)], WallTime(START))
        .unwrap();
    store.settle(&reservation, 0, Usd(0.5), WallTime(START));
    // The amount spent today was also spent in this hour, this month, and in total.
    for per in [Per::Hour, Per::Day, Per::Month, Per::Total] {
        let refused = store
            .reserve(&[money(0.6, 1.0, per)], WallTime(START))
            .unwrap_err();
        assert_eq!(
            (refused.spent_usd, refused.budget_usd),
            (Some(Usd(0.5)), Some(Usd(1.0)))
        );
        assert!(
            store
                .reserve(&[money(0.6, 1.1, per)], WallTime(START))
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
            .reserve(&[money(1.0, 1.0, per)], WallTime(START + offset))
            .unwrap();
        store.settle(&reservation, 0, Usd(1.0), WallTime(START + offset));
        let refused = store
            .reserve(&[money(0.1, 1.0, per)], WallTime(START + offset))
            .unwrap_err();
        assert_eq!(
            (refused.limit.retry_after, refused.limit.reason),
            (Millis(end - offset), Reason::Budget)
        );
        assert!(
            store
                .reserve(&[money(0.1, 1.0, per)], WallTime(START + end - 1.0))
                .is_err()
        );
        assert!(
            store
                .reserve(&[money(1.0, 1.0, per)], WallTime(START + end))
                .is_ok()
        );
    }
    let mut store = MemoryStore::new();
    let reservation = store
        .reserve(&[money(1.0, 1.0, Per::Total)], WallTime(START))
        .unwrap();
    store.settle(&reservation, 0, Usd(1.0), WallTime(START));
    let refused = store
        .reserve(
            &[money(0.1, 1.0, Per::Total)],
            WallTime(START + 4_000.0 * DAY),
        )
        .unwrap_err();
    assert_eq!(refused.limit.retry_after, Millis(f64::INFINITY));
}

#[test]
fn what_is_held_over_midnight_counts_on_both_sides() {
    let mut store = MemoryStore::new();
    let night = START + DAY - 1.0;
    let held = store
        .reserve(&[money(0.8, 1.0, Per::Day)], WallTime(night))
        .unwrap();
    assert!(
        store
            .reserve(&[money(0.3, 1.0, Per::Day)], WallTime(night + 2.0))
            .is_err()
    );
    store.settle(&held, 0, Usd(0.5), WallTime(night + 2.0));
    assert!(
        store
            .reserve(&[money(0.6, 1.0, Per::Day)], WallTime(night + 2.0))
            .is_err()
    );
    assert!(
        store
            .reserve(&[money(0.5, 1.0, Per::Day)], WallTime(night + 2.0))
            .is_ok()
    );
}

#[test]
fn tenths_add_up_to_the_whole_budget_and_not_a_trillionth_more() {
    let mut store = MemoryStore::new();
    for _ in 0..10 {
        let reservation = store
            .reserve(&[money(0.1, 1.0, Per::Total)], WallTime(START))
            .unwrap();
        store.settle(&reservation, 0, Usd(0.1), WallTime(START));
    }
    assert!(
        store
            .reserve(&[money(1e-12, 1.0, Per::Total)], WallTime(START))
            .is_err()
    );
    assert!(
        store
            .reserve(&[money(0.0, 1.0, Per::Total)], WallTime(START))
            .is_ok()
    );
}

#[test]
fn what_is_no_amount_of_money_fits_no_budget() {
    for usd in [f64::NAN, f64::INFINITY, 1e300] {
        let refused = MemoryStore::new()
            .reserve(&[money(usd, 1e6, Per::Day)], WallTime(START))
            .unwrap_err();
        assert_eq!(refused.limit.retry_after, Millis(f64::INFINITY));
        // A budget larger than the largest sum is still a budget.
        let largest = MemoryStore::new().reserve(&[money(usd, 1e9, Per::Day)], WallTime(START));
        assert!(largest.is_err());
    }
    let mut store = MemoryStore::new();
    let half = [money(1e7, 1e9, Per::Day)];
    assert!(store.reserve(&half, WallTime(START)).is_ok());
    assert!(store.reserve(&half, WallTime(START)).is_err());
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
    let reservation = store.reserve(&parts, WallTime(START)).unwrap();
    assert!(store.reserve(&parts, WallTime(START)).is_err());
    store.settle(&reservation, 20, Usd(0.0), WallTime(START));
    for scope in ["key", "user"] {
        assert_eq!(store.usage(scope, WallTime(START)).tokens_last_minute, 20.0);
    }
    let again = store.reserve(&parts, WallTime(START)).unwrap();
    store.release(&again);
    assert_eq!(
        store.usage("user", WallTime(START)).tokens_last_minute,
        20.0
    );
}

#[test]
fn an_end_counts_once() {
    let mut store = MemoryStore::new();
    let reservation = store
        .reserve(
            &[money(0.5, 1.0, Per::Day), per_minute("key", 5.0)],
            WallTime(START),
        )
        .unwrap();
    store.settle(&reservation, 7, Usd(0.5), WallTime(START));
    store.settle(&reservation, 7, Usd(0.5), WallTime(START));
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
        store.settle(nonsense, 1, Usd(1.0), WallTime(START));
        store.release(nonsense);
    }
    assert_eq!(
        store.usage("key", WallTime(START)).requests_last_minute,
        1.0
    );
    assert!(
        store
            .reserve(&[money(0.5, 1.0, Per::Day)], WallTime(START))
            .is_ok()
    );
}

#[test]
fn a_block_is_of_one_scope() {
    let mut store = MemoryStore::new();
    store.block("a", WallTime(START + 5_000.0));
    let both = [per_minute("a", 9.0), per_minute("b", 9.0)];
    assert_eq!(
        store.reserve(&both, WallTime(START)),
        Err(refusal("a", 5_000.0, Reason::Blocked))
    );
    assert!(store.reserve(&both[1..], WallTime(START)).is_ok());
    assert!(store.reserve(&both, WallTime(START + 5_000.0)).is_ok());
}

#[test]
fn a_lost_reservation_counts_as_spent_until_it_ends_after_all() {
    let parts = [at_once("line", 1.0), money(0.8, 1.0, Per::Day)];
    let mut memory = MemoryStore::new();
    memory.reserve(&parts, WallTime(START)).unwrap();
    assert!(
        memory
            .reserve(&parts, WallTime(START + 9.0 * HOUR))
            .is_err()
    );

    let mut shared = MemoryStore::shared();
    let lost = shared.reserve(&parts, WallTime(START)).unwrap();
    assert!(
        shared
            .reserve(&parts, WallTime(START + LOST_AFTER.0 - 1.0))
            .is_err()
    );
    let after = START + LOST_AFTER.0;
    let place = shared.reserve(&parts[..1], WallTime(after)).unwrap();
    shared.release(&place);
    let spent = |shared: &mut MemoryStore| {
        let refused = shared.reserve(&[money(5.0, 1.0, Per::Day)], WallTime(after));
        let refused = refused.unwrap_err();
        assert_eq!(refused.limit.reason, Reason::Budget);
        refused.spent_usd
    };
    assert_eq!(
        spent(&mut shared),
        Some(Usd(0.8)),
        "it may have taken all it held"
    );
    let mut other = MemoryStore::shared();
    other.restore(&stored(&state_of(&shared))).unwrap();
    for store in [&mut shared, &mut other] {
        store.settle(&lost, 0, Usd(0.7), WallTime(after));
        store.settle(&lost, 0, Usd(0.7), WallTime(after));
        assert_eq!(spent(store), Some(Usd(0.7)), "booked once, and as it was");
        store.release(&lost);
        assert_eq!(spent(store), Some(Usd(0.7)));
    }
    let lost = shared
        .reserve(&[money(0.2, 1.0, Per::Day)], WallTime(after))
        .unwrap();
    shared.expire(WallTime(after + LOST_AFTER.0));
    shared.release(&lost);
    assert_eq!(
        spent(&mut shared),
        Some(Usd(0.7)),
        "nothing was sent for it"
    );
}

#[test]
fn what_was_lost_counts_in_the_window_in_which_it_was_given_up() {
    let mut store = MemoryStore::shared();
    let lost = store
        .reserve(&[money(0.8, 1.0, Per::Hour)], WallTime(START))
        .unwrap();
    // Nobody asks for a day, so the hour in which the reservation was lost is over by then.
    store
        .reserve(&[money(0.9, 1.0, Per::Hour)], WallTime(START + DAY))
        .unwrap();
    store.settle(&lost, 0, Usd(0.1), WallTime(START + DAY));
    let refused = store.reserve(&[money(0.1, 1.0, Per::Hour)], WallTime(START + DAY));
    assert_eq!(refused.unwrap_err().spent_usd, Some(Usd(1.0)));
}

#[test]
fn a_reservation_that_is_heard_of_is_not_lost() {
    let parts = [at_once("line", 2.0), money(0.4, 1.0, Per::Day)];
    let mut store = MemoryStore::shared();
    let silent = store.reserve(&parts, WallTime(START)).unwrap();
    let heard = store.reserve(&parts, WallTime(START)).unwrap();
    let mut now = START;
    for _ in 0..20 {
        now += RENEW_AFTER.0;
        store.renew(&heard, WallTime(now));
        // A store that is restored remembers it.
        let mut other = MemoryStore::shared();
        other.restore(&stored(&state_of(&store))).unwrap();
        store = other;
    }
    assert_eq!(store.next_loss(), Some(WallTime(now + LOST_AFTER.0)));
    let next = store.reserve(&parts[..1], WallTime(now)).unwrap();
    assert!(
        store.reserve(&parts[..1], WallTime(now)).is_err(),
        "one place alone is free"
    );
    for over in [&silent, &heard, &next] {
        store.settle(over, 0, Usd(0.1), WallTime(now));
    }
    // A reservation that has ended or is unknown stays so.
    for name in [&silent, &heard, "1-1", ""] {
        store.renew(name, WallTime(now));
    }
    assert_eq!(store.next_loss(), None);
    let refused = store
        .reserve(&[money(1.0, 1.0, Per::Day)], WallTime(now))
        .unwrap_err();
    assert_eq!(refused.spent_usd, Some(Usd(0.2)));
}

#[test]
fn what_an_older_version_took_for_lost_is_booked_when_it_ends() {
    let parts = [money(0.5, 1.0, Per::Total)];
    let mut store = MemoryStore::shared();
    let lost = store.reserve(&parts, WallTime(START)).unwrap();
    let mut state = state_of(&store);
    // An older version wrote such a state: it released lost reservations, and its rows had three members.
    let row: Vec<_> = state["open"][0].as_array().unwrap()[..3].to_vec();
    state["lost"] = json!([row]);
    state["open"] = json!([]);
    state["scopes"][0][2]["held"] = "0".into();
    store.restore(&stored(&state)).unwrap();
    store.settle(&lost, 0, Usd(0.3), WallTime(START));
    let refused = store.reserve(&[money(1.0, 1.0, Per::Total)], WallTime(START));
    assert_eq!(refused.unwrap_err().spent_usd, Some(Usd(0.3)));
}

#[test]
fn a_lost_reservation_of_a_dropped_scope_ends_no_other() {
    let mut store = MemoryStore::shared();
    let parts = [at_once("a", 1.0), money(0.5, 1.0, Per::Hour)];
    let lost = store.reserve(&parts, WallTime(START)).unwrap();
    // A month later neither scope remembers anything, and a thousand others make room.
    let later = START + 40.0 * DAY;
    for user in 0..1_001 {
        let scope = ["user:", &user.to_string()].concat();
        store
            .reserve(&[per_minute(&scope, 1.0)], WallTime(later))
            .unwrap();
    }
    store.reserve(&parts, WallTime(later)).unwrap();
    store.settle(&lost, 0, Usd(0.4), WallTime(later));
    assert_eq!(
        store
            .reserve(&parts[..1], WallTime(later))
            .unwrap_err()
            .limit
            .reason,
        Reason::Concurrent
    );
    assert_eq!(
        store
            .reserve(&parts[1..], WallTime(later))
            .unwrap_err()
            .spent_usd,
        Some(Usd(0.9))
    );
}

#[test]
fn a_reservation_from_before_a_loss_of_state_ends_no_other() {
    let mut before = MemoryStore::shared();
    let old = before
        .reserve(&[at_once("line", 1.0)], WallTime(START))
        .unwrap();
    let mut after = MemoryStore::shared();
    after
        .reserve(&[at_once("line", 1.0)], WallTime(START + 1.0))
        .unwrap();
    after.release(&old);
    assert!(
        after
            .reserve(&[at_once("line", 1.0)], WallTime(START + 1.0))
            .is_err()
    );
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
        let reservation = store.reserve(&parts, WallTime(now)).unwrap();
        store.settle(&reservation, 1, Usd(0.01), WallTime(now));
    }
    let state = state_of(&store);
    let scopes = state["scopes"].as_array().unwrap().len();
    // Requests of this month are remembered, those of the last month aren't.
    assert!(scopes < 3_000, "{scopes}");
}

#[test]
fn a_state_that_makes_no_sense_is_refused_and_changes_nothing() {
    let mut store = MemoryStore::shared();
    store
        .reserve(
            &[at_once("a", 1.0), money(0.5, 1.0, Per::Day)],
            WallTime(START),
        )
        .unwrap();
    let good = state_of(&store);
    type Edit = fn(&mut serde_json::Value);
    let edits: [(&str, Edit); 24] = [
        ("now", |state| state["now"] = "x".into()),
        ("wall", |state| state["wall"] = (-1).into()),
        ("created", |state| state["created"] = 1e300.into()),
        ("scopes", |state| state["scopes"] = 1.into()),
        ("scopes", |state| state["scopes"][0] = 1.into()),
        ("scopes", |state| state["scopes"][0] = json!(["a"])),
        ("scopes", |state| state["scopes"][0][0] = 7.into()),
        ("scopes", |state| state["scopes"][1][0] = "a".into()),
        ("scopes", |state| state["scopes"][0][1] = json!(null)),
        ("scopes.now", |state| {
            state["scopes"][0][1]["now"] = json!(null);
        }),
        ("scopes.settled", |state| {
            state["scopes"][0][1]["settled"] = json!([[1, 2, -3]]);
        }),
        ("scopes.open", |state| {
            state["scopes"][0][1]["open"][0][0] = 2.into();
        }),
        ("scopes.spent", |state| {
            state["scopes"][0][2]["spent"] = json!(["1"]);
        }),
        ("scopes.held", |state| {
            state["scopes"][0][2]["held"] = "-1".into();
        }),
        ("scopes.left", |state| {
            state["scopes"][0][2]["left"] = json!([[0, "1"]]);
        }),
        ("scopes.lasting", |state| {
            state["scopes"][0][2]["lasting"] = 1.into();
        }),
        ("open", |state| state["open"][0][0] = 0.into()),
        ("open", |state| state["open"][0][0] = 0.5.into()),
        // A number that is given out a second time could never be found among the others.
        ("open", |state| state["lastReservation"] = 0.into()),
        ("open", |state| state["open"][0][1] = 1e15.into()),
        ("open", |state| state["open"][0][2][0] = json!(["a", 1, 2])),
        ("open", |state| {
            state["open"][0][2][0] = json!(["a", 1, 1e15, null]);
        }),
        ("lost", |state| state["lost"] = json!(null)),
        ("lost", |state| {
            state.as_object_mut().unwrap().remove("lost");
        }),
    ];
    for (path, edit) in edits {
        let mut state = good.clone();
        edit(&mut state);
        let mut other = MemoryStore::shared();
        let error = other.restore(&stored(&state)).unwrap_err();
        assert_eq!(error.class.name(), "ConfigError");
        let named = error
            .path
            .as_deref()
            .and_then(|of| of.strip_prefix("state."));
        assert_eq!(named, Some(path), "{state}");
        assert_eq!(state_of(&other), state_of(&MemoryStore::shared()));
    }
    let mut other = MemoryStore::shared();
    other.restore(&stored(&good)).unwrap();
    assert_eq!(state_of(&other), good);
}

#[test]
fn of_lost_reservations_only_the_last_thousand_are_remembered() {
    let mut store = MemoryStore::shared();
    for _ in 0..1_100 {
        store
            .reserve(&[at_once("a", 0.0)], WallTime(START))
            .unwrap();
    }
    store.settle("", 0, Usd(0.0), WallTime(START + LOST_AFTER.0));
    let state = state_of(&store);
    let lost = state["lost"].as_array().unwrap();
    assert_eq!((lost.len(), &lost[0][0]), (1_000, &json!(101.0)));
}

#[test]
fn a_budget_for_good_is_remembered_among_many_scopes_that_are_dropped() {
    let mut store = MemoryStore::new();
    let whole = [money(1.0, 1.0, Per::Total)];
    let reservation = store.reserve(&whole, WallTime(START)).unwrap();
    store.settle(&reservation, 1, Usd(1.0), WallTime(START));
    // Two months later its other windows are empty.
    for user in 0..2_500 {
        let now = START + 60.0 * DAY + f64::from(user);
        let scope = ["user:", &user.to_string()].concat();
        store
            .reserve(&[at_once(&scope, 0.0)], WallTime(now))
            .unwrap();
    }
    assert!(store.reserve(&whole, WallTime(START + 61.0 * DAY)).is_err());
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
            let at = |wall: f64| Now {
                wall: WallTime(wall),
                steady: steady.map(SteadyTime),
            };
            let mut store = MemoryStore::shared();
            let parts = |usd| [money(usd, 1.0, per), month.clone()];
            let spend = |store: &mut MemoryStore, usd, wall| {
                let reservation = store.reserve(&parts(usd), at(wall))?;
                store.settle(&reservation, 0, Usd(usd), at(wall));
                let mut read = MemoryStore::shared();
                read.restore(&stored(&state_of(store))).unwrap();
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
    let reservation = ahead
        .reserve(&parts, WallTime(START + 300.0 * DAY))
        .unwrap();
    ahead.settle(&reservation, 0, Usd(0.8), WallTime(START + 300.0 * DAY));
    let mut store = MemoryStore::shared();
    store.restore(&stored(&state_of(&ahead))).unwrap();
    let refused = store.reserve(&parts[..1], WallTime(START)).unwrap_err();
    assert_eq!(refused, refusal("key", MINUTE, Reason::Requests));
    assert!(
        store.reserve(&parts[1..], WallTime(START)).is_err(),
        "it was spent all the same"
    );
    assert!(store.reserve(&parts[..1], WallTime(START + MINUTE)).is_ok());
}

#[test]
fn of_the_clocks_of_several_hosts_the_foremost_counts_unless_it_is_ahead_of_the_stores_own() {
    let mut store = MemoryStore::journaled();
    let parts = [per_minute("key", 1.0)];
    store.reserve(&parts, WallTime(START)).unwrap();
    // Another host, whose clock is an hour behind, asks alternately: none of its readings counts as passed time.
    for turn in 0..5 {
        for behind in [HOUR, 0.0] {
            let now = START + f64::from(turn) * 1_000.0 - behind;
            assert!(
                store.reserve(&parts, WallTime(now)).is_err(),
                "{turn} {behind}"
            );
        }
    }
    assert!(store.reserve(&parts, WallTime(START + MINUTE)).is_ok());
    // The store's own clock was set a day ahead and back again.
    let ahead = START + DAY;
    store.correct(WallTime(ahead));
    let reservation = store.reserve(&parts, WallTime(ahead)).unwrap();
    store.block("key", WallTime(ahead + 30_000.0));
    store.correct(WallTime(START + 2.0 * MINUTE));
    let now = START + 2.0 * MINUTE;
    let refused = store.reserve(&parts, WallTime(now)).unwrap_err();
    assert_eq!(refused, refusal("key", MINUTE, Reason::Requests));
    assert_eq!(store.next_loss(), Some(WallTime(now + LOST_AFTER.0)));
    store.settle(&reservation, 0, Usd(0.0), WallTime(now));
    assert!(store.reserve(&parts, WallTime(now + MINUTE)).is_ok());
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
    store.reserve(&[paused("a")], WallTime(START)).unwrap();
    store.block("key a", WallTime(START + 5_000.0));
    assert_eq!(
        store.reserve(&[paused("a")], WallTime(START)),
        Err(refusal("key", 5_000.0, Reason::Blocked))
    );
    let open = store.reserve(&[paused("b")], WallTime(START)).unwrap();
    store.release(&open);
    // The longer of the two blocks.
    store.block("key", WallTime(START + 9_000.0));
    assert_eq!(
        store.reserve(&[paused("a")], WallTime(START + 1_000.0)),
        Err(refusal("key", 8_000.0, Reason::Blocked))
    );
    assert!(
        store
            .reserve(&[paused("a")], WallTime(START + 9_000.0))
            .is_ok()
    );
    // A refused request holds nothing, and a pause counts nothing.
    assert_eq!(
        store
            .usage("key", WallTime(START + 9_000.0))
            .requests_last_minute,
        2.0
    );
    assert_eq!(
        store
            .usage("key a", WallTime(START + 9_000.0))
            .requests_last_minute,
        0.0
    );
}

#[test]
fn pauses_are_bounded_and_none_is_forgotten_for_another() {
    let mut store = MemoryStore::new();
    store.reserve(&[paused("first")], WallTime(START)).unwrap();
    store.block("key first", WallTime(START + 900_000.0));
    for number in 0..5_000 {
        let scope = ["key org/", &number.to_string()].concat();
        store.block(&scope, WallTime(START + 900_000.0));
    }
    let scopes = |store: &MemoryStore| {
        let state = state_of(store);
        state["scopes"].as_array().unwrap().len()
    };
    assert_eq!(scopes(&store), 1_001);
    assert!(store.reserve(&[paused("first")], WallTime(START)).is_err());
    assert!(
        store
            .reserve(&[paused("org/4999")], WallTime(START))
            .is_ok()
    );
    // A key with many pauses can still be blocked as a whole.
    store.block("key", WallTime(START + 1_000.0));
    assert!(
        store
            .reserve(&[paused("org/4999")], WallTime(START))
            .is_err()
    );
    // When they are over, there is room again.
    let later = START + 900_000.0;
    store.reserve(&[paused("x")], WallTime(later)).unwrap();
    store.block("key x", WallTime(later + 1_000.0));
    assert!(store.reserve(&[paused("x")], WallTime(later)).is_err());
}
