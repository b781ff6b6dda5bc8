//! The activities: what an order does to the world.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use outlast::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Cents, Item};

/// A shop with a stock, a payment gateway, a mailer and a warehouse, all in memory.
///
/// Each activity is safe to repeat, because an activity runs at least once: what it did for an
/// order, it does not do again.
#[derive(Debug, Default)]
pub struct Shop {
    stock: Mutex<BTreeMap<String, u32>>,
    /// What is reserved, by order.
    reserved: Mutex<BTreeMap<String, Vec<Item>>>,
    /// What was charged and not given back, by payment.
    payments: Mutex<BTreeMap<String, Cents>>,
    mails: Mutex<Vec<(String, String)>>,
}

/// A payment that went through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Its number, the same however often the charge is tried.
    pub id: String,
    /// How much was charged.
    pub amount: Cents,
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
        let mut reserved = lock(&self.reserved);
        if reserved.contains_key(&order) {
            return Ok(true);
        }
        let mut stock = lock(&self.stock);
        let has = |item: &Item| stock.get(&item.sku).is_some_and(|left| *left >= item.count);
        if !items.iter().all(has) {
            return Ok(false);
        }
        for item in &items {
            if let Some(left) = stock.get_mut(&item.sku) {
                *left -= item.count;
            }
        }
        reserved.insert(order, items);
        Ok(true)
    }

    /// Puts back what was reserved for an order.
    #[activity(start_to_close_timeout = "5s")]
    pub async fn release_inventory(&self, order: String) -> Result<(), ActivityError> {
        let items = lock(&self.reserved).remove(&order).unwrap_or_default();
        let mut stock = lock(&self.stock);
        for item in items {
            *stock.entry(item.sku).or_default() += item.count;
        }
        Ok(())
    }

    /// Charges a card. A declined card is final; a gateway that is down is tried again.
    #[activity(
        start_to_close_timeout = "30s",
        retry(initial_interval = "1s", backoff_coefficient = 2.0, max_attempts = 5)
    )]
    pub async fn charge_payment(
        &self,
        ctx: ActivityContext,
        card: String,
        amount: Cents,
    ) -> Result<Payment, ActivityError> {
        if card == "declined" {
            let message = format!("the card does not cover {amount}");
            return Err(ActivityError::application("CardDeclined", message).non_retryable());
        }
        let id = ctx.idempotency_key();
        lock(&self.payments).insert(id.clone(), amount);
        Ok(Payment { id, amount })
    }

    /// Gives back what was charged.
    #[activity(start_to_close_timeout = "30s")]
    pub async fn refund_payment(&self, payment: Payment) -> Result<(), ActivityError> {
        lock(&self.payments).remove(&payment.id);
        Ok(())
    }

    /// Writes to a customer.
    #[activity(start_to_close_timeout = "10s")]
    pub async fn send_email(&self, to: String, text: String) -> Result<(), ActivityError> {
        lock(&self.mails).push((to, text));
        Ok(())
    }

    /// Has an order shipped.
    #[activity(start_to_close_timeout = "10s")]
    pub async fn notify_warehouse(&self, order: String) -> Result<(), ActivityError> {
        lock(&self.reserved).remove(&order);
        Ok(())
    }
}

impl Shop {
    /// A shop that has pens and ink.
    #[must_use]
    pub fn stocked() -> Self {
        let stock = [("fountain-pen", 20), ("ink", 50)];
        let stock = stock
            .into_iter()
            .map(|(sku, count)| (sku.to_owned(), count))
            .collect();
        Self {
            stock: Mutex::new(stock),
            ..Self::default()
        }
    }

    /// How many pieces of an article are left.
    #[must_use]
    pub fn left(&self, sku: &str) -> u32 {
        lock(&self.stock).get(sku).copied().unwrap_or(0)
    }

    /// How much was charged and not given back.
    #[must_use]
    pub fn taken(&self) -> Cents {
        Cents(lock(&self.payments).values().map(|amount| amount.0).sum())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(sku: &str, count: u32) -> Vec<Item> {
        vec![Item {
            sku: sku.to_owned(),
            count,
        }]
    }

    #[tokio::test]
    async fn a_reservation_happens_once_and_can_be_undone() {
        let shop = Shop::stocked();
        for _ in 0..2 {
            assert!(
                shop.reserve_inventory("o".to_owned(), items("ink", 5))
                    .await
                    .unwrap()
            );
        }
        assert_eq!(shop.left("ink"), 45);
        for _ in 0..2 {
            shop.release_inventory("o".to_owned()).await.unwrap();
        }
        assert_eq!(shop.left("ink"), 50);
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_reserved() {
        let shop = Shop::stocked();
        assert!(
            !shop
                .reserve_inventory("o".to_owned(), items("unicorn", 1))
                .await
                .unwrap()
        );
        assert!(
            !shop
                .reserve_inventory("o".to_owned(), items("ink", 51))
                .await
                .unwrap()
        );
        assert_eq!(shop.left("ink"), 50);
    }
}
