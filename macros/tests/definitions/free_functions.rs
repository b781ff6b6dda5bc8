//! Functions that are activities.

use super::*;

/// Adds.
#[activity]
pub async fn add(a: u32, b: u32) -> Result<u32, ActivityError> {
    Ok(a + b)
}

#[activity(
    name = "Charge",
    start_to_close_timeout = "30s",
    schedule_to_close_timeout = "1h30m",
    schedule_to_start_timeout = "5m",
    heartbeat_timeout = "500ms",
    task_queue = "payments",
    retry(
        max_attempts = 3,
        initial_interval = "1s",
        backoff_coefficient = 2.5,
        max_interval = "1m",
        non_retryable = ["CardDeclined", "UnknownCard"]
    )
)]
pub(crate) async fn charge(mut cents: u64, _: String) -> Result<u64, std::io::Error> {
    cents += 1;
    Ok(cents)
}

#[activity(blocking)]
async fn read_file(_ctx: ActivityContext, path: String) -> Result<String, std::io::Error> {
    std::fs::read_to_string(path)
}

#[allow(clippy::too_many_arguments, reason = "as many as there may be")]
#[activity(schedule_to_close_timeout = "1d")]
async fn r#match(
    _a: u8,
    _b: u8,
    _c: u8,
    _d: u8,
    _e: u8,
    _f: u8,
    _g: u8,
    _h: u8,
    _i: u8,
    _j: u8,
    _k: u8,
    l: u8,
) -> Result<u8, ActivityError> {
    Ok(l)
}

#[activity]
#[cfg(any())]
async fn conditional() -> Result<DoesNotExist, ActivityError> {
    Ok(DoesNotExist)
}

#[activity]
#[deprecated]
async fn old() -> Result<(), ActivityError> {
    Ok(())
}

#[test]
fn are_called_as_they_are_written() {
    assert_eq!(ready(add(1, 2)).unwrap(), 3);
    assert_eq!(ready(charge(41, String::new())).unwrap(), 42);
    assert_eq!(
        ready(r#match(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12)).unwrap(),
        12
    );
}

#[test]
fn have_their_own_name_or_the_given_one() {
    assert_eq!(add::NAME, "add");
    assert_eq!(charge::NAME, "Charge");
    assert_eq!(r#match::NAME, "match");
    assert_eq!(activity_name(read_file), "read_file");
    #[allow(deprecated, reason = "an attribute of the user's that stays")]
    let old = activity_name(old);
    assert_eq!(old, "old");
}

#[test]
fn carry_the_options_of_their_attribute() {
    let retry = RetryPolicy::new()
        .max_attempts(3)
        .initial_interval(Duration::from_secs(1))
        .backoff_coefficient(2.5)
        .max_interval(Duration::from_mins(1))
        .non_retryable_error("CardDeclined")
        .non_retryable_error("UnknownCard");
    let expected = ActivityOptions::new()
        .start_to_close_timeout(Duration::from_secs(30))
        .schedule_to_close_timeout(Duration::from_mins(90))
        .schedule_to_start_timeout(Duration::from_mins(5))
        .heartbeat_timeout(Duration::from_millis(500))
        .task_queue("payments")
        .retry(retry);
    assert_eq!(options(charge), expected);
    assert_eq!(options(add), ActivityOptions::new());
}

#[test]
fn say_whether_a_call_needs_a_timeout() {
    fn is_set<K: Activity<Timeout = TimeoutSet>>() {}
    fn is_missing<K: Activity<Timeout = MissingTimeout>>() {}
    is_set::<charge>();
    is_set::<r#match>();
    is_missing::<add>();
    is_missing::<read_file>();
}

#[test]
fn say_whether_they_block() {
    const { assert!(read_file::BLOCKING && !add::BLOCKING) }
}

#[test]
fn are_called_by_their_key() {
    let called = add::call(Arc::new(()), context(), (1, 2));
    assert_eq!(ready(called).unwrap(), 3);
}

#[test]
fn can_be_defined_inside_a_function() {
    #[activity]
    async fn nested() -> Result<(), ActivityError> {
        Ok(())
    }
    assert_eq!(nested::NAME, "nested");
}
