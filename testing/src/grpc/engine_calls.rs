//! A table of calls: most methods of a service are one call to the engine.

/// Implements a service by a table of its methods, with their messages from the module `api`.
///
/// A method of `owned` or `borrowed` makes the engine's call of the same name, with the request or
/// with a reference to it. What is `by_hand` is written out.
macro_rules! engine_calls {
    (
        impl $service:ident for $server:ident;
        owned { $($owned:ident($owned_request:ident) -> $owned_response:ident;)* }
        borrowed { $($read:ident($read_request:ident) -> $read_response:ident;)* }
        by_hand { $($by_hand:tt)* }
    ) => {
        #[tonic::async_trait]
        impl $service for $server {
            $(
                async fn $owned(
                    &self,
                    request: tonic::Request<api::$owned_request>,
                ) -> Result<tonic::Response<api::$owned_response>, tonic::Status> {
                    let request = request.into_inner();
                    let result = self.shared.call(|engine| engine.$owned(request));
                    result.map(tonic::Response::new).map_err(status)
                }
            )*
            $(
                async fn $read(
                    &self,
                    request: tonic::Request<api::$read_request>,
                ) -> Result<tonic::Response<api::$read_response>, tonic::Status> {
                    let request = request.into_inner();
                    let result = self.shared.call(|engine| engine.$read(&request));
                    result.map(tonic::Response::new).map_err(status)
                }
            )*
            $($by_hand)*
        }
    };
}

pub(super) use engine_calls;
