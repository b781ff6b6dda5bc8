//! Workflows with a state and handlers.

use super::*;

#[derive(Debug, Default)]
pub struct Order {
    id: String,
    approvals: Vec<String>,
    items: u32,
}

#[workflow]
impl Order {
    #[init]
    fn new(id: String, _limit: u32) -> Self {
        Self {
            id,
            ..Self::default()
        }
    }

    /// Runs.
    #[run]
    pub async fn run(
        _ctx: WorkflowContext<Self>,
        id: String,
        _limit: u32,
    ) -> WorkflowResult<String> {
        Ok(id)
    }

    #[signal]
    pub fn approve(&mut self, by: String) {
        self.approvals.push(by);
    }

    #[signal(name = "Reject")]
    pub async fn reject(_ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }

    #[query]
    pub fn status(&self) -> usize {
        self.approvals.len()
    }

    #[query(name = "approve")]
    pub fn has_approved(&self, by: String) -> bool {
        self.approvals.contains(&by)
    }

    #[query]
    pub const fn version(&self) -> u32 {
        1
    }

    #[update]
    pub fn add_items(&mut self, count: u32) -> Result<u32, WorkflowError> {
        self.items += count;
        Ok(self.items)
    }

    #[validate(add_items)]
    fn check_items(&self, count: u32) -> Result<(), std::io::Error> {
        if self.items + count > 10 {
            return Err(std::io::Error::other("too many"));
        }
        Ok(())
    }

    #[update(name = "Stock")]
    pub async fn check_stock(
        _ctx: WorkflowContext<Self>,
        item: String,
        count: u32,
    ) -> Result<bool, WorkflowError> {
        Ok(item.len() > count as usize)
    }

    #[cfg(any())]
    #[update(name = "Stock")]
    pub fn conditional(&mut self) -> DoesNotExist {
        DoesNotExist
    }

    fn helper(&self) -> &str {
        &self.id
    }
}

#[derive(Default)]
struct Plain;

#[workflow(name = "PlainWorkflow")]
impl Plain {
    #[run]
    async fn run(_: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Prepared;

#[workflow]
impl Prepared {
    #[init]
    fn prepare() -> Self {
        Self
    }

    #[run]
    async fn main(_: WorkflowContext<Self>, _seed: u64) -> WorkflowResult<()> {
        Ok(())
    }

    #[cfg(any())]
    #[signal]
    fn conditional(&mut self, _: DoesNotExist) {}
}

#[test]
fn handlers_are_plain_methods() {
    let mut order = Order::new("o-1".to_owned(), 0);
    order.approve("alice".to_owned());
    assert_eq!(order.status(), 1);
    assert!(order.has_approved("alice".to_owned()));
    assert_eq!(order.add_items(3).unwrap(), 3);
    assert!(order.check_items(8).is_err());
    assert_eq!((order.helper(), order.version()), ("o-1", 1));
}

#[test]
fn the_type_is_the_key_of_its_run_method() {
    assert_eq!(workflow_name(Order::run), "Order");
    assert_eq!(workflow_name(Plain::run), "PlainWorkflow");
    assert_eq!(workflow_name(Prepared::main), "Prepared");
}

#[test]
fn handlers_are_listed_with_their_names() {
    let listed = handlers_of::<Order>();
    for name in ["approve", "Reject", "status", "add_items", "Stock"] {
        assert!(
            listed.contains(&format!("\"{name}\"")),
            "{name} in {listed}"
        );
    }
    assert_eq!(listed.matches("\"Stock\"").count(), 1, "{listed}");
    assert_eq!(handlers_of::<Prepared>(), "HandlerNames([])");
}

#[test]
fn handlers_have_the_shape_of_their_kind() {
    fn signal<A: Args, M>(_: impl SignalFn<Order, M, Args = A>) {}
    fn query<A: Args, M>(_: impl QueryFn<Order, M, Args = A>) {}
    fn update<A: Args, M>(_: impl UpdateFn<Order, M, Args = A>) {}
    signal::<(String,), _>(Order::approve);
    signal::<(), _>(Order::reject);
    query::<(), _>(Order::status);
    query::<(String,), _>(Order::has_approved);
    update::<(u32,), _>(Order::add_items);
    update::<(String, u32), _>(Order::check_stock);
}

#[test]
fn the_state_is_made_from_the_arguments_of_run() {
    let input = ("o-1".to_owned(), 7u32).encode().unwrap();
    assert_eq!(<Order as WorkflowImpl>::init(&input).unwrap().id, "o-1");
    assert!(<Order as WorkflowImpl>::init(&[]).is_err());
    assert!(<Plain as WorkflowImpl>::init(&[]).is_ok());
    assert!(<Prepared as WorkflowImpl>::init(&[]).is_ok());
}

#[test]
fn the_engine_knows_every_handler() {
    let program = workflow::program::<Order>();
    let handlers = program.handlers();
    assert_eq!(handlers.signals, ["Reject", "approve"]);
    assert_eq!(handlers.queries, ["approve", "status", "version"]);
    assert_eq!(handlers.updates, ["Stock", "add_items"]);
}
