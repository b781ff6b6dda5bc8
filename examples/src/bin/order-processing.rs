//! Orders, from their arrival to their end: see [`outlast_examples::order_processing`].

#[tokio::main]
async fn main() -> Result<(), outlast::Error> {
    outlast_examples::order_processing::cli::run().await
}
