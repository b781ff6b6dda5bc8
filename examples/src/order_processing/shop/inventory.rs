//! What is in stock, and what orders took from it.

use std::collections::BTreeMap;

use outlast::ActivityError;

use super::given_up;
use crate::order_processing::Item;

/// A stock. An order takes from it once and gives back once, however often it is asked to.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    stock: BTreeMap<String, u32>,
    orders: BTreeMap<String, Taken>,
}

/// What an order took.
#[derive(Debug)]
enum Taken {
    Items(Vec<Item>),
    /// Nothing any more. It stays here, so that a reservation that comes late is refused.
    Released,
}

impl Inventory {
    pub(super) fn of(stock: &[(&str, u32)]) -> Self {
        let stock = stock.iter().map(|(sku, count)| ((*sku).to_owned(), *count));
        Self {
            stock: stock.collect(),
            orders: BTreeMap::new(),
        }
    }

    /// Takes all items or, if something is missing, none.
    pub(super) fn reserve(
        &mut self,
        order: String,
        items: Vec<Item>,
    ) -> Result<bool, ActivityError> {
        match self.orders.get(&order) {
            Some(Taken::Released) => return Err(given_up(&order)),
            Some(Taken::Items(_)) => return Ok(true),
            None => {}
        }
        let mut left = self.stock.clone();
        for Item { sku, count } in &items {
            match left.get_mut(sku).filter(|there| **there >= *count) {
                Some(there) => *there -= count,
                None => return Ok(false),
            }
        }
        self.stock = left;
        self.orders.insert(order, Taken::Items(items));
        Ok(true)
    }

    /// Sends what an order took on its way, from where it can still be called back.
    pub(super) fn ship(&self, order: &str) -> Result<(), ActivityError> {
        match self.orders.get(order) {
            Some(Taken::Items(_)) => Ok(()),
            Some(Taken::Released) | None => Err(given_up(order)),
        }
    }

    /// Puts back what an order took, also from its way.
    pub(super) fn release(&mut self, order: String) {
        match self.orders.insert(order, Taken::Released) {
            Some(Taken::Items(items)) => {
                for Item { sku, count } in items {
                    *self.stock.entry(sku).or_default() += count;
                }
            }
            Some(Taken::Released) | None => {}
        }
    }

    pub(super) fn left(&self, sku: &str) -> u32 {
        self.stock.get(sku).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ink(count: u32) -> Item {
        Item {
            sku: "ink".to_owned(),
            count,
        }
    }

    fn o_1() -> String {
        "o-1".to_owned()
    }

    #[test]
    fn an_order_takes_once_and_gives_back_once() {
        let mut inventory = Inventory::of(&[("ink", 50)]);
        for _ in 0..2 {
            assert!(inventory.reserve(o_1(), vec![ink(5)]).unwrap());
        }
        inventory.ship("o-1").unwrap();
        assert_eq!(inventory.left("ink"), 45);
        for _ in 0..2 {
            inventory.release(o_1());
        }
        assert_eq!(inventory.left("ink"), 50);
    }

    #[test]
    fn what_is_not_there_is_not_taken_nor_is_the_rest() {
        let mut inventory = Inventory::of(&[("ink", 50)]);
        let unicorn = Item {
            sku: "unicorn".to_owned(),
            ..ink(1)
        };
        for items in [vec![ink(1), unicorn], vec![ink(51)], vec![ink(30), ink(30)]] {
            assert!(
                !inventory.reserve(o_1(), items.clone()).unwrap(),
                "{items:?}"
            );
        }
        assert_eq!(inventory.left("ink"), 50);
    }

    #[test]
    fn a_reservation_that_comes_after_its_release_is_refused() {
        let mut inventory = Inventory::of(&[("ink", 50)]);
        inventory.release(o_1());
        assert!(inventory.reserve(o_1(), vec![ink(1)]).is_err());
        assert!(inventory.ship("o-1").is_err());
        assert_eq!(inventory.left("ink"), 50);
    }
}
