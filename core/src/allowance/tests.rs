use super::*;
use crate::config::access::Digest;
use crate::database::DatabaseError;
use crate::testing::database::MemoryDatabase;

const DAY: u64 = 86_400_000;

/// Tokens and money of one budget, and whether a request that may use `ask` gets in beside what is under way.
fn key(limits: Limits, budgets: &[Budget]) -> ClientKey {
    let unrestricted = ClientKey::unrestricted(ClientKeyId::new("ck_a"), "a", Digest::of("a"));
    ClientKey { limits, budgets: budgets.to_vec(), ..unrestricted }
}

fn daily(tokens: u64) -> Budget {
    Budget { period: Period::Day, tokens: Some(tokens), cost_micros: None }
}

fn tokens(tokens: u64) -> Amount {
    Amount { tokens, micros: tokens * 2 }
}

fn asks(most: u64) -> Option<Expected> {
    Some(Expected { prompt: 1, most: tokens(most) })
}

const fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(100 * DAY + millis)
}

#[test]
fn requests_side_by_side_share_what_is_left() {
    let (mut allowances, key) = (Allowances::default(), key(Limits::default(), &[daily(100)]));
    let first = allowances.admit(&key, asks(60), at(0)).unwrap();
    let second = allowances.admit(&key, asks(40), at(0)).unwrap();
    assert_eq!(allowances.admit(&key, asks(1), at(0)).unwrap_err(), Refused::Reserved(Period::Day));
    allowances.settle(&first, true, Some(tokens(30)), at(1));
    let third = allowances.admit(&key, asks(1), at(1)).unwrap();
    assert_eq!(third.reserved, Some(tokens(30)), "what one used the next may use");
    for (admission, used) in [(&second, 40), (&third, 25)] {
        allowances.settle(admission, true, Some(tokens(used)), at(2));
    }
    let last = allowances.admit(&key, asks(1), at(3)).unwrap();
    allowances.settle(&last, true, Some(tokens(5)), at(4));
    let refused = allowances.admit(&key, asks(1), at(5)).unwrap_err();
    assert_eq!(refused, Refused::Spent(Period::Day, Some(at(DAY))));
    assert!(allowances.admit(&key, None, at(5)).is_ok(), "what nobody bills may still be asked");
    assert!(allowances.admit(&key, asks(1), at(DAY)).is_ok(), "the next day is a new one");
}

#[test]
fn every_budget_holds_by_itself() {
    let money = Budget { period: Period::Total, tokens: None, cost_micros: Some(50) };
    let (mut allowances, key) = (Allowances::default(), key(Limits::default(), &[daily(100), money]));
    let first = allowances.admit(&key, asks(20), at(0)).unwrap();
    assert_eq!(allowances.admit(&key, asks(20), at(0)).unwrap_err(), Refused::Reserved(Period::Total));
    allowances.settle(&first, true, Some(tokens(25)), at(1));
    for day in [0, 1, 400] {
        let refused = allowances.admit(&key, asks(1), at(day * DAY + 2)).unwrap_err();
        assert_eq!(refused, Refused::Spent(Period::Total, None));
    }
}

#[test]
fn what_nobody_told_counts_as_expected_if_it_served() {
    let (mut allowances, key) = (Allowances::default(), key(Limits::default(), &[daily(100)]));
    for (served, used, spent) in
        [(false, None, 0), (true, None, 10), (false, Some(tokens(7)), 17), (true, Some(tokens(3)), 20)]
    {
        let admission = allowances.admit(&key, asks(10), at(0)).unwrap();
        allowances.settle(&admission, served, used, at(0));
        assert_eq!(allowances.spending(&key.id).unwrap().of(Period::Day, at(0)), tokens(spent));
    }
}

#[test]
fn limits_refuse_until_there_is_room() {
    let minute = |secs: u64| at(secs * 1000);
    let limits = |requests_per_minute, tokens_per_minute, concurrency| Limits {
        requests_per_minute,
        tokens_per_minute,
        concurrency,
    };
    for (limits, until) in [
        (limits(Some(2), None, None), Some(minute(65))),
        (limits(None, Some(20), None), Some(minute(65))),
        (limits(None, None, Some(2)), None),
    ] {
        let (mut allowances, key) = (Allowances::default(), key(limits, &[]));
        let expected = Some(Expected { prompt: 10, most: tokens(10) });
        let first = allowances.admit(&key, expected, minute(0)).unwrap();
        let _second = allowances.admit(&key, expected, minute(0)).unwrap();
        assert_eq!(allowances.admit(&key, expected, minute(1)).unwrap_err(), Refused::Limit(until));
        allowances.settle(&first, true, Some(tokens(10)), minute(2));
        let free = until.unwrap_or_else(|| minute(2));
        assert!(allowances.admit(&key, expected, free).is_ok(), "{limits:?}");
    }
}

#[test]
fn sixteen_clients_pass_no_budget_by_more_than_one_request() {
    for seed in 1..200_u64 {
        let (mut allowances, mut now, mut draw) = (Allowances::default(), 0, seed);
        let mut below = |most: u64| {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (draw >> 33) % most
        };
        let (size, budget) = (1 + below(50), 1 + below(2_000));
        let key = key(Limits::default(), &[daily(budget)]);
        let mut under_way: Vec<(u64, Admission)> = Vec::new();
        loop {
            now += below(3);
            let refused = if under_way.len() < 16 {
                match allowances.admit(&key, asks(size), at(now)) {
                    Ok(admission) => {
                        under_way.push((now + 1 + below(40), admission));
                        continue;
                    }
                    Err(refused) => Some(refused),
                }
            } else {
                None
            };
            if under_way.is_empty() {
                assert!(matches!(refused, Some(Refused::Spent(..))), "{refused:?}");
                break;
            }
            under_way.sort_by_key(|(end, _)| std::cmp::Reverse(*end));
            let (end, admission) = under_way.pop().unwrap();
            now = now.max(end);
            allowances.settle(&admission, true, Some(tokens(size)), at(now));
        }
        let spent = allowances.spending(&key.id).unwrap().of(Period::Day, at(now)).tokens;
        assert!((budget..budget + size).contains(&spent), "seed {seed}: {spent} of {budget} by {size}");
    }
}

/// Instances that share a database.
#[test]
fn instances_know_what_the_others_used() {
    let database = MemoryDatabase::new();
    let key = key(Limits::default(), &[daily(100)]);
    let (mut one, mut two) = (Allowances::default(), Allowances::default());
    let sync = |allowances: &mut Allowances, now| {
        let (sync, statements) = allowances.begin_sync(std::slice::from_ref(&key.id), now).unwrap();
        allowances.end_sync(sync, database.run(&statements).ok(), now);
    };
    let uses = |allowances: &mut Allowances, amount, now| {
        let admission = allowances.admit(&key, asks(amount), now)?;
        allowances.settle(&admission, true, Some(tokens(amount)), now);
        Ok::<_, Refused>(())
    };
    assert!(one.is_stale(&key.id, at(0)), "nothing was read yet");
    sync(&mut one, at(0));
    assert!(!one.is_stale(&key.id, at(4_999)) && one.is_stale(&key.id, at(5_000)));
    uses(&mut one, 60, at(1)).unwrap();
    sync(&mut one, at(2));
    sync(&mut one, at(3));
    sync(&mut two, at(4));
    assert_eq!(two.spending(&key.id).unwrap().of(Period::Day, at(4)), tokens(60), "added once");
    assert_eq!(two.spending(&key.id).unwrap().last_used(), Some(at(1)));
    uses(&mut two, 40, at(5)).unwrap();
    database.fail(Some(DatabaseError::Busy));
    sync(&mut two, at(6));
    assert_eq!(two.spending(&key.id).unwrap().of(Period::Day, at(6)), tokens(100), "nothing is lost");
    assert!(!two.is_due(at(7)) && !two.is_stale(&key.id, at(7)), "a database that failed is left alone");
    database.fail(None);
    sync(&mut two, at(6_000));
    sync(&mut one, at(6_001));
    assert_eq!(uses(&mut one, 1, at(6_002)), Err(Refused::Spent(Period::Day, Some(at(DAY)))));
    sync(&mut one, at(DAY));
    uses(&mut one, 1, at(DAY)).unwrap();
    sync(&mut one, at(DAY + 1));
    let spending = one.spending(&key.id).unwrap();
    assert_eq!(spending.of(Period::Day, at(DAY)), tokens(1), "the next day is a new one");
    assert_eq!(spending.of(Period::Total, at(DAY)), tokens(101));
    let mut three = Allowances::default();
    sync(&mut three, at(DAY + 2));
    assert_eq!(three.spending(&key.id).unwrap().of(Period::Day, at(DAY)), tokens(1));
}

#[test]
fn what_is_counted_while_the_database_is_asked_is_not_lost() {
    let database = MemoryDatabase::new();
    let (mut allowances, key) = (Allowances::default(), key(Limits::default(), &[]));
    let uses = |allowances: &mut Allowances, amount| {
        let admission = allowances.admit(&key, asks(amount), at(0)).unwrap();
        allowances.settle(&admission, true, Some(tokens(amount)), at(0));
    };
    let total = |allowances: &Allowances| allowances.spending(&key.id).unwrap().of(Period::Total, at(0));
    uses(&mut allowances, 5);
    let (first, statements) = allowances.begin_sync(&[], at(0)).unwrap();
    uses(&mut allowances, 7);
    assert_eq!(total(&allowances), tokens(12));
    let (second, others) = allowances.begin_sync(&[], at(0)).unwrap();
    let answers = database.run(&statements).unwrap();
    allowances.end_sync(second, Some(database.run(&others).unwrap()), at(1));
    allowances.end_sync(first, Some(answers), at(1));
    assert_eq!(total(&allowances), tokens(12), "answers may overtake each other");
    assert!(allowances.begin_sync(&[], at(2)).is_none(), "there is nothing to add");
}

#[test]
fn sixteen_clients_of_four_processes_pass_no_budget_by_more_than_one_request() {
    for seed in 1..40_u64 {
        let (database, mut now, mut draw) = (MemoryDatabase::new(), 0, seed);
        let mut below = |most: u64| {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (draw >> 33) % most
        };
        // Less is used in five seconds than an eighth of the budget.
        let size = 1 + below(50);
        let budget = size * (600 + below(400));
        let key = key(Limits::default(), &[daily(budget)]);
        let mut processes: [Allowances; 4] = std::array::from_fn(|one| Allowances::of(one.to_string()));
        let sync = |process: &mut Allowances, keys: &[ClientKeyId], now| {
            let Some((sync, statements)) = process.begin_sync(keys, now) else { return };
            process.end_sync(sync, database.run(&statements).ok(), now);
        };
        let ids = std::slice::from_ref(&key.id);
        let mut under_way: Vec<(u64, usize, Admission)> = Vec::new();
        let (mut spent, mut refusals) = (0, 0);
        while refusals < 50 {
            now += 20 + below(80);
            let place = usize::try_from(below(4)).unwrap();
            let process = &mut processes[place];
            if under_way.len() < 16 && below(3) > 0 {
                if process.is_stale(&key.id, at(now)) {
                    sync(process, ids, at(now));
                }
                let admitted = process.admit(&key, asks(size), at(now)).and_then(|admission| {
                    if !process.is_tight(&key, &admission, at(now)) {
                        return Ok(admission);
                    }
                    sync(process, ids, at(now));
                    let confirmed = process.confirm(&key, &admission, at(now));
                    confirmed.inspect_err(|_| process.settle(&admission, false, None, at(now)))?;
                    Ok(admission)
                });
                match admitted {
                    Ok(admission) => under_way.push((now + 1 + below(400), place, admission)),
                    Err(_) => refusals += usize::from(under_way.is_empty()),
                }
            }
            under_way.sort_by_key(|(end, ..)| std::cmp::Reverse(*end));
            if let Some((_, place, admission)) = under_way.pop_if(|(end, ..)| *end <= now) {
                processes[place].settle(&admission, true, Some(tokens(size)), at(now));
                spent += size;
            }
            for process in processes.iter_mut().filter(|process| process.is_due(at(now))) {
                sync(process, &[], at(now));
            }
        }
        assert!((budget..budget + size).contains(&spent), "seed {seed}: {spent} of {budget} by {size}");
    }
}
