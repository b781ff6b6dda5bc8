//! The activities: what an order does to the world.

mod gateway;
mod inventory;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use outlast::prelude::*;

use self::gateway::Gateway;
use self::inventory::Inventory;
use super::{Cents, Item};

/// A shop with a stock, a payment gateway, a mailer and a warehouse, all in memory.
///
/// An activity runs at least once, and may still be running when it has timed out or was canceled.
/// So all that happens here happens for an order, and once: what is done is not done again, and
/// what is undone is not done any more.
#[derive(Debug, Default)]
pub struct Shop {
    inventory: Mutex<Inventory>,
    gateway: Mutex<Gateway>,
    mails: Mutex<BTreeSet<(String, String)>>,
}

#[activities]
impl Shop {
    /// Reserves all items of an order, or none. `false` means that something is out of stock.
    #[activity(start_to_close_timeout = "5s")]
    pub async fn reserve_inventory(
        &self,
        order: String,
        items: Vec<Item>,
    ) -> Result<bool, ActivityError> {
        lock(&self.inventory).reserve(order, items)
    }

    /// Puts back what an order took. Tried until it succeeds.
    #[activity(start_to_close_timeout = "5s")]
    pub async fn release_inventory(&self, order: String) -> Result<(), ActivityError> {
        lock(&self.inventory).release(order);
        Ok(())
    }

    /// Charges a card. A declined card is final; a gateway that is down is tried again.
    #[activity(
        start_to_close_timeout = "2s",
        retry(initial_interval = "1s", backoff_coefficient = 2.0, max_attempts = 3)
    )]
    pub async fn charge_payment(
        &self,
        order: String,
        card: String,
        amount: Cents,
    ) -> Result<(), ActivityError> {
        lock(&self.gateway).charge(order, &card, amount)
    }

    /// Gives back what was charged for an order. Tried until it succeeds.
    #[activity(start_to_close_timeout = "30s")]
    pub async fn refund_payment(&self, order: String) -> Result<(), ActivityError> {
        lock(&self.gateway).refund(order);
        Ok(())
    }

    /// Writes to a customer.
    #[activity(start_to_close_timeout = "10s")]
    pub async fn send_email(&self, to: String, text: String) -> Result<(), ActivityError> {
        lock(&self.mails).insert((to, text));
        Ok(())
    }

    /// Has an order shipped.
    #[activity(start_to_close_timeout = "10s")]
    pub async fn notify_warehouse(&self, order: String) -> Result<(), ActivityError> {
        lock(&self.inventory).ship(&order)
    }
}

impl Shop {
    /// A shop that has pens and ink.
    #[must_use]
    pub fn stocked() -> Self {
        Self {
            inventory: Mutex::new(Inventory::of(&[("fountain-pen", 20), ("ink", 50)])),
            ..Self::default()
        }
    }

    /// How many pieces of an article are left.
    #[must_use]
    pub fn left(&self, sku: &str) -> u32 {
        lock(&self.inventory).left(sku)
    }

    /// How much was charged and not given back.
    #[must_use]
    pub fn taken(&self) -> Cents {
        lock(&self.gateway).balance()
    }

    /// The mails to a customer.
    #[must_use]
    pub fn mails_to(&self, customer: &str) -> Vec<String> {
        let mails = lock(&self.mails);
        let mails = mails.iter().filter(|(to, _)| to == customer);
        mails.map(|(_, text)| text.clone()).collect()
    }
}

/// Why what comes too late for an order is refused.
fn given_up(order: &str) -> ActivityError {
    let message = format!("{order} was given up, or never began");
    ActivityError::application("OrderGivenUp", message).non_retryable()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
