//! Methods that are activities, with what they share.

use super::*;

#[derive(Debug, Serialize, Deserialize, PartialEq)]
pub struct Inventory {
    stock: u32,
}

#[activities]
impl Inventory {
    const LIMIT: u32 = 10;

    pub fn with(stock: u32) -> Self {
        Self { stock }
    }

    /// Tells how many are left.
    #[activity(start_to_close_timeout = "5s")]
    pub async fn reserve(&self, count: u32) -> Result<u32, ActivityError> {
        Ok(self.stock.min(Self::LIMIT) - count)
    }

    #[outlast::activity(name = "Copy")]
    async fn copy(self: Arc<Self>, _ctx: ActivityContext) -> Result<Self, ActivityError> {
        Ok(Self { ..*self })
    }

    #[activity]
    async fn merge(a: Self, b: Vec<Self>) -> Result<Option<Self>, ActivityError> {
        Ok(Some(Self::with(a.stock + u32::from(!b.is_empty()))))
    }

    #[activity]
    #[cfg(any())]
    async fn conditional(&self) -> Result<DoesNotExist, ActivityError> {
        Ok(DoesNotExist)
    }
}

mod elsewhere {
    pub(super) struct Generic<T>(pub T);
}

#[activities]
impl elsewhere::Generic<String> {
    #[cfg(any())]
    #[activity]
    async fn conditional(&self) -> Result<DoesNotExist, ActivityError> {
        Ok(DoesNotExist)
    }

    #[cfg(not(any()))]
    #[activity]
    async fn length(&self) -> Result<usize, ActivityError> {
        Ok(self.0.len())
    }
}

#[test]
fn are_called_as_they_are_written() {
    let inventory = Arc::new(Inventory::with(3));
    assert_eq!(ready(inventory.reserve(1)).unwrap(), 2);
    let context = context();
    assert_eq!(
        ready(Arc::clone(&inventory).copy(context)).unwrap(),
        *inventory
    );
    let merged = Inventory::merge(Inventory::with(1), vec![Inventory::with(2)]);
    assert_eq!(ready(merged).unwrap(), Some(Inventory::with(2)));
    assert_eq!(
        ready(elsewhere::Generic("four".to_owned()).length()).unwrap(),
        4
    );
}

#[derive(Serialize, Deserialize)]
struct Item(u32);

struct Shelf(u32);

#[activities]
impl Shelf {
    #[allow(clippy::too_many_arguments, reason = "as many as there may be")]
    #[activity]
    async fn longest(
        &self,
        _: ActivityContext,
        _: u8,
        _: u8,
        _: u8,
        _: u8,
        _: u8,
        _: u8,
        _: u8,
        _: u8,
        _: u8,
        _: u8,
        _: u8,
        last: u32,
    ) -> Result<u32, ActivityError> {
        Ok(self.0 + last)
    }

    #[activity]
    pub async fn put(&self, item: Item) -> Result<Item, ActivityError> {
        Ok(Item(self.0 + item.0))
    }
}

#[test]
fn of_private_types_may_be_public() {
    assert_eq!(ready(Shelf(1).put(Item(2))).unwrap().0, 3);
    assert_eq!(activity_name(Shelf::put), "put");
    assert_eq!(activity_name(Shelf::longest), "longest");
}

#[test]
fn have_keys_like_functions() {
    assert_eq!(activity_name(Inventory::reserve), "reserve");
    assert_eq!(activity_name(Inventory::copy), "Copy");
    assert_eq!(activity_name(Inventory::merge), "merge");
    let expected = ActivityOptions::new().start_to_close_timeout(Duration::from_secs(5));
    assert_eq!(options(Inventory::reserve), expected);
}

#[test]
fn are_called_by_their_key_with_the_receiver_of_the_worker() {
    fn call<M, F, K>(_: F, args: K::Args) -> K::Return
    where
        F: ActivityFn<M, Activity = K>,
        K: ActivityImpl<Receiver = Inventory>,
    {
        let inventory = Arc::new(Inventory::with(3));
        ready(K::call(inventory, context(), args))
    }
    assert_eq!(call(Inventory::reserve, (1,)).unwrap(), 2);
    assert_eq!(call(Inventory::copy, ()).unwrap(), Inventory::with(3));
    let merged = call(Inventory::merge, (Inventory::with(3), vec![]));
    assert_eq!(merged.unwrap(), Some(Inventory::with(3)));
}

#[test]
fn are_registered_together() {
    Arc::new(Inventory::with(3)).register(&mut ActivityRegistry::default());
}
