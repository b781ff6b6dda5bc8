//! A Temporal server with a port, for workers of any language.
//!
//! ```text
//! outlast-server PORT [--enable-time-skipping] [--ip ADDRESS] [--search-attribute NAME=TYPE]...
//! ```
//!
//! The arguments are those of Temporal's own test server, so that it can be dropped in.

#![allow(
    clippy::disallowed_macros,
    reason = "the program waits as its runtime does"
)]

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use outlast_proto::temporal::api::enums::v1::IndexedValueType;
use outlast_testing::{SearchAttributes, Server, ServerOptions, TimeMode};

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            complain(&format!("{message}\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            complain(&message);
            ExitCode::FAILURE
        }
    }
}

#[allow(
    clippy::print_stderr,
    reason = "this is where a command line tool complains"
)]
fn complain(message: &str) {
    eprintln!("outlast-server: {message}");
}

fn run(arguments: Arguments) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start a runtime: {error}"))?;
    runtime.block_on(async {
        let address = arguments.address;
        #[allow(
            clippy::disallowed_methods,
            reason = "this server starts at the present"
        )]
        let start_time = std::time::SystemTime::now();
        let server = Server::new(ServerOptions {
            start_time,
            seed: u64::from(std::process::id()),
            time: arguments.time,
            search_attributes: SearchAttributes::Registered(arguments.search_attributes),
            ..ServerOptions::default()
        });
        let bound = server
            .bind(address)
            .map_err(|error| format!("cannot bind {address}: {error}"))?;
        let ending = ending().map_err(|error| format!("cannot wait for signals: {error}"))?;
        bound.serve(ending).await.map_err(|error| error.to_string())
    })
}

/// Done when somebody wants the program to end.
#[cfg(unix)]
fn ending() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn ending() -> io::Result<impl Future<Output = ()>> {
    let interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        let mut interrupt = interrupt;
        interrupt.recv().await;
    })
}

/// What the command line says.
#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    address: SocketAddr,
    time: TimeMode,
    search_attributes: BTreeMap<String, IndexedValueType>,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut port = None;
        let mut ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut time = TimeMode::Flowing;
        let mut search_attributes = BTreeMap::new();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--enable-time-skipping" => time = TimeMode::Skipping,
                "--ip" => {
                    let value = arguments.next().ok_or("--ip needs an address")?;
                    ip = value
                        .parse()
                        .map_err(|_| format!("{value:?} is no IP address"))?;
                }
                "--search-attribute" => {
                    let value = arguments
                        .next()
                        .ok_or("--search-attribute needs NAME=TYPE")?;
                    let (name, value_type) = search_attribute(&value)?;
                    search_attributes.insert(name, value_type);
                }
                number => {
                    let value = number
                        .parse()
                        .map_err(|_| format!("{number:?} is no port or flag"))?;
                    port = Some(value);
                }
            }
        }
        let port = port.ok_or("no port given")?;
        Ok(Self {
            address: SocketAddr::new(ip, port),
            time,
            search_attributes,
        })
    }
}

fn search_attribute(text: &str) -> Result<(String, IndexedValueType), String> {
    let (name, value_type) = text
        .split_once('=')
        .ok_or_else(|| format!("{text:?} is not NAME=TYPE"))?;
    let value_type = match value_type {
        "Text" => IndexedValueType::Text,
        "Keyword" => IndexedValueType::Keyword,
        "Int" => IndexedValueType::Int,
        "Double" => IndexedValueType::Double,
        "Bool" => IndexedValueType::Bool,
        "Datetime" => IndexedValueType::Datetime,
        "KeywordList" => IndexedValueType::KeywordList,
        other => return Err(format!("{other:?} is no type of search attribute")),
    };
    Ok((name.to_owned(), value_type))
}

const USAGE: &str = "usage: outlast-server PORT [--enable-time-skipping] [--ip ADDRESS] [--search-attribute NAME=TYPE]...";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_port_alone_gives_a_flowing_clock_on_localhost() {
        let arguments = parse("7233").unwrap();
        assert_eq!(arguments.address, "127.0.0.1:7233".parse().unwrap());
        assert_eq!(arguments.time, TimeMode::Flowing);
    }

    #[test]
    fn flags_may_come_in_any_order() {
        let arguments =
            parse("--ip 0.0.0.0 --search-attribute Color=Keyword 99 --enable-time-skipping")
                .unwrap();
        assert_eq!(arguments.address, "0.0.0.0:99".parse().unwrap());
        assert_eq!(arguments.time, TimeMode::Skipping);
        assert_eq!(
            arguments.search_attributes["Color"],
            IndexedValueType::Keyword
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "",
            "--ip",
            "12x",
            "1 --search-attribute Color",
            "1 --search-attribute A=B",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
