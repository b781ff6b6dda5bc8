//! The real server that tests run on, too, if there is one.

use std::fs::OpenOptions;
use std::io::Write;

/// Where the real server listens, if there is one.
pub(crate) fn address() -> Option<String> {
    std::env::var("OUTLAST_TEST_ADDRESS").ok()
}

/// Notes that a test has passed on the real server, in the file that `OUTLAST_TEST_REPORT` names.
pub(crate) fn report(name: &str) {
    let Ok(path) = std::env::var("OUTLAST_TEST_REPORT") else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    // One write, so that the lines of several tests do not mix.
    let written = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
    written.expect("the report can be written");
}
