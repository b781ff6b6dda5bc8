//! The payment gateway.

use std::collections::BTreeMap;

use outlast::ActivityError;

use super::given_up;
use crate::order_processing::Cents;

/// A payment gateway. It takes the order as the key under which a charge happens once.
#[derive(Debug, Default)]
pub(super) struct Gateway(BTreeMap<String, Payment>);

#[derive(Debug)]
enum Payment {
    Charged(Cents),
    /// It stays here, so that a charge that comes late is refused.
    Refunded,
}

impl Gateway {
    pub(super) fn charge(
        &mut self,
        order: String,
        card: &str,
        amount: Cents,
    ) -> Result<(), ActivityError> {
        match self.0.get(&order) {
            Some(Payment::Charged(_)) => Ok(()),
            Some(Payment::Refunded) => Err(given_up(&order)),
            None if card == "declined" => {
                let message = format!("the card does not cover {amount}");
                Err(ActivityError::application("CardDeclined", message).non_retryable())
            }
            None => {
                self.0.insert(order, Payment::Charged(amount));
                Ok(())
            }
        }
    }

    pub(super) fn refund(&mut self, order: String) {
        self.0.insert(order, Payment::Refunded);
    }

    /// What was charged and not refunded.
    pub(super) fn balance(&self) -> Cents {
        let amounts = self.0.values().map(|payment| match payment {
            Payment::Charged(amount) => amount.0,
            Payment::Refunded => 0,
        });
        Cents(amounts.sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(gateway: &mut Gateway) -> Result<(), ActivityError> {
        gateway.charge("o-1".to_owned(), "4242", Cents(5))
    }

    #[test]
    fn an_order_is_charged_once_and_refunded_once() {
        let mut gateway = Gateway::default();
        for _ in 0..2 {
            charge(&mut gateway).unwrap();
        }
        assert_eq!(gateway.balance(), Cents(5));
        for _ in 0..2 {
            gateway.refund("o-1".to_owned());
        }
        assert_eq!(gateway.balance(), Cents(0));
    }

    #[test]
    fn a_charge_that_comes_after_its_refund_is_refused() {
        let mut gateway = Gateway::default();
        gateway.refund("o-1".to_owned());
        assert!(charge(&mut gateway).is_err());
        assert_eq!(gateway.balance(), Cents(0));
    }
}
