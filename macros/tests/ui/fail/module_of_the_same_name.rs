//! A module and the activity that is taken from it share a name: the module needs another one.

use charge::charge;

mod charge {
    use outlast::{ActivityError, activity};

    #[activity(start_to_close_timeout = "30s")]
    pub async fn charge(cents: u64) -> Result<u64, ActivityError> {
        Ok(cents)
    }
}

fn main() {}
