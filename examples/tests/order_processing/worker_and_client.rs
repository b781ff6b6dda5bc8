//! The commands `worker`, `start`, `status` and `approve`, each in a process of its own.

use outlast_examples::order_processing::{OrderProcessing, Outcome, Reason, Status};

use crate::program::{Program, Ran};
use crate::scene::status_becomes;

/// A good order, one without a card, and another good one.
fn three_orders(tag: &str) -> String {
    format!(
        r#"[
          {{ "order": {{ "id": "{tag}-1", "customer": "ada@example.com", "card": "4242",
             "total": 5, "items": [{{ "sku": "ink", "count": 1 }}] }} }},
          {{ "order": {{ "id": "{tag}-2", "customer": "bob@example.com",
             "total": 5, "items": [{{ "sku": "ink", "count": 1 }}] }} }},
          {{ "order": {{ "id": "{tag}-3", "customer": "cy@example.com", "card": "4242",
             "total": 5, "items": [{{ "sku": "ink", "count": 1 }}] }} }}
        ]"#
    )
}

#[track_caller]
fn succeeded(ran: &Ran, stdout: &str) {
    assert_eq!((ran.code, &*ran.stdout), (Some(0), stdout), "{ran:?}");
}

#[track_caller]
fn failed(ran: &Ran, stderr: &str) {
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.starts_with(stderr), "{ran:?}");
}

#[tokio::test]
async fn a_worker_processes_what_is_started_and_approved() {
    Program::each("worker", async |program| {
        let Program { address, tag } = program;
        let worker = program.worker().await;
        let greeting = format!("takes orders from `{tag}` at {address} until it is stopped\n");
        assert_eq!(worker.greeting, greeting);

        let file = program.order_file(&three_orders(tag));
        let start = ["start", "--order", file.to_str().unwrap()];
        let ran = program.run(&start).await;
        failed(&ran, "Error: 1 of the orders could not be started\n");
        assert_eq!(
            ran.stdout,
            format!(
                "2 orders, 1 malformed\n  order 2 (`{tag}-2`) is malformed: missing field `card`\n\
                 {tag}-1: started\n{tag}-3: started\n"
            )
        );

        let client = program.client().await;
        let [one, three] = [1, 3].map(|number| format!("{tag}-{number}"));
        let orders = [&one, &three].map(|id| client.workflow(OrderProcessing::run, &**id));
        for order in &orders {
            status_becomes(order, Status::AwaitingReview).await;
        }
        let told = format!("{one}: awaiting the fraud review\n");
        succeeded(&program.run(&["status", &one]).await, &told);
        let approved = program.run(&["approve", &one]).await;
        succeeded(&approved, &format!("{one}: approved\n"));
        let rejected = program.run(&["approve", &three, "--reject"]).await;
        succeeded(&rejected, &format!("{three}: rejected\n"));

        assert_eq!(orders[0].result().await.unwrap(), Outcome::Completed);
        let outcome = orders[1].result().await.unwrap();
        assert_eq!(outcome, Outcome::GivenUp(Reason::Fraud));
        let told = format!("{one}: done\n");
        succeeded(&program.run(&["status", &one]).await, &told);

        let again = program.run(&start).await;
        failed(&again, "Error: 3 of the orders could not be started\n");
        let not_started = format!("{one}: not started: ");
        assert!(again.stdout.contains(&not_started), "{again:?}");
        assert!(worker.stop().await.success());
    })
    .await;
}

#[tokio::test]
async fn an_order_that_nobody_knows_is_an_error() {
    Program::each("unknown", async |program| {
        let id = format!("{}-1", program.tag);
        let status = program.run(&["status", &id]).await;
        failed(&status, &format!("Error: there is no workflow `{id}`\n"));
        let approve = program.run(&["approve", &id]).await;
        failed(
            &approve,
            &format!("Error: there is no open workflow `{id}`\n"),
        );
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error() {
    let program = Program::alone();
    let file = program.order_file(&three_orders("o"));
    let file = file.to_str().unwrap();
    let unreachable = format!("Error: cannot reach the server at `{}`\n", program.address);
    for command in [
        &["worker"][..],
        &["start", "--order", file],
        &["status", "o-1"],
        &["approve", "o-1"],
        &["demo"],
    ] {
        failed(&program.run(command).await, &unreachable);
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_or_no_order_file_is_an_error() {
    let program = Program::alone();
    for command in ["start", "demo"] {
        let ran = program.run(&[command, "--order", "nowhere.json"]).await;
        failed(
            &ran,
            "Error: cannot read the orders in nowhere.json: No such file",
        );
        let file = program.order_file("orders!");
        let ran = program
            .run(&[command, "--order", file.to_str().unwrap()])
            .await;
        failed(
            &ran,
            "Error: the order file is not JSON: expected value at line 1",
        );
    }
}

#[tokio::test]
async fn the_help_tells_what_an_order_file_is() {
    let program = Program::alone();
    for arguments in [&["--help"][..], &["start", "--help"], &["demo", "--help"]] {
        let ran = program.run(arguments).await;
        assert_eq!(ran.code, Some(0));
        assert!(
            ran.stdout.contains("An order file is a JSON array"),
            "{ran:?}"
        );
    }
    let ran = program.run(&["start"]).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--order <FILE>"), "{ran:?}");
}
