//! Snapshots of whole expansions, in `tests/expand`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{activities, activity, workflow};

type Expand = fn(TokenStream, TokenStream) -> syn::Result<TokenStream>;

fn expanded(expand: Expand, attr: TokenStream, item: TokenStream) -> String {
    let expansion = expand(attr, item).unwrap_or_else(|error| panic!("{error}"));
    let file = syn::parse2(expansion).expect("the expansion is a list of items");
    prettyplease::unparse(&file)
}

fn assert_expansion(name: &str, expansion: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../tests/expand");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, expansion));
}

#[test]
fn a_function_becomes_an_activity() {
    let attr = quote!(
        start_to_close_timeout = "5m",
        retry(max_attempts = 3, initial_interval = "1s")
    );
    let item = quote! {
        /// Charges a card.
        pub async fn charge_payment(order: OrderId, mut amount: Cents) -> Result<Receipt, PaymentError> {
            amount.round();
            gateway().charge(order, amount).await
        }
    };
    let expansion = expanded(activity::expand, attr, item);
    assert_expansion("activity_function", &expansion);
}

#[test]
fn methods_become_activities() {
    let item = quote! {
        impl Inventory {
            pub fn new() -> Self {
                Self::default()
            }

            #[activity(start_to_close_timeout = "5s")]
            pub async fn reserve(&self, item: String, count: u32) -> Result<u32, ActivityError> {
                self.take(item, count).await
            }

            #[activity(blocking, name = "CountStock")]
            async fn count(self: Arc<Self>, ctx: ActivityContext) -> Result<Vec<Self>, ActivityError> {
                self.count_all(&ctx)
            }

            #[cfg(feature = "audit")]
            #[activity]
            pub async fn audit() -> Result<(), ActivityError> {
                Ok(())
            }
        }
    };
    let expansion = expanded(activities::expand, quote!(), item);
    assert_expansion("activities", &expansion);
}

#[test]
fn a_function_becomes_a_workflow() {
    let item = quote! {
        pub async fn charge_order(ctx: WorkflowContext, order: OrderId) -> WorkflowResult<Receipt> {
            ctx.sleep(Duration::from_hours(24)).await?;
            ctx.activity(charge_payment, order).await
        }
    };
    let expansion = expanded(workflow::expand, quote!(), item);
    assert_expansion("workflow_function", &expansion);
}

#[test]
fn an_impl_block_with_every_kind_of_method_becomes_a_workflow() {
    let item = quote! {
        impl Order {
            #[init]
            fn new(id: OrderId) -> Self {
                Self { id }
            }

            #[run]
            pub async fn run(ctx: WorkflowContext<Self>, id: OrderId) -> WorkflowResult<Receipt> {
                ctx.wait_until(|order| order.approved).await?;
                Ok(Receipt { id })
            }

            #[signal]
            pub fn approve(&mut self, by: String) {
                self.approvals.push(by);
            }

            #[signal(name = "Cancel")]
            pub async fn give_up(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
                Ok(())
            }

            #[query]
            pub fn status(&self) -> Status {
                self.status
            }

            #[update]
            pub fn add_item(&mut self, item: String, count: u32) -> Result<usize, WorkflowError> {
                Ok(self.add(item, count))
            }

            #[validate(add_item)]
            fn check_item(&self, item: String, count: u32) -> Result<(), WorkflowError> {
                Ok(())
            }

            #[cfg(feature = "stock")]
            #[update(name = "CheckStock")]
            pub async fn check_stock(
                ctx: WorkflowContext<Self>,
                item: String,
            ) -> Result<u32, WorkflowError> {
                Ok(0)
            }

            fn add(&mut self, item: String, count: u32) -> usize {
                self.items.insert(item, count)
            }
        }
    };
    let expansion = expanded(workflow::expand, quote!(name = "OrderProcessing"), item);
    assert_expansion("workflow_impl", &expansion);
}

#[test]
fn another_path_of_the_crate_replaces_every_path() {
    let attr = || quote!(crate = "crate::sdk");
    let task = expanded(
        activity::expand,
        quote!(crate = "crate::sdk", heartbeat_timeout = "1500ms"),
        quote!(
            async fn task(ctx: ActivityContext) -> R {
                work()
            }
        ),
    );
    let tasks = expanded(
        activities::expand,
        attr(),
        quote! {
            impl Tasks {
                #[activity]
                async fn task(&self) -> R {
                    work()
                }
            }
        },
    );
    let flow = expanded(
        workflow::expand,
        attr(),
        quote!(
            async fn flow(ctx: WorkflowContext) -> R {
                work()
            }
        ),
    );
    let stateful = expanded(
        workflow::expand,
        attr(),
        quote! {
            impl Flow {
                #[run]
                async fn run(ctx: WorkflowContext<Self>) -> R {
                    work()
                }

                #[update]
                async fn change(ctx: WorkflowContext<Self>) {}
            }
        },
    );
    let expansion = [task, tasks, flow, stateful].join("\n");
    assert!(!expansion.contains("outlast"), "{expansion}");
    assert_expansion("crate_path", &expansion);
}
