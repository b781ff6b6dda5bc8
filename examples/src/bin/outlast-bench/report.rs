//! The line that a benchmark prints.

use std::time::Duration;

use serde_json::{Value, json};

use super::flags::Flags;
use super::meter::{Spent, status_kib};

/// What `sdk` says in each line.
const SDK: &str = concat!("outlast ", env!("CARGO_PKG_VERSION"));

/// Prints the line: what all benchmarks tell, and what this one adds.
pub(crate) fn report(flags: &Flags, bench: &str, spent: &Spent, extra: Value) {
    let mut line = json!({
        "bench": bench,
        "sdk": SDK,
        "wall_s": round(spent.wall.as_secs_f64(), 4),
        "cpu_s": round(spent.cpu.as_secs_f64(), 4),
        "peak_rss_mib": mib(status_kib("self", "VmHWM")),
    });
    if let Some(note) = flags.get("note") {
        line["note"] = json!(note);
    }
    if let (Value::Object(line), Value::Object(extra)) = (&mut line, extra) {
        line.extend(extra);
    }
    println!("{line}");
}

/// Percentiles of durations, in milliseconds.
pub(crate) fn latency(mut durations: Vec<Duration>) -> Value {
    if durations.is_empty() {
        return Value::Null;
    }
    durations.sort_unstable();
    let last = durations.len() - 1;
    let at = |percent: usize| round(durations[last * percent / 100].as_secs_f64() * 1e3, 3);
    json!({ "p50_ms": at(50), "p90_ms": at(90), "p99_ms": at(99), "max_ms": at(100) })
}

pub(crate) fn round(number: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (number * scale).round() / scale
}

pub(crate) fn mib(kib: u64) -> f64 {
    round(kib as f64 / 1024.0, 2)
}

/// CPU seconds for a thousand of the given number of things.
pub(crate) fn cpu_per_1000(spent: &Spent, count: usize) -> f64 {
    round(spent.cpu.as_secs_f64() * 1e3 / count as f64, 4)
}

/// How many of the given number of things came in a second.
pub(crate) fn per_second(spent: &Spent, count: usize) -> f64 {
    round(count as f64 / spent.wall.as_secs_f64(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let durations = (1..=101).rev().map(Duration::from_millis).collect();
        let expected = json!({
            "p50_ms": 51.0, "p90_ms": 91.0, "p99_ms": 100.0, "max_ms": 101.0
        });
        assert_eq!(latency(durations), expected);
        assert_eq!(latency(Vec::new()), Value::Null);
    }
}
