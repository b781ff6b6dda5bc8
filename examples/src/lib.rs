//! Programs that show how Outlast reads.
//!
//! | program | shows |
//! |---|---|
//! | `order-processing` | a workflow with activities, a signal, a timeout and compensation |
//! | `outlast-bench` | the measurements in `docs/benchmarks.md` |

pub mod order_processing;
