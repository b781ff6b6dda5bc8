//! From nothing to the first result: of a worker's process, and of servers.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use outlast::Client;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::Res;
use super::flags::Flags;
use super::meter::{Spent, status_kib};
use super::report::{report, round};
use super::scene::with_worker;
use super::workflows::Hello;

/// Starts this program again and takes the time to its first result.
pub(crate) fn process(flags: &Flags) -> Res<()> {
    let began = Instant::now();
    let mut child = Command::new(std::env::current_exe()?)
        .arg("startup-child")
        .args(["--address", flags.text("address", "127.0.0.1:7243")])
        .args(["--namespace", flags.text("namespace", "default")])
        .args(["--gzip", flags.text("gzip", "off")])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("the child has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let wall = began.elapsed();
    child.wait()?;
    if line.trim() != "done" {
        return Err(format!("the child said {line:?}").into());
    }
    let extra = json!({ "to_first_result_ms": milliseconds(wall) });
    report(flags, "startup", &only_wall(wall), extra);
    Ok(())
}

/// What that program does: one workflow, and `done`.
pub(crate) async fn child(flags: &Flags) -> Res<()> {
    with_worker(flags, |scene| async move {
        let workflow = scene.start(Hello::run, 1, scene.tag.clone()).await?;
        workflow.result().await?;
        println!("done");
        Ok(())
    })
    .await
}

/// Starts a server and takes the time to its first answer.
pub(crate) async fn server(flags: &Flags) -> Res<()> {
    let kind = flags.text("kind", "test-server");
    let port = flags.number("port", 7399)?.to_string();
    let address = format!("127.0.0.1:{port}");
    let mut command = server_command(kind, flags.needed("bin-dir")?, &port)?;
    let began = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let answered = first_answer(&address, began).await;
    if answered.is_ok() {
        sleep(Duration::from_secs(1)).await;
    }
    let memory = status_kib(&child.id().to_string(), "VmRSS");
    child.kill()?;
    child.wait()?;
    let wall = answered?;
    let extra = json!({
        "server": kind,
        "to_first_answer_ms": milliseconds(wall),
        "server_rss_mib": round(memory as f64 / 1024.0, 1),
    });
    report(flags, "startup-server", &only_wall(wall), extra);
    Ok(())
}

fn server_command(kind: &str, folder: &str, port: &str) -> Res<Command> {
    let (program, arguments): (_, &[&str]) = match kind {
        "dev-server" => (
            "temporal",
            &[
                "server",
                "start-dev",
                "--headless",
                "--ip",
                "127.0.0.1",
                "--log-level",
                "error",
                "--port",
            ],
        ),
        "outlast-server" => ("outlast-server", &[]),
        "test-server" => ("temporal-test-server", &[]),
        other => return Err(format!("there is no kind of server `{other}`").into()),
    };
    let mut command = Command::new(format!("{folder}/{program}"));
    command.args(arguments).arg(port);
    Ok(command)
}

/// Asks until there is an answer to the client's first question, and tells how long it took.
async fn first_answer(address: &str, began: Instant) -> Res<Duration> {
    while began.elapsed() < Duration::from_mins(2) {
        if TcpStream::connect(address).await.is_ok() && Client::connect(address).await.is_ok() {
            return Ok(began.elapsed());
        }
        sleep(Duration::from_millis(2)).await;
    }
    Err("the server never answered".into())
}

fn only_wall(wall: Duration) -> Spent {
    Spent {
        wall,
        cpu: Duration::ZERO,
    }
}

fn milliseconds(duration: Duration) -> f64 {
    round(duration.as_secs_f64() * 1e3, 1)
}
