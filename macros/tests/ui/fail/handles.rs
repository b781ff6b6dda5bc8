//! What is sent to a workflow has to be what its handlers take.

#![allow(unused)]

use outlast::prelude::*;
use outlast::Client;

#[derive(Default)]
struct Order {
    count: u32,
}

#[workflow]
impl Order {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, id: u32) -> WorkflowResult<u32> {
        Ok(id)
    }

    #[signal]
    fn approve(&mut self, by: String) {}

    #[query]
    fn count(&self) -> u32 {
        self.count
    }

    #[update]
    fn add(&mut self, count: u32) -> WorkflowResult<u32> {
        self.count += count;
        Ok(self.count)
    }
}

#[derive(Default)]
struct Invoice;

#[workflow]
impl Invoice {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }

    #[signal]
    fn pay(&mut self) {}
}

async fn plain(id: u32) -> u32 {
    id
}

async fn talk(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    client.start(Order::run, 1).await?;
    client.execute(Order::run, 1).await?;
    client.start(Order::run, "one").task_queue("orders").await?;
    client.start(plain, 1).task_queue("orders").await?;
    let order = client.workflow(Order::run, "order-1");
    order.query(Order::approve, "ada".to_owned()).await?;
    order.signal(Order::add, 1).await?;
    order.update(Order::count, ()).await?;
    order.signal(Invoice::pay, ()).await?;
    order.signal(Order::approve, 7).await?;
    order.update(Order::add, ()).await?;
    Ok(())
}

fn main() {}
