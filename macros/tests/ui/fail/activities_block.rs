//! Blocks that cannot hold activities.

#![allow(unused)]

use std::sync::Arc;

use outlast::{ActivityError, activities};

struct Inventory;

#[activities]
impl Inventory {
    #[activity]
    async fn exclusive(&mut self) -> Result<(), ActivityError> {
        Ok(())
    }

    #[activity]
    async fn by_value(self) -> Result<(), ActivityError> {
        Ok(())
    }

    #[activity]
    async fn borrowed_arc(self: &Arc<Self>) -> Result<(), ActivityError> {
        Ok(())
    }

    #[activity(crate = "outlast")]
    async fn options_of_the_block(&self) -> Result<(), ActivityError> {
        Ok(())
    }

    #[activity]
    fn not_async(&self) -> Result<(), ActivityError> {
        Ok(())
    }
}

#[activities]
impl Inventory {
    #[activity]
    async fn count(&self) -> Result<(), ActivityError> {
        Ok(())
    }

    #[activity(name = "count")]
    async fn count_again(&self) -> Result<(), ActivityError> {
        Ok(())
    }
}

#[activities]
impl Inventory {
    async fn not_annotated(&self) -> Result<(), ActivityError> {
        Ok(())
    }
}

trait Stock {
    async fn stock(&self) -> Result<(), ActivityError>;
}

#[activities(name = "Stock")]
impl Stock for Inventory {
    #[activity]
    async fn stock(&self) -> Result<(), ActivityError> {
        Ok(())
    }
}

struct Shelf<T>(T);

#[activities]
impl<T> Shelf<T> {
    #[activity]
    async fn count(&self) -> Result<u32, ActivityError> {
        Ok(0)
    }
}

#[activities]
async fn not_a_block() {}

fn main() {}
