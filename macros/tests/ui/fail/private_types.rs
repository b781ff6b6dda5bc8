//! A public activity with a private argument: other modules could call it, but not name what it
//! takes.

#![allow(unused)]

use outlast::{ActivityError, activity};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Item;

#[activity]
pub async fn reserve(item: Item) -> Result<Option<Item>, ActivityError> {
    Ok(Some(item))
}

fn main() {}
