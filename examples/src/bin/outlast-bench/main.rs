//! Measures Outlast. Each command prints one line of JSON; `docs/benchmarks.md` tells more.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it measures time and prints what it measured"
)]

mod cached;
mod flags;
mod live;
mod many;
mod meter;
mod raw_calls;
mod replay;
mod report;
mod scene;
mod startup;
mod test_env;
mod workflows;

use std::process::ExitCode;

use self::flags::Flags;

type Res<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const USAGE: &str = "usage: outlast-bench COMMAND [--key value]...
  hello          --workflows N --concurrency C
  seq            --activities K
  fan            --activities K
  timers         --workflows N --timers K --concurrency C
  signals        --count K --concurrency C
  cached         --workflows N --concurrency C --finish 0|1
  replay         --file history.pb|history.json --iterations I --batch B --detect on
  startup
  startup-child
  startup-server --kind outlast-server|test-server|dev-server --bin-dir DIR --port P
  generate       --kind seq|fan|timers|signals --count K --id WORKFLOW_ID
  export         --id WORKFLOW_ID --out PATH
  test-env       --workflows N --calls C
  test-env       --address HOST:PORT --calls C --timers N
common: --note TEXT --address HOST:PORT --namespace NAME --gzip on|off --slots N --pollers N \
--cache N --eager N --threads N";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("outlast-bench: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Res<()> {
    let (command, rest) = arguments.split_first().ok_or(USAGE)?;
    let flags = Flags::parse(rest)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let threads @ 1.. = flags.number("threads", 0)? {
        runtime.worker_threads(threads);
    }
    let runtime = runtime.enable_all().build()?;
    runtime.block_on(dispatch(command, &flags))
}

async fn dispatch(command: &str, flags: &Flags) -> Res<()> {
    match command {
        "hello" => live::hello(flags).await,
        "seq" => live::activities(flags, live::Shape::Sequence).await,
        "fan" => live::activities(flags, live::Shape::Fan).await,
        "timers" => live::timers(flags).await,
        "signals" => live::signals(flags).await,
        "cached" => cached::cached(flags).await,
        "replay" => replay::replay(flags),
        "startup" => startup::process(flags),
        "startup-child" => startup::child(flags).await,
        "startup-server" => startup::server(flags).await,
        "generate" => live::generate(flags).await,
        "export" => replay::export(flags).await,
        "test-env" => test_env::test_env(flags).await,
        _ => Err(USAGE.into()),
    }
}
