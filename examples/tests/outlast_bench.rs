//! `outlast-bench` says what the comparison program says: one script can drive both.

#![allow(
    clippy::disallowed_macros,
    reason = "programs are waited for as the runtime does"
)]

use std::collections::BTreeSet;
use std::path::Path;

use outlast_testing::{Server, ServerOptions, TimeMode};
use serde_json::Value;
use tokio::process::Command;

/// What every line tells.
const COMMON: [&str; 5] = ["bench", "sdk", "wall_s", "cpu_s", "peak_rss_mib"];

/// Runs a command and gives the line that it prints.
async fn bench(address: &str, arguments: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_outlast-bench"))
        .args(arguments.split_whitespace())
        .args(["--address", address])
        .output()
        .await
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let line = String::from_utf8_lossy(&output.stdout);
        panic!("{arguments}: {error} in {line}")
    })
}

fn keys(line: &Value) -> BTreeSet<&str> {
    line.as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// A server on a port of its own, for as long as `job` takes.
async fn with_server(job: impl AsyncFnOnce(&str)) {
    let options = ServerOptions {
        time: TimeMode::Flowing,
        ..ServerOptions::default()
    };
    let bound = Server::new(options)
        .bind(([127, 0, 0, 1], 0).into())
        .unwrap();
    let address = bound.local_address().unwrap().to_string();
    tokio::select! {
        served = bound.serve(std::future::pending()) => panic!("the server ended: {served:?}"),
        () = job(&address) => {}
    }
}

#[tokio::test]
async fn every_command_on_a_server_prints_the_keys_of_the_comparison_program() {
    let cases: [(&str, &[&str]); 7] = [
        (
            "hello --workflows 3 --concurrency 2 --gzip on --slots 10 --pollers 2 --cache 5",
            &[
                "workflows",
                "concurrency",
                "workflows_per_s",
                "cpu_s_per_1000_workflows",
                "latency",
            ],
        ),
        (
            "seq --activities 3 --eager 0",
            &[
                "activities",
                "ran",
                "activities_per_s",
                "wall_ms_per_activity",
                "cpu_s_per_1000_activities",
                "gap",
            ],
        ),
        (
            "fan --activities 3 --threads 1",
            &[
                "activities",
                "ran",
                "activities_per_s",
                "wall_ms_per_activity",
                "cpu_s_per_1000_activities",
            ],
        ),
        (
            "timers --workflows 2 --timers 2 --concurrency 2",
            &[
                "workflows",
                "timers_each",
                "timers_per_s",
                "cpu_s_per_1000_timers",
                "latency",
            ],
        ),
        (
            "signals --count 5 --concurrency 2",
            &["signals", "signals_per_s", "cpu_s_per_1000_signals"],
        ),
        (
            "cached --workflows 3 --concurrency 2 --finish 1",
            &[
                "workflows",
                "rss_before_mib",
                "rss_after_mib",
                "kib_per_workflow",
                "kib_per_workflow_untrimmed",
                "cpu_s_per_1000_workflows",
            ],
        ),
        ("startup --note quiet", &["to_first_result_ms", "note"]),
    ];
    with_server(async |address| {
        for (arguments, own) in cases {
            let line = bench(address, arguments).await;
            let want: BTreeSet<&str> = COMMON.iter().chain(own).copied().collect();
            assert_eq!(keys(&line), want, "{arguments}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_history_that_was_generated_and_exported_replays_in_both_formats() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outlast-bench");
    std::fs::create_dir_all(&folder).unwrap();
    let out = folder.join("seq-3");
    let out = out.to_str().unwrap();
    with_server(async |address| {
        bench(address, "generate --kind seq --count 3 --id seq-3").await;
        bench(address, &format!("export --id seq-3 --out {out}")).await;
        let own = [
            "events",
            "iterations",
            "batch",
            "events_per_s",
            "best_events_per_s",
            "cpu_s_per_100k_events",
            "file",
            "parse_ms",
            "file_mib",
        ];
        let want: BTreeSet<&str> = COMMON.iter().chain(&own).copied().collect();
        for extension in ["pb", "sdk.json"] {
            let replay = format!("replay --file {out}.{extension} --iterations 2 --batch 2");
            let line = bench(address, &replay).await;
            assert_eq!(keys(&line), want, "{extension}");
            assert_eq!(
                (&line["iterations"], &line["batch"]),
                (&2.into(), &2.into())
            );
        }
    })
    .await;
}
