//! Two blocks of activities for one type: a worker could not tell which to register.

#![allow(unused)]

use outlast::{ActivityError, activities};

struct Inventory;

#[activities]
impl Inventory {
    #[activity]
    async fn reserve(&self) -> Result<(), ActivityError> {
        Ok(())
    }
}

#[activities]
impl Inventory {
    #[activity]
    async fn release(&self) -> Result<(), ActivityError> {
        Ok(())
    }
}

fn main() {}
